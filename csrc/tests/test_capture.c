/* Captures written here byte by byte, read back. SPDX-License-Identifier: Apache-2.0 */
#include "capture/capture.h"
#include "capture/timestamp.h"
#include "tests/support.h"

static const uint8_t packet[6] = {1, 2, 3, 4, 5, 6};

/* What reading a whole file gave. */
typedef struct {
    emtl_record records[16];
    size_t n, used;
    int status;
    bool whole;
    int64_t first_us, latest_us;
    char error[192];
} outcome;

/* Reads data[0, size), offering `step` bytes more at a time. */
static outcome read_all(const uint8_t *data, size_t size, size_t step)
{
    emtl_capture *capture;
    outcome out = {.status = EMTL_OK};
    CHECK_INT(emtl_capture_new(&capture), EMTL_OK);
    for (size_t offered = step < size ? step : size;;) {
        size_t n = 0, used = 0;
        out.status = emtl_capture_read(capture, data + out.used, offered - out.used,
                                       out.records + out.n, COUNT(out.records) - out.n, &n, &used);
        out.n += n;
        out.used += used;
        CHECK(out.used <= offered && out.n < COUNT(out.records));
        CHECK(out.used == emtl_capture_position(capture));
        if (out.status != EMTL_OK || (offered == size && used == 0))
            break;
        if (used == 0)
            offered = size - offered < step ? size : offered + step;
    }
    out.whole = emtl_capture_is_whole(capture);
    emtl_capture_times(capture, &out.first_us, &out.latest_us);
    memcpy(out.error, emtl_capture_error(capture), sizeof out.error);
    emtl_capture_free(capture);
    return out;
}

/* A pcap of two packets, 1.5 s and 2.000001 s after 1970. */
static bytes make_pcap(uint32_t magic, bool big)
{
    bytes b = {.n = 0};
    const uint32_t unit = magic == 0xa1b23c4d ? 1000 : 1;
    put32(&b, magic, big);
    put16(&b, 2, big);
    put16(&b, 4, big);
    put64(&b, 0, big);
    put32(&b, 65535, big);
    put32(&b, 0x10000001, big); /* Ethernet, and a hint at the frame check sequence */
    for (uint32_t i = 0; i < 2; i++) {
        put32(&b, 1 + i, big);
        put32(&b, (i == 0 ? 500000 : 1) * unit, big);
        put32(&b, sizeof packet, big);
        put32(&b, 60, big);
        if (magic == 0xa1b2cd34)
            put64(&b, 0, big);
        put_bytes(&b, packet, sizeof packet);
    }
    return b;
}

static void check_two_packets(const outcome *got, uint32_t link_type)
{
    CHECK_INT(got->status, EMTL_OK);
    CHECK_INT(got->n, 2);
    CHECK(got->whole);
    CHECK_INT(got->first_us, 1500000);
    CHECK_INT(got->latest_us, 2000001);
    for (size_t i = 0; i < 2; i++) {
        CHECK_INT(got->records[i].ts_us, i == 0 ? 1500000 : 2000001);
        CHECK_INT(got->records[i].captured, sizeof packet);
        CHECK_INT(got->records[i].wire, 60);
        CHECK_INT(got->records[i].link_type, link_type);
        CHECK(memcmp(got->records[i].data, packet, sizeof packet) == 0);
    }
}

static void test_pcap_of_every_kind(void)
{
    static const uint32_t magics[] = {0xa1b2c3d4, 0xa1b23c4d, 0xa1b2cd34};
    for (size_t i = 0; i < COUNT(magics); i++)
        for (int big = 0; big < 2; big++)
            for (size_t step = 1; step < 100; step += 7) {
                const bytes b = make_pcap(magics[i], big);
                const outcome got = read_all(b.data, b.n, step);
                check_two_packets(&got, 1);
                CHECK_INT(got.used, b.n);
            }
}

static void test_old_pcap_has_its_lengths_swapped(void)
{
    bytes b = make_pcap(0xa1b2c3d4, false);
    b.data[6] = 2; /* version 2.2 */
    b.data[24 + 8] = 60;
    b.data[24 + 12] = sizeof packet;
    b.n = 24 + 16 + sizeof packet;
    const outcome got = read_all(b.data, b.n, b.n);
    CHECK_INT(got.n, 1);
    CHECK_INT(got.records[0].captured, sizeof packet);
    CHECK_INT(got.records[0].wire, 60);
}

