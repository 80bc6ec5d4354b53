/* When there is no room: for flows, for their series, in the columns. SPDX-License-Identifier:
 * Apache-2.0 */
#include "tests/table.h"

static void talk(int id, int64_t ts_us)
{
    for (int i = 0; i < 2; i++) {
        udp(id, ts_us + 2 * i);
        udp(-id, ts_us + 2 * i + 1);
    }
}

static void test_closed_then_new_then_conversations(void)
{
    start(small_config());
    talk(1, 1);
    udp(2, 5);
    udp(3, 6);
    udp(-3, 7); /* three packets from both sides are no conversation yet */
    udp(3, 8);
    udp(2, 9);
    udp(2, 10);
    udp(2, 11); /* nor are four from one; now 3 is silent longest of the new */
    udp(4, 12);
    CHECK_INT(ended.n, 0);
    udp(5, 13);
    CHECK_INT(ended.n, 1);
    check_end(0, 3, 3, EMTL_END_LACK_OF_RESOURCES);
    tcp(6, 14, RST);
    check_end(1, 2, 4, EMTL_END_LACK_OF_RESOURCES);
    udp(7, 15); /* a closed flow goes before an open one */
    check_end(2, 6, 1, EMTL_END_OF_FLOW);
    talk(4, 16);
    talk(5, 20);
    talk(7, 24);
    udp(8, 28); /* all are conversations */
    CHECK_INT(ended.n, 4);
    check_end(3, 1, 4, EMTL_END_LACK_OF_RESOURCES);
    CHECK_INT(emtl_flow_table_counts(table)->evicted, 3);
    CHECK_INT(emtl_flow_table_open(table), 4);
    finish();
    CHECK_INT(ended.n, 8);
    CHECK_INT(emtl_flow_table_counts(table)->flows, 8);
    CHECK_INT(emtl_flow_table_open(table), 0);
    stop();
}

/* New flows have two places of 16 where conversations want all. */
static void test_conversations_leave_room_for_new_flows(void)
{
    emtl_flow_config config = small_config();
    config.max_flows = 2 * EMTL_NEW_SHARE;
    start(config);
    for (int i = 0; i < 16; i++)
        talk(1 + i, 4 * i);
    CHECK_INT(ended.n, 0);
    udp(17, 70);
    udp(18, 71);
    CHECK_INT(ended.n, 2);
    check_end(0, 1, 4, EMTL_END_LACK_OF_RESOURCES);
    check_end(1, 2, 4, EMTL_END_LACK_OF_RESOURCES);
    udp(19, 72); /* there are two new ones now */
    check_end(2, 17, 1, EMTL_END_LACK_OF_RESOURCES);
    talk(18, 73);
    udp(20, 77); /* and here one */
    check_end(3, 3, 4, EMTL_END_LACK_OF_RESOURCES);
    stop();
}

/* One of ten is fewer than one in eight. */
static void test_a_share_that_is_no_whole_number_of_flows(void)
{
    emtl_flow_config config = small_config();
    config.max_flows = EMTL_NEW_SHARE + 2;
    start(config);
    for (int i = 0; i < 9; i++)
        talk(1 + i, 4 * i);
    udp(10, 70);
    udp(11, 71);
    CHECK_INT(ended.n, 1);
    check_end(0, 1, 4, EMTL_END_LACK_OF_RESOURCES);
    udp(12, 72); /* two are not */
    check_end(1, 10, 1, EMTL_END_LACK_OF_RESOURCES);
    stop();
}

/* As many 5-tuples as there are; among them two conversations. */
static void flood(bool is_answered)
{
    enum { FLOOD = 20000 };
    emtl_flow_config config = small_config();
    config.max_flows = 100;
    start(config);
    emtl_packet p = make(1, 0, TCP, SYN), answer = make(-1, 0, TCP, SYN | ACK);
    p.src[0] = answer.dst[0] = 99;
    for (int i = 0; i < 4; i++)
        tcp(i % 2 == 0 ? 1 : -1, 0, ACK);
    for (int i = 0; i < 4; i++)
        tcp(i % 2 == 0 ? -2 : 2, 0, ACK);
    for (int i = 0; i < FLOOD; i++) {
        p.src_port = answer.dst_port = (uint16_t)(2000 + i);
        p.ts_us = answer.ts_us = i;
        add(p);
        if (is_answered)
            add(answer);
        if (i % 1000 < 2)
            tcp(i % 1000 == 0 ? 1 : -2, i, ACK);
        for (size_t j = 0; j < ended.n; j++)
            CHECK_INT(ended.src[16 * j], 99);
        ended.n = 0;
    }
    CHECK_INT(emtl_flow_table_counts(table)->evicted, FLOOD - 98);
    CHECK_INT(emtl_flow_table_open(table), 100);
    columns_free(&ended);
    ended = columns_new(100, 100 * 7);
    finish();
    check_ended(last(1), 1, 24, 0, FLOOD - 1000, EMTL_END_FORCED);
    check_ended(last(2), -2, 24, 0, FLOOD - 1000 + 1, EMTL_END_FORCED);
    stop();
}

