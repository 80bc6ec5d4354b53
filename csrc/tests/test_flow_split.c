/* Packets that were several on the wire; flows that are given out early. SPDX-License-Identifier:
 * Apache-2.0 */
#include "tests/table.h"

static emtl_packet make_long(int number, int64_t ts_us, uint32_t payload, uint32_t segment)
{
    emtl_packet p = make(number, ts_us, TCP, ACK);
    p.payload = payload;
    p.length = payload + 40;
    p.segment = segment;
    return p;
}

static void check_series(const int64_t *iat_us, const int32_t *payload, size_t n)
{
    CHECK_INT(ended.offsets[1], n);
    for (size_t i = 0; i < n; i++) {
        CHECK_INT(ended.iat_us[i], iat_us[i]);
        CHECK_INT(ended.payload[i], payload[i]);
        CHECK_INT(ended.length[i], payload[i] + 40);
    }
}

static void test_the_wires_packets(void)
{
    static const int64_t iat_us[] = {0, 5, 0, 0, 7};
    static const int32_t payload[] = {500, 1000, 1000, 1, 1000};
    start(small_config());
    add(make_long(1, 0, 500, 1000)); /* fits */
    add(make_long(-1, 5, 2001, 1000));
    add(make_long(1, 12, 1000, 1000)); /* fits just so */
    finish();
    check_series(iat_us, payload, 5);
    CHECK_INT(ended.direction[0], 1);
    CHECK_INT(ended.direction[3], -1);
    CHECK_INT(ended.direction[4], 1);
    CHECK_INT(ended.packets[0], 5);
    CHECK_INT(ended.bytes[0], 540 + 2001 + 3 * 40 + 1040);
    const emtl_flow_counts *counts = emtl_flow_table_counts(table);
    CHECK_INT(counts->packets, 3);
    CHECK_INT(counts->split, 1);
    CHECK_INT(counts->segments, 3);
    CHECK_INT(counts->oversized, 0);
    stop();
}

/* More of the wire's packets than the series has room for; the last is there, or is not. */
static void test_the_series_ends_inside(void)
{
    for (int before = 0; before <= 3; before++) {
        start(small_config()); /* 7 of a series */
        for (int i = 0; i < before; i++)
            add(make_long(1, i, 50, 0));
        add(make_long(1, 10, 4 * 100 + 1, 100));
        add(make_long(1, 10, UINT32_C(1000000007), 1));
        finish();
        CHECK_INT(ended.packets[0], before + 5 + 1000000007);
        CHECK_INT(ended.bytes[0], before * 90 + 401 + 5 * 40 + INT64_C(41) * 1000000007);
        CHECK_INT(ended.offsets[1], 7);
        for (int i = 0; i < 7; i++)
            CHECK_INT(ended.payload[i], i < before ? 50 : i < before + 4 ? 100 : 1);
        stop();
    }
}

static void test_split_mtu(void)
{
    static const int64_t iat_us[] = {0, 1, 0, 0, 1, 0};
    static const int32_t payload[] = {1460, 1460, 1460, 1, 1000, 500};
    emtl_flow_config config = small_config();
    config.split_mtu = 1500;
    start(config);
    add(make_long(1, 0, 1460, 0));
    add(make_long(1, 1, 2921, 0));
    add(make_long(1, 2, 1500, 1000)); /* what is known counts more */
    finish();
    check_series(iat_us, payload, 6);
    CHECK_INT(emtl_flow_table_counts(table)->split, 2);
    CHECK_INT(emtl_flow_table_counts(table)->segments, 5);
    stop();
}

/* Fragments, and headers as long as the MTU, stay whole and are counted. */
static void test_oversized(void)
{
    for (uint32_t mtu = 0; mtu <= 9000; mtu += 9000) {
        emtl_flow_config config = small_config();
        config.split_mtu = mtu;
        start(config);
        emtl_packet p = make_long(1, 0, 9000, 0);
        p.fragment = 1;
        add(p);
        p = make_long(1, 0, 100, 0);
        p.length = 9100;
        add(p);
        add(make_long(1, 0, 1461, 0));
        add(make_long(1, 0, 1460, 0));
        finish();
        CHECK_INT(ended.packets[0], 4);
        CHECK_INT(emtl_flow_table_counts(table)->split, 0);
        CHECK_INT(emtl_flow_table_counts(table)->oversized, mtu == 0 ? 3 : 2);
        stop();
    }
}

