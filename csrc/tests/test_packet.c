/* Golden packets through every decoder. SPDX-License-Identifier: Apache-2.0
 * Headers are written out by hand from the standards that the decoders name. */
#include "packet/packet.h"
#include "tests/support.h"

/* 10.0.0.1:1000 to 10.0.0.2:443. */
#define UDP4 "45000020 0001 0000 4011 0000 0a000001 0a000002 03e8 01bb 000c 0000 61626364"
#define UDP4_LENGTH 32
#define TCP4_OPTIONS                                                                               \
    "4600002c 0001 4000 4006 0000 0a000001 0a000002 94040000"                                      \
    "03e8 01bb 00000001 00000000 50 12 ffff 0000 0000"
/* 2001:db8::1 to ::2. */
#define ADDRESSES6 "20010db8000000000000000000000001 20010db8000000000000000000000002"
#define UDP6 "60000000 000c 11 40" ADDRESSES6 "03e8 01bb 000c 0000 61626364"
#define ETHERNET "020000000002 020000000001"

static emtl_fragments *fragments;

static emtl_skip decode(uint32_t link_type, const uint8_t *data, size_t n, emtl_packet *out)
{
    const emtl_record record = {.data = data,
                                .ts_us = 42,
                                .captured = (uint32_t)n,
                                .wire = (uint32_t)n,
                                .link_type = link_type};
    return emtl_packet_decode(&record, EMTL_TUNNELS_INNER, EMTL_PROTOCOL_TCP | EMTL_PROTOCOL_UDP,
                              fragments, out);
}

static emtl_skip decode_hex(uint32_t link_type, const char *hex, emtl_packet *out)
{
    bytes b = {.n = 0};
    put_hex(&b, hex);
    return decode(link_type, b.data, b.n, out);
}

