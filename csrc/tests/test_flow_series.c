/* PPI series in chunks. SPDX-License-Identifier: Apache-2.0 */
#include "flow_table/series.h"
#include "tests/support.h"

enum { ROOM = 500, PACKETS = 900 };

typedef struct {
    int64_t iat_us;
    uint32_t headers, payload;
    bool reverse;
} packet;

static emtl_series series;
static emtl_flows flows;

static void start(void)
{
    CHECK_INT(emtl_series_new(&series, ROOM), EMTL_OK);
    CHECK_INT(emtl_flows_new(&flows, 2), EMTL_OK);
}

static void stop(void)
{
    emtl_series_free(&series);
    emtl_flows_free(&flows);
}

/* Takes a chunk just when that was to be expected. */
static void append(uint32_t number, const packet *p)
{
    const bool is_wide = emtl_series_is_wide(p->iat_us, p->headers, p->payload);
    const uint32_t left = series.left;
    const uint32_t spare = emtl_series_spare(&series, &flows.flow[number], is_wide);
    emtl_series_append(&series, &flows, number, is_wide, p->iat_us, p->headers, p->payload,
                       p->reverse);
    CHECK_INT(series.left, spare > 0 ? left : left - 1);
}

static packet any_packet(uint32_t *random)
{
    static const int64_t iats[] = {0,         5,         -1,        INT32_MAX,  INT64_C(2147483648),
                                   INT32_MIN, INT64_MIN, INT64_MAX, -2147483649};
    static const uint32_t payloads[] = {
        0, 1480, 65279, 65280, 65281, 65535, 65536, 70000, INT32_MAX - 70000};
    static const uint32_t headers[] = {0, 20, 28, 255, 256, 60000};
    return (packet){iats[next_random(random) % COUNT(iats)],
                    headers[next_random(random) % COUNT(headers)],
                    payloads[next_random(random) % COUNT(payloads)], next_random(random) % 2 != 0};
}

/* What fits and what just does not, in any order: all comes back to the bit. */
static void test_every_value_comes_back(void)
{
    static packet packets[PACKETS];
    static int64_t iat_us[PACKETS];
    static int32_t length[PACKETS], payload[PACKETS];
    static int8_t direction[PACKETS];
    const uint32_t number = EMTL_FIRST_FLOW;
    uint32_t random = 3;
    start();
    for (uint32_t oddness = 1; oddness < 60; oddness += 7) { /* one packet in so many is any */
        for (size_t i = 0; i < PACKETS; i++) {
            packets[i] = (packet){7, 28, 72, next_random(&random) % 2 != 0};
            if (next_random(&random) % oddness == 0)
                packets[i] = any_packet(&random);
            append(number, &packets[i]);
        }
        CHECK(ROOM - series.left <= emtl_series_chunks_most(PACKETS));
        const uint32_t first = flows.flow[number].first_chunk;
        CHECK_INT(emtl_series_copy(&series, first, iat_us, length, payload, direction), PACKETS);
        for (size_t i = 0; i < PACKETS; i++) {
            CHECK(iat_us[i] == packets[i].iat_us);
            CHECK_INT(length[i], packets[i].headers + packets[i].payload);
            CHECK_INT(payload[i], packets[i].payload);
            CHECK_INT(direction[i], packets[i].reverse ? -1 : 1);
        }
        emtl_series_copy(&series, first, iat_us, length, NULL, direction);
        emtl_series_drop(&series, &flows, number);
        CHECK_INT(series.left, ROOM);
    }
    stop();
}

static void test_the_worst_takes_no_more_than_said(void)
{
    const packet narrow = {1, 28, 72, false}, wide = {1, 28, 70000, false};
    start();
    for (uint32_t i = 0; i < PACKETS; i++) {
        append(EMTL_FIRST_FLOW, i % 4 == 0 ? &narrow : &wide);
        CHECK(ROOM - series.left <= emtl_series_chunks_most(i + 1));
    }
    CHECK_INT(ROOM - series.left, PACKETS / 2);
    stop();
}

static void test_chunks_come_back(void)
{
    const packet p = {1, 28, 72, true};
    start();
    for (int round = 0; round < 3; round++) {
        for (uint32_t i = 0; i < 2; i++)
            for (unsigned j = 0; j < 2 * EMTL_NARROW + 1; j++)
                append(EMTL_FIRST_FLOW + i, &p);
        CHECK_INT(series.left, ROOM - 6);
        emtl_series_drop(&series, &flows, EMTL_FIRST_FLOW);
        emtl_series_drop(&series, &flows, EMTL_FIRST_FLOW + 1);
        CHECK_INT(series.left, ROOM);
        CHECK_INT(emtl_series_bytes(&series), 6 * 64);
    }
    stop();
}

int main(void)
{
    test_every_value_comes_back();
    test_the_worst_takes_no_more_than_said();
    test_chunks_come_back();
    puts("test_flow_series: fine");
    return 0;
}
