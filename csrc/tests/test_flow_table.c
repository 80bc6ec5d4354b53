/* When flows start, go on and end; emtl.h has the rules. SPDX-License-Identifier: Apache-2.0 */
#include "tests/table.h"

static void test_series_and_both_directions(void)
{
    start(small_config());
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
        CHECK_INT(ended.payload[i], 72);
    }
    CHECK_INT(emtl_flow_table_counts(table)->clock_back, 1);
    CHECK_INT(emtl_flow_table_counts(table)->packets, 12);
    stop();
}

static void test_idle(void)
{
    start(small_config());
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
    check_ended(last(2), 2, 1, 20 * S + 2, 0, EMTL_END_FORCED);
    check_ended(last(3), 3, 1, 30 * S + 2, 0, EMTL_END_FORCED);
    stop();
}

/* A wrong clock may keep the oldest of the list from being overdue; look-up still decides. */
static void test_idle_behind_a_flow_of_the_future(void)
{
    start(small_config());
    udp(1, 1000 * S);
    udp(2, 0);
    udp(2, 11 * S);
    CHECK_INT(ended.n, 1);
    check_ended(0, 2, 1, 0, 0, EMTL_END_IDLE);
    udp(3, 30 * S);
    finish(); /* flow 2 waited behind flow 1 */
    CHECK_INT(ended.n, 4);
    check_ended(last(1), 1, 1, 1000 * S, 0, EMTL_END_FORCED);
    check_ended(last(2), 2, 1, 11 * S, 0, EMTL_END_IDLE);
    stop();
}

static void test_active(void)
{
    start(small_config());
    for (int i = 0; i <= 6; i++)
        udp(1, i * 10 * S);
    CHECK_INT(ended.n, 0);
    udp(-1, 60 * S + 1);
    CHECK_INT(ended.n, 1);
    check_ended(0, 1, 7, 0, 60 * S, EMTL_END_ACTIVE);
    finish();
    check_ended(last(-1), -1, 1, 60 * S + 1, 0, EMTL_END_FORCED);
    stop();
}

static void test_tcp_ends_and_takes_stragglers(void)
{
    start(small_config());
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
    check_ended(last(3), 3, 1, 11 * S, 0, EMTL_END_OF_FLOW);
    stop();
}

static void test_syn_opens_the_next_one(void)
{
    start(small_config());
    tcp(1, 0, SYN);
    tcp(-1, 1, RST | ACK);
    tcp(-1, 2, SYN | ACK); /* no opening */
    tcp(1, 3, SYN);
    CHECK_INT(ended.n, 1);
    check_ended(0, 1, 3, 0, 2, EMTL_END_OF_FLOW);
    finish();
    check_ended(last(1), 1, 1, 3, 0, EMTL_END_FORCED);
    stop();
}

/* One side's FIN, however often, does not close. */
static void test_half_closed(void)
{
    start(small_config());
    tcp(1, 0, FIN | ACK);
    tcp(1, 1, FIN | ACK);
    tcp(-1, 7 * S, ACK);
    finish();
    CHECK_INT(ended.n, 1);
    check_ended(0, 1, 3, 0, 7 * S, EMTL_END_FORCED);
    stop();
}

static void test_vlan(void)
{
    for (uint32_t by_vlan = 0; by_vlan < 2; by_vlan++) {
        emtl_flow_config config = small_config();
        config.by_vlan = by_vlan;
        start(config);
        for (int i = 0; i < 2; i++) {
            emtl_packet p = make(1, i, UDP, 0);
            p.vlan = (uint16_t)(5 + i);
            add(p);
        }
        finish();
        CHECK_INT(ended.n, by_vlan ? 2 : 1);
        CHECK_INT(ended.vlan[0], 5);
        CHECK_INT(ended.packets[0], by_vlan ? 1 : 2);
        stop();
    }
}