static const struct {
    const char *what;
    const char *hex;
    uint32_t link_type;
    uint32_t length;
    uint16_t vlan;
    uint8_t version, protocol, tcp_flags;
} golden[] = {
    {"raw IPv4", UDP4, 101, UDP4_LENGTH, 0, 4, 17, 0},
    {"DLT_RAW of Linux", UDP4, 12, UDP4_LENGTH, 0, 4, 17, 0},
    {"DLT_RAW of OpenBSD", UDP4, 14, UDP4_LENGTH, 0, 4, 17, 0},
    {"link type IPv4", UDP4, 228, UDP4_LENGTH, 0, 4, 17, 0},
    {"link type IPv6", UDP6, 229, 52, 0, 6, 17, 0},
    {"IPv4 with options, SYN ACK", TCP4_OPTIONS, 101, 44, 0, 4, 6, 0x12},
    {"Ethernet", ETHERNET "0800" UDP4, 1, UDP4_LENGTH, 0, 4, 17, 0},
    {"padded Ethernet", ETHERNET "0800" UDP4 "000000000000", 1, UDP4_LENGTH, 0, 4, 17, 0},
    {"VLAN", ETHERNET "8100 2005 86dd" UDP6, 1, 52, 5, 6, 17, 0},
    {"stack of VLAN tags", ETHERNET "88a8 0007 9100 0006 9200 0005 8100 0004 0800" UDP4, 1,
     UDP4_LENGTH, 7, 4, 17, 0},
    {"priority tag", ETHERNET "8100 e000 8100 0009 0800" UDP4, 1, UDP4_LENGTH, 9, 4, 17, 0},
    {"802.3, LLC, SNAP", ETHERNET "0028 aaaa03 000000 0800" UDP4, 1, UDP4_LENGTH, 0, 4, 17, 0},
    {"802.3, SAP of IP", ETHERNET "0023 060603" UDP4, 1, UDP4_LENGTH, 0, 4, 17, 0},
    {"MPLS", ETHERNET "8847 00010040 00020140" UDP4, 1, UDP4_LENGTH, 0, 4, 17, 0},
    {"PPPoE", ETHERNET "8864 11 00 0001 0022 0021" UDP4, 1, UDP4_LENGTH, 0, 4, 17, 0},
    {"PPPoE in a VLAN", ETHERNET "8100 0003 8864 11 00 0001 0036 0057" UDP6, 1, 52, 3, 6, 17, 0},
    {"PPPoE as link type", "11 00 0001 0022 0021" UDP4, 51, UDP4_LENGTH, 0, 4, 17, 0},
    {"PPP", "0021" UDP4, 9, UDP4_LENGTH, 0, 4, 17, 0},
    {"PPP, short protocol", "21" UDP4, 9, UDP4_LENGTH, 0, 4, 17, 0},
    {"PPP, HDLC framing", "ff03 0057" UDP6, 50, 52, 0, 6, 17, 0},
    {"PPP, MPLS", "ff03 0281 00020140" UDP4, 50, UDP4_LENGTH, 0, 4, 17, 0},
    {"Cisco HDLC", "0f00 0800" UDP4, 104, UDP4_LENGTH, 0, 4, 17, 0},
    {"Linux cooked", "0000 0001 0006 0200000000010000 0800" UDP4, 113, UDP4_LENGTH, 0, 4, 17, 0},
    {"Linux cooked, VLAN", "0000 0001 0006 0200000000010000 8100 0008 0800" UDP4, 113, UDP4_LENGTH,
     8, 4, 17, 0},
    {"Linux cooked 2", "86dd 0000 00000002 0001 00 06 0200000000010000" UDP6, 276, 52, 0, 6, 17, 0},
    {"null, little-endian", "02000000" UDP4, 0, UDP4_LENGTH, 0, 4, 17, 0},
    {"null, big-endian", "0000001e" UDP6, 0, 52, 0, 6, 17, 0},
    {"loop", "00000018" UDP6, 108, 52, 0, 6, 17, 0},
    /* hop-by-hop, destination, routing, authentication (24 bytes), atomic fragment */
    {"IPv6 extensions",
     "60000000 004c 00 40" ADDRESSES6 "3c00010400000000 2b00010400000000 3300000000000000"
     "2c04 0000 00000000 00000000 00000000 00000000 00000000 1100 0000 00000009"
     "03e8 01bb 0014 0000 000102030405060708090a0b",
     101, 116, 0, 6, 17, 0},
    {"segmentation offload, IPv4",
     "45000000 0001 0000 4011 0000 0a000001 0a000002 03e8 01bb 0000 0000 61", 101, 29, 0, 4, 17, 0},
    {"segmentation offload, IPv6", "60000000 0000 11 40" ADDRESSES6 "03e8 01bb 0000 0000 61", 101,
     49, 0, 6, 17, 0},
    {"jumbogram", "60000000 0000 00 40" ADDRESSES6 "1100 c204 00011170 03e8 01bb 0000 0000", 101,
     70040, 0, 6, 17, 0},
    {"TCP cut behind the ports", "45000028 0001 0000 4006 0000 0a000001 0a000002 03e8 01bb", 101,
     40, 0, 4, 6, 0},
};

static void test_golden(void)
{
    for (size_t i = 0; i < COUNT(golden); i++) {
        emtl_packet got;
        const emtl_skip skip = decode_hex(golden[i].link_type, golden[i].hex, &got);
        if (skip != EMTL_KEPT)
            fprintf(stderr, "%s: %s\n", golden[i].what, emtl_skip_name(skip));
        CHECK_INT(skip, EMTL_KEPT);
        CHECK_INT(got.ts_us, 42);
        CHECK_INT(got.version, golden[i].version);
        CHECK_INT(got.protocol, golden[i].protocol);
        CHECK_INT(got.length, golden[i].length);
        CHECK_INT(got.vlan, golden[i].vlan);
        CHECK_INT(got.tcp_flags, golden[i].tcp_flags);
        CHECK_INT(got.src_port, 1000);
        CHECK_INT(got.dst_port, 443);
        char src[EMTL_ADDRESS_TEXT], dst[EMTL_ADDRESS_TEXT];
        emtl_address_text(got.version, got.src, src);
        emtl_address_text(got.version, got.dst, dst);
        CHECK(strcmp(src, got.version == 4 ? "10.0.0.1" : "2001:db8::1") == 0);
        CHECK(strcmp(dst, got.version == 4 ? "10.0.0.2" : "2001:db8::2") == 0);
    }
}