static void test_pcap_record_past_the_limit(void)
{
    bytes b = make_pcap(0xa1b2c3d4, false);
    b.data[24 + 16 + sizeof packet + 11] = 0x40; /* second record: 1 GiB and 6 bytes */
    const outcome got = read_all(b.data, b.n, b.n);
    CHECK_INT(got.status, EMTL_E_MALFORMED);
    CHECK_INT(got.n, 1);
    CHECK(strcmp(got.error, "record at byte 46 claims 1073741830 bytes, limit is 16777216: "
                            "damaged, or not pcap") == 0);
}

static void test_neither(void)
{
    const outcome got = read_all((const uint8_t *)"PK\3\4rest", 8, 8);
    CHECK_INT(got.status, EMTL_E_UNSUPPORTED);
    CHECK(strcmp(got.error, "neither pcap nor pcapng: first bytes 0x504b0304") == 0);
}

/* ---- pcapng ---- */

static size_t open_block(bytes *b, uint32_t type, bool big)
{
    put32(b, type, big);
    put32(b, 0, big); /* the length, when it is known */
    return b->n - 8;
}

static void close_block(bytes *b, size_t start, bool big)
{
    while (b->n % 4 != 0)
        put8(b, 0);
    bytes length = {.n = 0};
    put32(&length, (uint32_t)(b->n + 4 - start), big);
    put_bytes(b, length.data, 4);
    memcpy(b->data + start + 4, length.data, 4);
}

static void put_section(bytes *b, bool big)
{
    const size_t start = open_block(b, 0x0a0d0d0a, big);
    put32(b, 0x1a2b3c4d, big);
    put16(b, 1, big);
    put16(b, 0, big);
    put64(b, UINT64_MAX, big); /* a length that nobody knows */
    close_block(b, start, big);
}

/* An interface whose clock counts 10^-resolution s from offset_s on. */
static void put_interface(bytes *b, unsigned link_type, uint32_t snaplen, unsigned resolution,
                          int64_t offset_s, bool big)
{
    const size_t start = open_block(b, 1, big);
    put16(b, link_type, big);
    put16(b, 0, big);
    put32(b, snaplen, big);
    put16(b, 2, big); /* if_name, to be passed over */
    put16(b, 3, big);
    put_bytes(b, "eth", 4);
    put16(b, 9, big);
    put16(b, 1, big);
    put8(b, resolution);
    put_bytes(b, "\0\0", 3);
    put16(b, 14, big);
    put16(b, 8, big);
    put64(b, (uint64_t)offset_s, big);
    put32(b, 0, big);
    close_block(b, start, big);
}

/* type 6: enhanced; 2: obsolete. */
static void put_packet(bytes *b, uint32_t type, uint32_t interface, uint64_t units, bool big)
{
    const size_t start = open_block(b, type, big);
    if (type == 2) {
        put16(b, interface, big);
        put16(b, 0, big);
    } else {
        put32(b, interface, big);
    }
    put32(b, (uint32_t)(units >> 32), big);
    put32(b, (uint32_t)units, big);
    put32(b, sizeof packet, big);
    put32(b, 60, big);
    put_bytes(b, packet, sizeof packet);
    close_block(b, start, big);
}

static void put_unknown(bytes *b, bool big)
{
    const size_t start = open_block(b, 0x0bad, big);
    put_bytes(b, "not for us, but 29 bytes long", 29);
    close_block(b, start, big);
}

static bytes make_pcapng(bool big)
{
    bytes b = {.n = 0};
    put_section(&b, big);
    put_unknown(&b, big);
    put_interface(&b, 1, 0, 9, 1, big);
    put_packet(&b, 6, 0, 500000999, big); /* rounded down */
    put_section(&b, !big);                /* its interfaces and byte order are its own */
    put_interface(&b, 101, 0, 6, 0, !big);
    put_interface(&b, 1, 0, 3, -1000, !big);
    put_interface(&b, 1, 0, 6, 2, !big);
    put_unknown(&b, !big);
    put_packet(&b, 2, 2, 1, !big);
    return b;
}

