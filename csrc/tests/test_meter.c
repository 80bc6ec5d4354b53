/* Bytes and records in, flows out. SPDX-License-Identifier: Apache-2.0 */
#include "tests/columns.h"
#include "tests/support.h"

#define S INT64_C(1000000)

enum { LINK_RAW = 101, PACKETS = 300, FLOWS = 40 };

static const uint8_t key[EMTL_HASH_KEY] = {7};
static emtl_meter *meter;
static emtl_flow_columns columns;
static emtl_meter_stats stats;

static emtl_flow_config small_config(void)
{
    return (emtl_flow_config){.max_flows = 1000,
                              .idle_timeout_s = 10,
                              .active_timeout_s = 60,
                              .packets = 5,
                              .protocols = EMTL_PROTOCOL_TCP | EMTL_PROTOCOL_UDP};
}

static void start(emtl_flow_config config)
{
    CHECK_INT(emtl_meter_new(&config, key, &meter), EMTL_OK);
    columns = columns_new(2, 2 * (size_t)config.packets);
}

static void stop(void)
{
    emtl_meter_free(meter);
    columns_free(&columns);
}

/* A UDP packet of flow `number` with 8 bytes of payload, as a raw IPv4 packet. */
static void put_packet(bytes *b, unsigned number)
{
    put_hex(b, "45000024 0001 0000 4011 0000 0a000001 0a000002");
    put16(b, 1000 + number, true);
    put_hex(b, "01bb 0010 0000 0102030405060708");
}

enum { PACKET_SIZE = 36 };

static void put_pcap_header(bytes *b)
{
    put_hex(b, "d4c3b2a1 0200 0400 00000000 00000000 00000400 65000000");
}

static void put_record(bytes *b, unsigned number, int64_t ts_us)
{
    put32(b, (uint32_t)(ts_us / S), false);
    put32(b, (uint32_t)(ts_us % S), false);
    put32(b, PACKET_SIZE, false);
    put32(b, PACKET_SIZE, false);
    put_packet(b, number);
}

/* What came out, added up: flows, packets, and a sum that differs where any value does. */
typedef struct {
    size_t flows;
    int64_t packets, sum;
} total;

static void take(total *all)
{
    for (size_t i = 0; i < columns.n; i++) {
        all->flows++;
        all->packets += columns.packets[i];
        all->sum += (columns.src_port[i] + columns.bytes[i]) * columns.start_us[i] +
                    columns.duration_us[i] * columns.end_reason[i];
        for (int64_t j = columns.offsets[i]; j < columns.offsets[i + 1]; j++)
            all->sum += (j - columns.offsets[i] + 1) * columns.iat_us[j] + columns.length[j];
    }
    columns.n = 0;
}

/* Gives size bytes, all of which are used, offering `step` more at a time. */
static void feed(const uint8_t *data, size_t size, size_t step, total *all)
{
    size_t at = 0, used = 0, offered = 0;
    int status;
    do {
        offered = size - at < offered + step ? size - at : offered + step;
        status = emtl_meter_feed(meter, data + at, offered, &used, &columns);
        CHECK(status == EMTL_OK || (status == EMTL_E_FULL && columns.n == 2));
        take(all);
        at += used;
        offered -= used;
    } while (status == EMTL_E_FULL || at < size);
}

static void finish(total *all)
{
    int status;
    do {
        status = emtl_meter_finish(meter, &columns);
        take(all);
    } while (status == EMTL_E_FULL);
    CHECK_INT(status, EMTL_OK);
}

/* FLOWS flows of which all but the last few end idle at once. */
static void put_records(bytes *b)
{
    for (unsigned i = 0; i < PACKETS; i++)
        put_record(b, i % FLOWS, i < PACKETS - 5 ? i : 11 * S + i);
}

static void test_columns_of_two_lose_nothing(void)
{
    static bytes b;
    static const size_t steps[] = {1, 7, 52, 1000, 65536};
    total first = {0, 0, 0};
    put_pcap_header(&b);
    put_records(&b);
    for (size_t i = 0; i < COUNT(steps); i++) {
        total all = {0, 0, 0};
        start(small_config());
        feed(b.data, b.n, steps[i], &all);
        CHECK_INT(all.flows, FLOWS);
        finish(&all);
        CHECK_INT(all.flows, FLOWS + 5);
        CHECK_INT(all.packets, PACKETS);
        if (i == 0)
            first = all;
        CHECK_INT(all.sum, first.sum);
        emtl_meter_stats_get(meter, &stats);
        CHECK_INT(stats.packets, PACKETS);
        CHECK_INT(stats.flow_packets, PACKETS);
        CHECK_INT(stats.ip_packets, PACKETS);
        CHECK_INT(stats.flows, FLOWS + 5);
        CHECK_INT(stats.open_flows, 0);
        CHECK_INT(stats.link_type_count, 1);
        CHECK_INT(stats.link_types[0], LINK_RAW);
        CHECK(stats.memory_bytes > 0);
        CHECK_INT(emtl_capture_position(emtl_meter_capture(meter)), b.n);
        stop();
    }
}

