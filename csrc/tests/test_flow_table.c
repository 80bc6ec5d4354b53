/* When flows start, go on and end; emtl.h has the rules. SPDX-License-Identifier: Apache-2.0 */
#include "flow_table/flow_table.h"
#include "tests/support.h"

#define S INT64_C(1000000)

enum { FIN = 0x01, SYN = 0x02, RST = 0x04, ACK = 0x10 };

static emtl_flow_table *table;
static emtl_ended ended;

static void start(emtl_flow_config config)
{
    CHECK_INT(emtl_flow_table_new(&config, (emtl_hash_key){3, 4}, &table), EMTL_OK);
    CHECK_INT(emtl_ended_new(&ended, config.packets), EMTL_OK);
}

static void start_small(void)
{
    start((emtl_flow_config){
        .max_flows = 4, .idle_timeout_s = 10, .active_timeout_s = 60, .packets = 7});
}

static void stop(void)
{
    emtl_flow_table_free(table);
    emtl_ended_free(&ended);
}

/* A packet of flow `number`; reverse when number is negative. */
static emtl_packet make(int number, int64_t ts_us, uint8_t protocol, uint8_t flags)
{
    emtl_packet p = {.ts_us = ts_us,
                     .length = 100,
                     .version = 4,
                     .protocol = protocol,
                     .tcp_flags = flags,
                     .src = {10, 0, 0, 1},
                     .dst = {10, 0, 0, 2},
                     .src_port = (uint16_t)(1000 + abs(number)),
                     .dst_port = 443};
    if (number < 0) {
        p.src[3] = 2;
        p.dst[3] = 1;
        p.dst_port = p.src_port;
        p.src_port = 443;
    }
    return p;
}

static void add(emtl_packet p)
{
    size_t done;
    CHECK_INT(emtl_flow_table_add(table, &p, 1, &ended, &done), EMTL_OK);
    CHECK_INT(done, 1);
}

static void udp(int number, int64_t ts_us)
{
    add(make(number, ts_us, 17, 0));
}

static void tcp(int number, int64_t ts_us, uint8_t flags)
{
    add(make(number, ts_us, 6, flags));
}

static void check_ended(size_t i, int number, int packets, int64_t start_us, int64_t duration_us,
                        emtl_end_reason reason)
{
    CHECK(i < ended.n);
    const emtl_flow *flow = &ended.flows[i];
    CHECK_INT(number < 0 ? flow->dst_port : flow->src_port, 1000 + abs(number));
    CHECK_INT(flow->src[3], number < 0 ? 2 : 1);
    CHECK_INT(flow->dst[3], number < 0 ? 1 : 2);
    CHECK_INT(flow->packets, packets);
    CHECK_INT(flow->bytes, 100 * packets);
    CHECK_INT(flow->start_us, start_us);
    CHECK_INT(flow->duration_us, duration_us);
    CHECK_INT(flow->end_reason, reason);
}

static void finish(void)
{
    CHECK_INT(emtl_flow_table_finish(table, &ended), EMTL_OK);
}

static void test_series_and_both_directions(void)
{
    start_small();
    udp(-1, 5);
    udp(1, 7);
    udp(1, 6); /* the clock went back */
    for (int i = 0; i < 9; i++)
        udp(-1, 100 + i);
    finish();
    CHECK_INT(ended.n, 1);
    check_ended(0, -1, 12, 5, 103, EMTL_END_FORCED);
    CHECK_INT(ended.offsets[1], 7); /* of 12: as many as the config keeps */
    static const int64_t iat_us[] = {0, 2, -1, 94, 1, 1, 1};
    static const int8_t direction[] = {1, -1, -1, 1, 1, 1, 1};
    for (size_t i = 0; i < 7; i++) {
        CHECK_INT(ended.iat_us[i], iat_us[i]);
        CHECK_INT(ended.direction[i], direction[i]);
        CHECK_INT(ended.length[i], 100);
    }
    CHECK_INT(emtl_flow_table_counts(table)->clock_back, 1);
    CHECK_INT(emtl_flow_table_counts(table)->packets, 12);
    stop();
}

static void test_idle(void)
{
    start_small();
    udp(1, 0);
    udp(1, 10 * S); /* exactly the timeout: goes on */
    udp(1, 20 * S + 1);
    CHECK_INT(ended.n, 1);
    check_ended(0, 1, 2, 0, 10 * S, EMTL_END_IDLE);
    udp(2, 20 * S + 2);
    udp(3, 30 * S + 2); /* time moves on with other flows, too */
    CHECK_INT(ended.n, 2);
    check_ended(1, 1, 1, 20 * S + 1, 0, EMTL_END_IDLE);
    finish();
    CHECK_INT(ended.n, 4);
    check_ended(2, 2, 1, 20 * S + 2, 0, EMTL_END_FORCED);
    check_ended(3, 3, 1, 30 * S + 2, 0, EMTL_END_FORCED);
    stop();
}