/* Up to the ports a cut packet is truncated; from there on it is kept, with the same length. */
static void test_every_prefix(void)
{
    guarded room = guarded_new(65536);
    for (size_t i = 0; i < COUNT(golden); i++) {
        bytes b = {.n = 0};
        put_hex(&b, golden[i].hex);
        bool kept = false;
        for (size_t n = 0; n <= b.n; n++) {
            emtl_packet got;
            const emtl_record record = {.data = guarded_put(&room, b.data, n),
                                        .captured = (uint32_t)n,
                                        .wire = (uint32_t)b.n,
                                        .link_type = golden[i].link_type};
            const emtl_skip skip =
                emtl_packet_decode(&record, EMTL_TUNNELS_INNER,
                                   EMTL_PROTOCOL_TCP | EMTL_PROTOCOL_UDP, fragments, &got);
            kept = kept || skip == EMTL_KEPT;
            CHECK_INT(skip, kept ? EMTL_KEPT : EMTL_SKIP_TRUNCATED);
            CHECK(!kept || got.length == golden[i].length);
        }
        CHECK(kept);
    }
    guarded_free(&room);
}

static void test_changed_bytes(void)
{
    guarded room = guarded_new(65536);
    uint32_t random = 2;
    for (size_t i = 0; i < COUNT(golden); i++) {
        bytes good = {.n = 0};
        put_hex(&good, golden[i].hex);
        for (int round = 0; round < 3000; round++) {
            bytes b;
            b.n = good.n;
            memcpy(b.data, good.data, good.n);
            for (uint32_t j = next_random(&random) % 4 + 1; j > 0; j--)
                b.data[next_random(&random) % b.n] = (uint8_t)next_random(&random);
            emtl_packet got;
            const emtl_skip skip =
                decode(golden[i].link_type, guarded_put(&room, b.data, b.n), b.n, &got);
            CHECK(skip < EMTL_SKIP_REASONS);
            CHECK(skip != EMTL_KEPT || (got.length > 0 && got.length <= INT32_MAX));
        }
    }
    guarded_free(&room);
}

static void test_skipped(void)
{
    static const struct {
        emtl_skip why;
        uint32_t link_type;
        uint8_t version;
        const char *hex;
    } skipped[] = {
        {EMTL_SKIP_LINK_TYPE, 147, 0, UDP4},
        {EMTL_SKIP_NOT_IP, 1, 0, ETHERNET "0806 0001 0800 06 04 0001"}, /* ARP */
        {EMTL_SKIP_NOT_IP, 1, 0, ETHERNET "0026 424203 0000000000"},    /* spanning tree */
        {EMTL_SKIP_NOT_IP, 1, 0, ETHERNET "8864 11 09 0000 0000"},      /* PPPoE discovery */
        {EMTL_SKIP_NOT_IP, 1, 0, ETHERNET "8847 00020140 00000000"},    /* pseudowire */
        {EMTL_SKIP_NOT_IP, 9, 0, "c021 01010004"},                      /* LCP */
        {EMTL_SKIP_MALFORMED, 1, 0, ETHERNET "8864 22 00 0001 0022 0021" UDP4},
        {EMTL_SKIP_TRUNCATED, 1, 0, ETHERNET},
        /* ICMP; IPv6 without a next header */
        {EMTL_SKIP_ICMP, 101, 4, "4500001c 0001 0000 4001 0000 0a000001 0a000002 08000000"},
        {EMTL_SKIP_OTHER_PROTOCOL, 101, 6, "60000000 0004 3b 40" ADDRESSES6 "00000000"},
        /* header length 16; total length 19; version 5; 3 bytes of UDP */
        {EMTL_SKIP_MALFORMED, 101, 0, "44000020 0001 0000 4011 0000 0a000001 0a000002 03e801bb"},
        {EMTL_SKIP_MALFORMED, 101, 0, "45000013 0001 0000 4011 0000 0a000001 0a000002 03e801bb"},
        {EMTL_SKIP_MALFORMED, 1, 0, ETHERNET "0800 55000020 00010000 40110000 0a000001 0a000002"},
        {EMTL_SKIP_MALFORMED, 101, 4, "45000017 0001 0000 4011 0000 0a000001 0a000002 03e801bb"},
        /* an extension header that is longer than the packet */
        {EMTL_SKIP_MALFORMED, 101, 6, "60000000 0008 3c 40" ADDRESSES6 "1105000000000000 03e801bb"},
    };
    for (size_t i = 0; i < COUNT(skipped); i++) {
        emtl_packet got;
        CHECK_INT(decode_hex(skipped[i].link_type, skipped[i].hex, &got), skipped[i].why);
        CHECK_INT(got.version, skipped[i].version);
        CHECK(emtl_skip_name(skipped[i].why) != NULL);
    }
}