/* A file after the other: one stream of packets. */
static void test_next_file(void)
{
    static bytes whole, half;
    total one = {0, 0, 0}, two = {0, 0, 0};
    put_pcap_header(&whole);
    put_records(&whole);
    start(small_config());
    feed(whole.data, whole.n, whole.n, &one);
    finish(&one);
    stop();

    const size_t record = 16 + PACKET_SIZE, cut = 24 + 100 * record;
    put_pcap_header(&half);
    put_bytes(&half, whole.data + cut, whole.n - cut);
    start(small_config());
    feed(whole.data, cut, cut, &two);
    emtl_meter_next_file(meter);
    int64_t first_us, latest_us;
    CHECK_INT(emtl_capture_position(emtl_meter_capture(meter)), 0);
    emtl_capture_times(emtl_meter_capture(meter), &first_us, &latest_us);
    CHECK(first_us == 0 && latest_us == 0);
    CHECK(!emtl_capture_is_whole(emtl_meter_capture(meter)));
    feed(half.data, half.n, half.n, &two);
    CHECK_INT(emtl_capture_position(emtl_meter_capture(meter)), half.n);
    finish(&two);
    CHECK_INT(two.flows, one.flows);
    CHECK_INT(two.sum, one.sum);
    stop();
}

/* What was wrong with one file says nothing of the next. */
static void test_next_file_after_a_damaged_one(void)
{
    static bytes b;
    size_t used;
    start(small_config());
    CHECK_INT(emtl_meter_feed(meter, (const uint8_t *)"GIF89a", 6, &used, &columns),
              EMTL_E_UNSUPPORTED);
    CHECK(emtl_capture_error(emtl_meter_capture(meter))[0] != '\0');
    emtl_meter_next_file(meter);
    CHECK_INT(emtl_capture_error(emtl_meter_capture(meter))[0], '\0');
    put_pcap_header(&b);
    put_record(&b, 1, 5);
    CHECK_INT(emtl_meter_feed(meter, b.data, b.n, &used, &columns), EMTL_OK);
    CHECK_INT(used, b.n);
    emtl_meter_stats_get(meter, &stats);
    CHECK_INT(stats.flow_packets, 1);
    stop();
}

static emtl_record record_of(const bytes *packet, int64_t ts_us)
{
    return (emtl_record){.data = packet->data,
                         .ts_us = ts_us,
                         .captured = (uint32_t)packet->n,
                         .wire = (uint32_t)packet->n,
                         .link_type = LINK_RAW};
}

static void test_packets_from_elsewhere(void)
{
    static bytes packets[FLOWS];
    static emtl_record records[PACKETS];
    static bytes file;
    total one = {0, 0, 0}, two = {0, 0, 0};
    put_pcap_header(&file);
    put_records(&file);
    start(small_config());
    feed(file.data, file.n, file.n, &one);
    finish(&one);
    stop();

    for (unsigned i = 0; i < FLOWS; i++)
        put_packet(&packets[i], i);
    for (unsigned i = 0; i < PACKETS; i++)
        records[i] = record_of(&packets[i % FLOWS], i < PACKETS - 5 ? i : 11 * S + i);
    start(small_config());
    size_t at = 0, done = 0;
    int status;
    do {
        status = emtl_meter_packets(meter, records + at, PACKETS - at, &done, &columns);
        at += done;
        take(&two);
    } while (status == EMTL_E_FULL);
    CHECK_INT(status, EMTL_OK);
    CHECK_INT(at, PACKETS);
    finish(&two);
    CHECK_INT(two.flows, one.flows);
    CHECK_INT(two.sum, one.sum);
    stop();
}