static void test_early(void)
{
    emtl_flow_config config = small_config();
    config.early = 1;
    config.packets = 3;
    start(config);
    udp(1, 0);
    udp(-1, 5);
    CHECK_INT(ended.n, 0);
    udp(1, 6);
    CHECK_INT(ended.n, 1);
    check_ended(0, 1, 3, 0, 6, EMTL_END_NONE);
    CHECK_INT(ended.offsets[1], 3);
    udp(1, 7); /* goes nowhere, but into its flow's entry */
    udp(2, 8);
    CHECK_INT(emtl_flow_table_open(table), 2);
    CHECK_INT(emtl_flow_table_counts(table)->flows, 1);
    udp(2, 10 * S + 8); /* ends the first silently */
    CHECK_INT(ended.n, 1);
    CHECK_INT(emtl_flow_table_open(table), 1);
    udp(1, 10 * S + 9); /* and another begins */
    udp(2, 10 * S + 9);
    check_ended(1, 2, 3, 8, 10 * S + 1, EMTL_END_NONE);
    finish();
    CHECK_INT(ended.n, 3);
    check_ended(2, 1, 1, 10 * S + 9, 0, EMTL_END_FORCED);
    CHECK_INT(emtl_flow_table_counts(table)->flows, 3);
    CHECK_INT(emtl_flow_table_open(table), 0);
    stop();
}

/* A closed flow, or one cut into several by its own packet, is given out once as well. */
static void test_early_by_one_packet(void)
{
    emtl_flow_config config = small_config();
    config.early = 1;
    config.packets = 3;
    start(config);
    add(make_long(1, 0, 1000, 100));
    CHECK_INT(ended.n, 1);
    check_end(0, 1, 10, EMTL_END_NONE);
    tcp(1, 1, RST);
    tcp(1, 2, SYN);
    finish();
    CHECK_INT(ended.n, 2);
    check_end(1, 1, 1, EMTL_END_FORCED);
    stop();
}

/* A flow that goes on is shown at 2 packets, at 4 and at 8, and given out once. */
static void test_glances(void)
{
    emtl_flow_config config = small_config();
    config.early = 1;
    config.packets = 10;
    config.glance = 2;
    start(config);
    for (int64_t t = 0; t < 3; t++)
        udp(1, t);
    CHECK_INT(ended.n, 1);
    check_ended(0, 1, 2, 0, 1, EMTL_END_NONE);
    CHECK_INT(ended.offsets[1], 2);
    CHECK_INT(emtl_flow_table_counts(table)->flows, 0);
    emtl_packet merged = make(1, 3, UDP, 0); /* three, so that there are six */
    merged.payload = 1000;
    merged.length = 1028;
    merged.segment = 400;
    add(merged);
    CHECK_INT(ended.n, 2);
    check_end(1, 1, 6, EMTL_END_NONE);
    CHECK_INT(ended.offsets[2], 2 + 6);
    for (int64_t t = 4; t < 10; t++)
        udp(1, t);
    CHECK_INT(ended.n, 4);
    check_end(2, 1, 8, EMTL_END_NONE);
    check_end(3, 1, 10, EMTL_END_NONE);
    CHECK_INT(emtl_flow_table_counts(table)->flows, 1);
    udp(2, 10);
    udp(2, 11);
    finish();
    CHECK_INT(ended.n, 6);
    check_end(4, 2, 2, EMTL_END_NONE);
    check_end(5, 2, 2, EMTL_END_FORCED);
    CHECK_INT(emtl_flow_table_counts(table)->flows, 2);
    stop();
}

int main(void)
{
    test_the_wires_packets();
    test_the_series_ends_inside();
    test_split_mtu();
    test_oversized();
    test_early();
    test_early_by_one_packet();
    test_glances();
    puts("test_flow_split: fine");
    return 0;
}