/* A wrong clock may keep the oldest of the list from being overdue; look-up still decides. */
static void test_idle_behind_a_flow_of_the_future(void)
{
    start_small();
    udp(1, 1000 * S);
    udp(2, 0);
    udp(2, 11 * S);
    CHECK_INT(ended.n, 1);
    check_ended(0, 2, 1, 0, 0, EMTL_END_IDLE);
    udp(3, 30 * S);
    finish(); /* flow 2 waited behind flow 1 */
    CHECK_INT(ended.n, 4);
    check_ended(1, 1, 1, 1000 * S, 0, EMTL_END_FORCED);
    check_ended(2, 2, 1, 11 * S, 0, EMTL_END_IDLE);
    stop();
}

static void test_active(void)
{
    start_small();
    for (int i = 0; i <= 6; i++)
        udp(1, i * 10 * S);
    CHECK_INT(ended.n, 0);
    udp(-1, 60 * S + 1);
    CHECK_INT(ended.n, 1);
    check_ended(0, 1, 7, 0, 60 * S, EMTL_END_ACTIVE);
    finish();
    check_ended(1, -1, 1, 60 * S + 1, 0, EMTL_END_FORCED);
    stop();
}

static void test_tcp_ends_and_takes_stragglers(void)
{
    start_small();
    tcp(1, 0, SYN);
    tcp(1, 1, SYN); /* again: a retransmission */
    tcp(-1, 2, SYN | ACK);
    tcp(1, 3, FIN | ACK);
    tcp(1, 4, FIN | ACK);
    tcp(-1, 5, FIN | ACK);
    tcp(1, 6, ACK);
    tcp(1, 5 * S + 6, ACK); /* exactly the linger */
    udp(2, 10 * S + 6);
    CHECK_INT(ended.n, 0);
    udp(2, 10 * S + 7);
    CHECK_INT(ended.n, 1);
    check_ended(0, 1, 8, 0, 5 * S + 6, EMTL_END_OF_FLOW);
    tcp(3, 11 * S, RST);
    finish();
    CHECK_INT(ended.n, 3);
    check_ended(2, 3, 1, 11 * S, 0, EMTL_END_OF_FLOW);
    stop();
}

static void test_syn_opens_the_next_one(void)
{
    start_small();
    tcp(1, 0, SYN);
    tcp(-1, 1, RST | ACK);
    tcp(-1, 2, SYN | ACK); /* no opening */
    tcp(1, 3, SYN);
    CHECK_INT(ended.n, 1);
    check_ended(0, 1, 3, 0, 2, EMTL_END_OF_FLOW);
    finish();
    check_ended(1, 1, 1, 3, 0, EMTL_END_FORCED);
    stop();
}

/* One side's FIN, however often, does not close. */
static void test_half_closed(void)
{
    start_small();
    tcp(1, 0, FIN | ACK);
    tcp(1, 1, FIN | ACK);
    tcp(-1, 7 * S, ACK);
    finish();
    CHECK_INT(ended.n, 1);
    check_ended(0, 1, 3, 0, 7 * S, EMTL_END_FORCED);
    stop();
}

static void test_eviction(void)
{
    start_small();
    for (int i = 1; i <= 4; i++)
        udp(i, i);
    udp(1, 5); /* now 2 is idle longest */
    udp(5, 6);
    CHECK_INT(ended.n, 1);
    check_ended(0, 2, 1, 2, 0, EMTL_END_LACK_OF_RESOURCES);
    tcp(6, 7, RST);
    check_ended(1, 3, 1, 3, 0, EMTL_END_LACK_OF_RESOURCES);
    udp(7, 8); /* a closed flow goes before an open one */
    check_ended(2, 6, 1, 7, 0, EMTL_END_OF_FLOW);
    CHECK_INT(emtl_flow_table_counts(table)->evicted, 2);
    finish();
    CHECK_INT(ended.n, 7);
    CHECK_INT(emtl_flow_table_counts(table)->flows, 7);
    stop();
}

static void test_vlan(void)
{
    for (uint32_t by_vlan = 0; by_vlan < 2; by_vlan++) {
        start((emtl_flow_config){4, 10, 60, 7, by_vlan});
        for (int i = 0; i < 2; i++) {
            emtl_packet p = make(1, i, 17, 0);
            p.vlan = (uint16_t)(5 + i);
            add(p);
        }
        finish();
        CHECK_INT(ended.n, by_vlan ? 2 : 1);
        CHECK_INT(ended.flows[0].vlan, 5);
        CHECK_INT(ended.flows[0].packets, by_vlan ? 1 : 2);
        stop();
    }
}