static void test_pcapng_sections_and_interfaces(void)
{
    for (int big = 0; big < 2; big++)
        for (size_t step = 1; step < 200; step += 7) {
            const bytes b = make_pcapng(big);
            const outcome got = read_all(b.data, b.n, step);
            check_two_packets(&got, 1);
            CHECK_INT(got.used, b.n);
        }
}

static void test_simple_packet_takes_the_time_before_it(void)
{
    bytes b = {.n = 0};
    put_section(&b, false);
    put_interface(&b, 1, 4, 6, 0, false);
    put_packet(&b, 6, 0, 77, false);
    const size_t start = open_block(&b, 3, false);
    put32(&b, 60, false);
    put_bytes(&b, packet, 4); /* 60 bytes on the wire, 4 in the snaplen */
    close_block(&b, start, false);
    const outcome got = read_all(b.data, b.n, b.n);
    CHECK_INT(got.n, 2);
    CHECK_INT(got.records[1].ts_us, 77);
    CHECK_INT(got.first_us, 77);
    CHECK_INT(got.latest_us, 77);
    CHECK_INT(got.records[1].captured, 4);
    CHECK_INT(got.records[1].wire, 60);
}

static void test_a_refused_packet_has_no_time(void)
{
    bytes b = {.n = 0};
    put_section(&b, false);
    put_interface(&b, 1, 0, 6, 0, false);
    put_packet(&b, 6, 0, 77, false);
    const size_t start = open_block(&b, 6, false);
    put32(&b, 0, false);
    put64(&b, 99, false);
    put32(&b, 5, false); /* captured, of which nothing is there */
    put32(&b, 5, false);
    close_block(&b, start, false);
    const outcome got = read_all(b.data, b.n, b.n);
    CHECK_INT(got.status, EMTL_E_MALFORMED);
    CHECK_INT(got.n, 1);
    CHECK_INT(got.latest_us, 77);
}

static void check_refused(const bytes *b, const char *part)
{
    const outcome got = read_all(b->data, b->n, b->n);
    CHECK_INT(got.status, EMTL_E_MALFORMED);
    CHECK(strstr(got.error, part) != NULL);
}

static void test_broken_blocks(void)
{
    bytes good = {.n = 0};
    put_section(&good, false);
    put_interface(&good, 1, 0, 6, 0, false);
    const size_t at = good.n;
    put_packet(&good, 6, 0, 1, false);

    bytes b = good;
    b.data[at + 8] = 1;
    check_refused(&b, "names an interface that is not there");
    b = good;
    b.data[at + 20] = 9; /* 6 bytes and 2 of padding are there */
    check_refused(&b, "claims a packet longer than itself");
    b = good;
    b.data[b.n - 4]++;
    check_refused(&b, "ends in another length");
    b = good;
    b.data[at + 7] = 0x40;
    check_refused(&b, "claims 1073741864 bytes, limit is 16777216: damaged, or not pcapng");
    b = good;
    b.data[at + 4] = 8;
    check_refused(&b, "is shorter than 12 bytes");
    b = good;
    b.data[28 + 18] = 200; /* the length of if_name */
    check_refused(&b, "has an option that passes its end");
    b = good;
    b.data[12] = 2;
    check_refused(&b, "has version 2");
    b = good;
    b.n = at;
    put_unknown(&b, false);
    b.data[b.n - 4]++;
    check_refused(&b, "ends in another length");
}

static void test_interfaces_are_bounded(void)
{
    emtl_capture *capture;
    emtl_record record;
    size_t n, used;
    bytes b = {.n = 0};
    put_section(&b, false);
    CHECK_INT(emtl_capture_new(&capture), EMTL_OK);
    CHECK_INT(emtl_capture_read(capture, b.data, b.n, &record, 1, &n, &used), EMTL_OK);
    b.n = 0;
    put_interface(&b, 1, 0, 6, 0, false);
    int status = EMTL_OK;
    int count = 0;
    for (; status == EMTL_OK && count < 100000; count++)
        status = emtl_capture_read(capture, b.data, b.n, &record, 1, &n, &used);
    CHECK_INT(status, EMTL_E_MALFORMED);
    CHECK_INT(count, 65537);
    emtl_capture_free(capture);
}