/* Any bit of a 5-tuple makes another flow, and the two directions of each are one. */
static void test_every_bit_of_the_key(void)
{
    for (int version = 4; version <= 6; version += 2) {
        const int bits = version == 4 ? 32 : 128;
        emtl_flow_config config = small_config();
        config.max_flows = 400;
        start(config);
        columns_free(&ended);
        ended = columns_new(400, 400 * 7);
        const emtl_packet plain = {.version = (uint8_t)version, .protocol = TCP, .length = 50};
        for (int bit = -1; bit < 2 * bits + 32 + 1; bit++)
            for (int way = 0; way < 2; way++) {
                emtl_packet p = plain;
                if (bit >= 0 && bit < bits)
                    p.src[bit / 8] ^= (uint8_t)(1 << bit % 8);
                else if (bit >= bits && bit < 2 * bits)
                    p.dst[(bit - bits) / 8] ^= (uint8_t)(1 << bit % 8);
                else if (bit >= 2 * bits && bit < 2 * bits + 16)
                    p.src_port ^= (uint16_t)(1 << bit % 16);
                else if (bit >= 2 * bits + 16 && bit < 2 * bits + 32)
                    p.dst_port ^= (uint16_t)(1 << bit % 16);
                else if (bit == 2 * bits + 32)
                    p.protocol = UDP;
                if (way == 1) {
                    const emtl_packet there = p;
                    memcpy(p.src, there.dst, 16);
                    memcpy(p.dst, there.src, 16);
                    p.src_port = there.dst_port;
                    p.dst_port = there.src_port;
                }
                add(p);
            }
        finish();
        /* src and dst are alike but for one bit: each flow was met from both sides. */
        CHECK_INT(ended.n, 1 + bits + 16 + 1);
        for (size_t i = 0; i < ended.n; i++)
            CHECK_INT(ended.packets[i], i == 0 || i == ended.n - 1 ? 2 : 4);
        stop();
    }
}

static void test_columns_tell_the_first_packet(void)
{
    start(small_config());
    emtl_packet p = make(-1, 7, TCP, 0);
    p.version = 6;
    for (uint8_t i = 0; i < 16; i++) {
        p.src[i] = (uint8_t)(0xf0 + i);
        p.dst[i] = i;
    }
    p.vlan = 9;
    add(p);
    p.vlan = 10;
    add(p);
    finish();
    CHECK_INT(ended.n, 1);
    CHECK(memcmp(ended.src, p.src, 16) == 0 && memcmp(ended.dst, p.dst, 16) == 0);
    CHECK_INT(ended.src_port[0], 443);
    CHECK_INT(ended.dst_port[0], 1001);
    CHECK_INT(ended.version[0], 6);
    CHECK_INT(ended.protocol[0], TCP);
    CHECK_INT(ended.vlan[0], 9);
    CHECK_INT(ended.offsets[0], 0);
    CHECK_INT(ended.offsets[1], 2);
    stop();
}

static void test_bad_config(void)
{
    const emtl_flow_config good = small_config();
    emtl_flow_config bad[14];
    for (size_t i = 0; i < COUNT(bad); i++)
        bad[i] = good;
    bad[0].max_flows = 0;
    bad[1].max_flows = EMTL_FLOWS_MAX + 1;
    bad[2].idle_timeout_s = 0;
    bad[3].active_timeout_s = 0;
    bad[4].packets = 0;
    bad[5].packets = EMTL_PACKETS_MAX + 1;
    bad[6].tunnels = EMTL_TUNNELS_OUTER + 1;
    bad[7].protocols = 0;
    bad[8].protocols = EMTL_PROTOCOLS + 1;
    bad[9].split_mtu = 1;
    bad[10].split_mtu = EMTL_SPLIT_MIN - 1;
    bad[11].max_memory = 1;
    bad[12].max_memory = EMTL_MEMORY_MIN - 1;
    bad[13].max_memory = EMTL_MEMORY_MIN;
    bad[13].packets = EMTL_PACKETS_MAX; /* not one such series fits */
    for (size_t i = 0; i < COUNT(bad); i++) {
        CHECK_INT(emtl_flow_table_new(&bad[i], (emtl_hash_key){0, 0}, &table), EMTL_E_ARG);
        CHECK(table == NULL);
    }
}

int main(void)
{
    test_series_and_both_directions();
    test_idle();
    test_idle_behind_a_flow_of_the_future();
    test_active();
    test_tcp_ends_and_takes_stragglers();
    test_syn_opens_the_next_one();
    test_half_closed();
    test_vlan();
    test_every_bit_of_the_key();
    test_columns_tell_the_first_packet();
    test_bad_config();
    puts("test_flow_table: fine");
    return 0;
}
