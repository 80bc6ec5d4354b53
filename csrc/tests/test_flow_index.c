/* From hash to flow. SPDX-License-Identifier: Apache-2.0 */
#include "flow_table/index.h"
#include "tests/support.h"

static emtl_lookup lookup_of(uint32_t number, uint32_t hash)
{
    return (emtl_lookup){.key = {number, 0}, .hash = hash};
}

/* The index against an array that says what is in it. */
static void compare(uint32_t flows_room, uint32_t n, uint32_t rounds, uint32_t (*hash_of)(uint32_t))
{
    emtl_flows flows;
    emtl_index index;
    uint32_t random = 5;
    bool *there = calloc(n + EMTL_FIRST_FLOW, sizeof *there);
    CHECK(there != NULL);
    CHECK_INT(emtl_flows_new(&flows, n), EMTL_OK);
    CHECK_INT(emtl_index_new(&index, flows_room), EMTL_OK);
    for (uint32_t i = EMTL_FIRST_FLOW; i < n + EMTL_FIRST_FLOW; i++)
        flows.flow[i].key.low = i;
    for (uint32_t round = 0; round < rounds; round++) {
        const uint32_t flow = EMTL_FIRST_FLOW + next_random(&random) % n;
        if (there[flow]) {
            emtl_index_remove(&index, hash_of(flow), flow);
        } else {
            CHECK(emtl_index_has_room(&index, hash_of(flow)));
            emtl_index_add(&index, hash_of(flow), flow);
        }
        there[flow] = !there[flow];
        if (round % (n / 10) != 0)
            continue;
        for (uint32_t i = EMTL_FIRST_FLOW; i < n + EMTL_FIRST_FLOW; i++) {
            emtl_lookup lookup = lookup_of(i, hash_of(i));
            lookup.home = emtl_index_home(&index, lookup.hash);
            CHECK_INT(emtl_index_find(&index, &flows, &lookup), there[i] ? i : EMTL_NO_FLOW);
            CHECK(!there[i] || emtl_index_guess(&index, &lookup) != EMTL_NO_FLOW);
        }
    }
    emtl_index_free(&index);
    emtl_flows_free(&flows);
    free(there);
}

/* They crowd at the end of the slots and wrap around. */
static uint32_t crowded(uint32_t flow)
{
    return 500 + flow % 40;
}

/* The same, in two places of a segment that doubles. */
static uint32_t crowded_when_doubled(uint32_t flow)
{
    return (flow % 2 == 0 ? 0x1f0 : 0x3f0) + flow % 16;
}

static uint32_t scattered(uint32_t flow)
{
    return flow * 2654435761u; /* D. Knuth, The Art of Computer Programming, 6.4 */
}

/* Each segment has a limit, and says so; what it holds stays found. */
static void test_a_full_segment(void)
{
    emtl_flows flows;
    emtl_index index;
    uint32_t flow = EMTL_FIRST_FLOW;
    CHECK_INT(emtl_flows_new(&flows, 512), EMTL_OK);
    CHECK_INT(emtl_index_new(&index, 200), EMTL_OK);
    for (; emtl_index_has_room(&index, 7); flow++) {
        flows.flow[flow].key.low = flow;
        emtl_index_add(&index, 7, flow);
    }
    CHECK_INT(flow - EMTL_FIRST_FLOW, 512 / 8 * 7);
    while (flow-- > EMTL_FIRST_FLOW) {
        const emtl_lookup lookup = lookup_of(flow, 7);
        CHECK_INT(emtl_index_find(&index, &flows, &lookup), flow);
        emtl_index_remove(&index, 7, flow);
        CHECK_INT(emtl_index_find(&index, &flows, &lookup), EMTL_NO_FLOW);
    }
    emtl_index_free(&index);
    emtl_flows_free(&flows);
}

int main(void)
{
    compare(300, 300, 3000, crowded);
    compare(1000, 700, 5000, crowded_when_doubled);
    compare(100000, 60000, 200000, scattered); /* several segments, each doubled */
    test_a_full_segment();
    puts("test_flow_index: fine");
    return 0;
}