/* A time whose difference from another would not fit is refused, where it stands. */
static void test_impossible_times(void)
{
    static bytes packet;
    size_t done;
    start(small_config());
    put_packet(&packet, 1);
    const emtl_record records[] = {record_of(&packet, EMTL_TIME_MAX_US),
                                   record_of(&packet, -EMTL_TIME_MAX_US),
                                   record_of(&packet, EMTL_TIME_MAX_US + 1), record_of(&packet, 0)};
    CHECK_INT(emtl_meter_packets(meter, records, 4, &done, &columns), EMTL_E_ARG);
    CHECK_INT(done, 2);
    CHECK_INT(emtl_meter_packets(meter, records + 3, 1, &done, &columns), EMTL_OK);
    CHECK_INT(emtl_meter_tick(meter, INT64_MIN, &columns), EMTL_E_ARG);
    CHECK_INT(emtl_meter_tick(meter, -EMTL_TIME_MAX_US, &columns), EMTL_OK);
    emtl_meter_stats_get(meter, &stats);
    CHECK_INT(stats.flow_packets, 3);
    stop();
}

static void add(unsigned number, int64_t ts_us)
{
    bytes packet = {.n = 0};
    size_t done;
    put_packet(&packet, number);
    const emtl_record record = record_of(&packet, ts_us);
    CHECK_INT(emtl_meter_packets(meter, &record, 1, &done, &columns), EMTL_OK);
    CHECK_INT(done, 1);
}

static void tick(int64_t now_us, size_t flows)
{
    CHECK_INT(emtl_meter_tick(meter, now_us, &columns), EMTL_OK);
    CHECK_INT(columns.n, flows);
}

/* Time passes without packets: each timeout comes by itself, and at the microsecond. */
static void test_tick(void)
{
    start(small_config());
    for (unsigned i = 0; i <= 7; i++) {
        tick(8 * S * i, 0);
        add(1, 8 * S * i);
    }
    add(2, 56 * S + 1);
    tick(60 * S, 0);
    tick(60 * S + 1, 1); /* the first began then; its latest packet is 4 s old */
    CHECK_INT(columns.src_port[0], 1001);
    CHECK_INT(columns.end_reason[0], EMTL_END_ACTIVE);
    CHECK_INT(columns.packets[0], 8);
    columns.n = 0;
    tick(66 * S + 1, 0);
    tick(66 * S + 2, 1);
    CHECK_INT(columns.src_port[0], 1002);
    CHECK_INT(columns.end_reason[0], EMTL_END_IDLE);
    columns.n = 0;
    tick(1000 * S, 0);
    stop();
}

static void test_tick_fills_the_columns(void)
{
    start(small_config());
    for (unsigned i = 0; i < 5; i++)
        add(i, 0);
    size_t flows = 0;
    int status;
    do {
        status = emtl_meter_tick(meter, 11 * S, &columns);
        flows += columns.n;
        columns.n = 0;
    } while (status == EMTL_E_FULL);
    CHECK_INT(status, EMTL_OK);
    CHECK_INT(flows, 5);
    stop();
}

static void test_refused(void)
{
    size_t n;
    emtl_flow_config config = small_config();
    config.protocols = 0;
    CHECK_INT(emtl_meter_new(&config, key, &meter), EMTL_E_ARG);
    CHECK(meter == NULL);
    start(small_config());
    emtl_flow_columns small = columns;
    small.room = 1;
    CHECK_INT(emtl_meter_feed(meter, key, 0, &n, &small), EMTL_E_ARG);
    small = columns;
    small.series_room--;
    CHECK_INT(emtl_meter_finish(meter, &small), EMTL_E_ARG);
    CHECK_INT(emtl_meter_finish(meter, &columns), EMTL_OK);
    CHECK_INT(emtl_meter_finish(meter, &columns), EMTL_OK);
    CHECK_INT(emtl_meter_feed(meter, key, 0, &n, &columns), EMTL_E_ARG);
    CHECK_INT(emtl_meter_packets(meter, NULL, 0, &n, &columns), EMTL_E_ARG);
    CHECK_INT(emtl_meter_tick(meter, 0, &columns), EMTL_E_ARG);
    CHECK_INT(columns.n, 0);
    CHECK_INT(columns.offsets[0], 0);
    stop();
    emtl_meter_free(NULL);
}

int main(void)
{
    test_columns_of_two_lose_nothing();
    test_next_file();
    test_next_file_after_a_damaged_one();
    test_packets_from_elsewhere();
    test_impossible_times();
    test_tick();
    test_tick_fills_the_columns();
    test_refused();
    puts("test_meter: fine");
    return 0;
}