static void test_a_flood_ends_no_conversation(void)
{
    flood(false);
    flood(true);
}

/* Where chunks end first, flows go as well; the table never takes more than it may. */
static void test_no_room_for_series(void)
{
    enum { FLOWS = 100, EACH = 200 };
    emtl_flow_config config = small_config();
    config.max_flows = 1000;
    config.packets = EACH;
    config.max_memory = EMTL_MEMORY_MIN;
    start(config);
    int64_t packets = 0;
    size_t out = 0;
    for (int i = 0; i < FLOWS * EACH; i++) {
        udp(i % FLOWS, i);
        for (size_t j = 0; j < ended.n; j++) {
            CHECK_INT(ended.end_reason[j], EMTL_END_LACK_OF_RESOURCES);
            CHECK_INT(ended.offsets[j + 1] - ended.offsets[j], ended.packets[j]);
            packets += ended.packets[j];
        }
        out += ended.n;
        ended.n = 0;
    }
    CHECK(out > FLOWS);
    CHECK_INT(emtl_flow_table_counts(table)->evicted, out);
    CHECK(emtl_flow_table_bytes(table) <= EMTL_MEMORY_MIN);
    CHECK(emtl_flow_table_bytes(table) > EMTL_MEMORY_MIN * 3 / 4);
    int status;
    do {
        status = emtl_flow_table_finish(table, &ended);
        for (size_t j = 0; j < ended.n; j++)
            packets += ended.packets[j];
        ended.n = 0;
    } while (status == EMTL_E_FULL);
    CHECK_INT(status, EMTL_OK);
    CHECK_INT(packets, FLOWS * EACH);
    stop();
}

/* Beside a conversation that holds nearly all chunks, a new flow makes room by its own end. */
static void test_a_flow_ends_for_itself(void)
{
    enum { MANY = 1800, CHUNKS = MANY / 2, LEFT = 946 - CHUNKS, FIT = 8 * LEFT };
    emtl_flow_config config = small_config();
    config.max_memory = EMTL_MEMORY_MIN; /* 946 chunks beside 4 flows */
    config.packets = MANY;
    start(config);
    for (int i = 0; i < MANY; i++) { /* most are longer than a narrow chunk can tell */
        emtl_packet p = make(i == 9 ? -1 : 1, i, UDP, 0);
        p.length = i % 4 == 0 ? 100 : 70000;
        add(p);
    }
    for (int i = 0; i < FIT; i++)
        udp(2, MANY + i);
    CHECK_INT(ended.n, 0);
    udp(2, MANY + FIT);
    CHECK_INT(ended.n, 1);
    check_ended(0, 2, FIT, MANY, FIT - 1, EMTL_END_LACK_OF_RESOURCES);
    finish();
    check_ended(last(2), 2, 1, MANY + FIT, 0, EMTL_END_FORCED);
    check_end(last(1), 1, MANY, EMTL_END_FORCED);
    stop();
}

/* One packet ends more flows than the columns hold, and so does the end: each comes out once. */
static void test_full_columns(void)
{
    enum { MANY = 5000 };
    emtl_flow_config config = small_config();
    config.max_flows = MANY;
    start(config);
    columns_free(&ended);
    ended = columns_new(2, 2 * 7);
    emtl_packet p = make(0, 0, UDP, 0);
    for (int i = 0; i < 2 * MANY; i++) {
        p.src_port = (uint16_t)(i % MANY);
        add(p);
    }
    p.src[0] = 255;
    p.ts_us = 10 * S + 1;
    size_t done = 0;
    int out = 0, status;
    do {
        status = emtl_flow_table_add(table, &p, 1, &ended, &(emtl_ahead){0}, &done);
        for (size_t i = 0; i < ended.n; i++, out++) {
            CHECK_INT(ended.src_port[i], out);
            CHECK_INT(ended.packets[i], 2);
            CHECK_INT(ended.end_reason[i], EMTL_END_IDLE);
        }
        ended.n = 0;
    } while (status == EMTL_E_FULL);
    CHECK_INT(status, EMTL_OK);
    CHECK_INT(done, 1);
    CHECK_INT(out, MANY);
    for (int i = 0; i < 4; i++) {
        p.src_port = (uint16_t)i;
        add(p);
    }
    out = 0;
    do {
        status = emtl_flow_table_finish(table, &ended);
        out += (int)ended.n;
        ended.n = 0;
    } while (status == EMTL_E_FULL);
    CHECK_INT(status, EMTL_OK);
    CHECK_INT(out, 5);
    stop();
}

int main(void)
{
    test_closed_then_new_then_conversations();
    test_conversations_leave_room_for_new_flows();
    test_a_share_that_is_no_whole_number_of_flows();
    test_a_flood_ends_no_conversation();
    test_no_room_for_series();
    test_a_flow_ends_for_itself();
    test_full_columns();
    puts("test_flow_room: fine");
    return 0;
}