static void test_bad_config(void)
{
    static const emtl_flow_config bad[] = {{0, 1, 1, 1, 0}, {EMTL_FLOWS_MAX + 1, 1, 1, 1, 0},
                                           {1, 0, 1, 1, 0}, {1, 1, 0, 1, 0},
                                           {1, 1, 1, 0, 0}, {1, 1, 1, EMTL_PACKETS_MAX + 1, 0}};
    for (size_t i = 0; i < COUNT(bad); i++) {
        CHECK_INT(emtl_flow_table_new(&bad[i], (emtl_hash_key){0, 0}, &table), EMTL_E_ARG);
        CHECK(table == NULL);
    }
}

/* More flows than one batch of ended ones holds, ended by one packet and at the end; the table
 * grows on the way. Every flow comes out once, whole, and in order. */
static void test_many_flows_and_full(void)
{
    enum { MANY = 50000 };
    start((emtl_flow_config){MANY, 10, 60, 3, 0});
    emtl_packet p = make(0, 0, 17, 0);
    for (int round = 0; round < 2; round++)
        for (uint32_t i = 0; i < MANY; i++) {
            p.src[0] = (uint8_t)(i >> 8);
            p.src_port = (uint16_t)(i & 0xff);
            add(p);
        }
    p.src[0] = 255;
    p.ts_us = 10 * S + 1;
    size_t done = 0;
    uint32_t out = 0;
    int status;
    do {
        ended.n = ended.packets = 0;
        status = emtl_flow_table_add(table, &p, 1, &ended, &done);
        for (size_t i = 0; i < ended.n; i++, out++) {
            CHECK_INT(ended.flows[i].src[0] << 8 | ended.flows[i].src_port, out);
            CHECK_INT(ended.flows[i].packets, 2);
            CHECK_INT(ended.flows[i].end_reason, EMTL_END_IDLE);
        }
    } while (status == EMTL_E_FULL);
    CHECK_INT(status, EMTL_OK);
    CHECK_INT(out, MANY);
    ended.n = ended.packets = 0;
    finish();
    CHECK_INT(ended.n, 1);
    stop();
}

/* The index against an array that says what is in it, with hashes that crowd at the end of the
 * slots and wrap around. */
static void test_index_forgets_only_what_it_should(void)
{
    enum { N = 300 };
    static emtl_open_flow flows[N];
    static bool there[N];
    emtl_index index;
    uint32_t random = 5;
    CHECK_INT(emtl_index_new(&index), EMTL_OK);
    for (uint32_t i = 0; i < N; i++) {
        flows[i].key.low_port = (uint16_t)i;
        flows[i].hash = 1000 + i % 40;
    }
    for (int round = 0; round < 3000; round++) {
        const uint32_t flow = next_random(&random) % N;
        if (there[flow])
            emtl_index_remove(&index, flows[flow].hash, flow);
        else
            CHECK_INT(emtl_index_add(&index, flows[flow].hash, flow), EMTL_OK);
        there[flow] = !there[flow];
        for (uint32_t i = round % 10 == 0 ? 0 : N; i < N; i++)
            CHECK_INT(emtl_index_find(&index, flows, flows[i].hash, &flows[i].key),
                      there[i] ? i : EMTL_NO_FLOW);
    }
    emtl_index_free(&index);
}

static void test_chunks_come_back(void)
{
    emtl_series series = {.free = EMTL_NO_CHUNK};
    for (int round = 0; round < 3; round++) {
        emtl_open_flow flows[2];
        for (int i = 0; i < 2; i++) {
            flows[i] = (emtl_open_flow){.first_chunk = EMTL_NO_CHUNK, .last_chunk = EMTL_NO_CHUNK};
            for (int j = 0; j < 2 * EMTL_CHUNK_PACKETS + 1; j++)
                CHECK_INT(emtl_series_append(&series, &flows[i], j, 100, false), EMTL_OK);
        }
        emtl_series_drop(&series, &flows[0]);
        emtl_series_drop(&series, &flows[1]);
        CHECK_INT(series.used, 6);
    }
    emtl_series_free(&series);
}

int main(void)
{
    test_chunks_come_back();
    test_index_forgets_only_what_it_should();
    test_series_and_both_directions();
    test_idle();
    test_idle_behind_a_flow_of_the_future();
    test_active();
    test_tcp_ends_and_takes_stragglers();
    test_syn_opens_the_next_one();
    test_half_closed();
    test_eviction();
    test_vlan();
    test_bad_config();
    test_many_flows_and_full();
    puts("test_flow_table: fine");
    return 0;
}