static void test_a_huge_unknown_block_is_not_buffered(void)
{
    emtl_capture *capture;
    emtl_record record;
    size_t n, used;
    bytes b = {.n = 0};
    put_section(&b, false);
    put32(&b, 0x0bad, false);
    put32(&b, 0xfffffff0, false);
    b.n = 1024;
    CHECK_INT(emtl_capture_new(&capture), EMTL_OK);
    CHECK_INT(emtl_capture_read(capture, b.data, b.n, &record, 1, &n, &used), EMTL_OK);
    CHECK_INT(used, 1024);
    CHECK(!emtl_capture_is_whole(capture));
    emtl_capture_free(capture);
}

static void test_times(void)
{
    const int64_t most = EMTL_SECONDS_MAX;
    CHECK_INT(emtl_timestamp_us(1999, 9, 0), 1);
    CHECK_INT(emtl_timestamp_us(3, 0, -5), -2000000);
    CHECK_INT(emtl_timestamp_us(UINT64_MAX, 20, 0), 184467);
    CHECK_INT(emtl_timestamp_us(UINT64_MAX, 127, 0), 0);
    CHECK_INT(emtl_timestamp_us(3, 0x80 | 1, 0), 1500000);
    CHECK_INT(emtl_timestamp_us((1u << 31) + 1, 0x80 | 31, 0), 1000000);
    /* 2^64 - 1 units of 2^-40 s: 16777215.999999999999 s */
    CHECK_INT(emtl_timestamp_us(UINT64_MAX, 0x80 | 40, 0), 16777215999999);
    CHECK_INT(emtl_timestamp_us(UINT64_MAX, 0x80 | 64, 0), 999999);
    CHECK_INT(emtl_timestamp_us(UINT64_MAX, 0x80 | 127, 0), 0);
    CHECK_INT(emtl_timestamp_us(UINT64_MAX, 0, INT64_MAX), most * 1000000);
    CHECK_INT(emtl_timestamp_us(UINT64_MAX, 6, INT64_MAX), most * 1000000);
    CHECK_INT(emtl_timestamp_us(0, 6, -most), -EMTL_TIME_MAX_US);
    CHECK_INT(emtl_timestamp_us(999999, 6, most - 1), EMTL_TIME_MAX_US - 1);
    CHECK_INT(emtl_timestamp_us(0, 6, INT64_MIN), -most * 1000000);
}

/* Nothing is read outside what was given, and a cut file gives what stands before the cut. */
static void test_every_prefix(void)
{
    guarded room = guarded_new(sizeof(bytes));
    for (int kind = 0; kind < 2; kind++) {
        const bytes b = kind == 0 ? make_pcap(0xa1b2c3d4, false) : make_pcapng(true);
        for (size_t n = 0; n <= b.n; n++) {
            const outcome got = read_all(guarded_put(&room, b.data, n), n, n == 0 ? 1 : n);
            CHECK_INT(got.status, EMTL_OK);
            CHECK(got.n <= 2 && (got.n == 2) == (n == b.n));
        }
    }
    guarded_free(&room);
}

/* Whatever one byte, or several, may become: no crash, no reading outside, an end. */
static void test_changed_bytes(void)
{
    guarded room = guarded_new(sizeof(bytes));
    uint32_t random = 1;
    for (int kind = 0; kind < 2; kind++) {
        const bytes good = kind == 0 ? make_pcap(0xa1b2c3d4, true) : make_pcapng(false);
        for (int round = 0; round < 20000; round++) {
            bytes b = good;
            for (uint32_t i = next_random(&random) % 4 + 1; i > 0; i--)
                b.data[next_random(&random) % b.n] = (uint8_t)next_random(&random);
            const outcome got = read_all(guarded_put(&room, b.data, b.n), b.n, b.n);
            CHECK((got.status == EMTL_OK) == (got.error[0] == '\0'));
        }
    }
    guarded_free(&room);
}

int main(void)
{
    test_pcap_of_every_kind();
    test_old_pcap_has_its_lengths_swapped();
    test_pcap_record_past_the_limit();
    test_neither();
    test_pcapng_sections_and_interfaces();
    test_simple_packet_takes_the_time_before_it();
    test_a_refused_packet_has_no_time();
    test_broken_blocks();
    test_interfaces_are_bounded();
    test_a_huge_unknown_block_is_not_buffered();
    test_times();
    test_every_prefix();
    test_changed_bytes();
    puts("test_capture: fine");
    return 0;
}