static void test_endless_extensions_end(void)
{
    bytes b = {.n = 0};
    put_hex(&b, "60000000 ffff 3c 40" ADDRESSES6);
    while (b.n < 60000)
        put_hex(&b, "3c00000000000000");
    emtl_packet got;
    CHECK_INT(decode(101, b.data, b.n, &got), EMTL_SKIP_MALFORMED);
}

/* ---- fragments ---- */

#define FIRST4 "4500001c 0007 2000 4011 0000 0a000001 0a000002 03e8 01bb 0010 0000"
#define LATER4 "45000018 0007 0001 4011 0000 0a000001 0a000002 ffff ffff"
#define FIRST6 "60000000 0010 2c 40" ADDRESSES6 "1100 0001 00000007 03e8 01bb 0010 0000"
#define LATER6 "60000000 000c 2c 40" ADDRESSES6 "1100 0008 00000007 ffff ffff"

static void test_fragments_follow_the_first(void)
{
    static const struct {
        const char *first, *later;
        uint32_t length;
    } pairs[] = {{FIRST4, LATER4, 24}, {FIRST6, LATER6, 52}};
    for (size_t i = 0; i < COUNT(pairs); i++) {
        emtl_packet got;
        CHECK_INT(decode_hex(101, pairs[i].later, &got), EMTL_SKIP_FRAGMENT);
        CHECK(got.version != 0);
        CHECK_INT(decode_hex(101, pairs[i].first, &got), EMTL_KEPT);
        CHECK_INT(decode_hex(101, pairs[i].later, &got), EMTL_KEPT);
        CHECK_INT(got.src_port, 1000);
        CHECK_INT(got.dst_port, 443);
        CHECK_INT(got.protocol, 17);
        CHECK_INT(got.length, pairs[i].length);
    }
}

static void test_fragments_of_icmp_are_other(void)
{
    emtl_packet got;
    CHECK_INT(decode_hex(101, "45000018 0007 0001 4001 0000 0a000001 0a000002 ffffffff", &got),
              EMTL_SKIP_ICMP);
    CHECK_INT(decode_hex(101, "60000000 000c 2c 40" ADDRESSES6 "3a00 0008 00000007 ffffffff", &got),
              EMTL_SKIP_OTHER_PROTOCOL);
}

static void test_fragments_are_forgotten(void)
{
    emtl_packet packet = {.version = 4, .protocol = 17, .src_port = 1};
    for (uint32_t id = 0; id < 3000; id++) {
        packet.src_port = (uint16_t)id;
        emtl_fragments_put(fragments, &packet, id);
        emtl_fragments_put(fragments, &packet, id); /* again: still one place */
    }
    for (uint32_t id = 0; id < 3000; id++) {
        emtl_packet later = {.version = 4, .protocol = 17};
        const emtl_skip skip = emtl_fragments_get(fragments, &later, id);
        CHECK_INT(skip, id < 3000 - 1024 ? EMTL_SKIP_FRAGMENT : EMTL_KEPT);
        CHECK(skip != EMTL_KEPT || later.src_port == id);
    }
    emtl_packet later = {.version = 4, .protocol = 17, .ts_us = 30000000};
    CHECK_INT(emtl_fragments_get(fragments, &later, 2999), EMTL_KEPT);
    later.ts_us++;
    CHECK_INT(emtl_fragments_get(fragments, &later, 2999), EMTL_SKIP_FRAGMENT);
}

int main(void)
{
    CHECK_INT(emtl_fragments_new((emtl_hash_key){1, 2}, &fragments), EMTL_OK);
    test_golden();
    test_every_prefix();
    test_changed_bytes();
    test_skipped();
    test_endless_extensions_end();
    emtl_fragments_free(fragments);
    CHECK_INT(emtl_fragments_new((emtl_hash_key){1, 2}, &fragments), EMTL_OK);
    test_fragments_follow_the_first();
    test_fragments_of_icmp_are_other();
    test_fragments_are_forgotten();
    emtl_fragments_free(fragments);
    puts("test_packet: fine");
    return 0;
}
