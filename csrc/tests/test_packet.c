/* IP, what follows it, and its fragments. SPDX-License-Identifier: Apache-2.0 */
#include "tests/packets.h"

static const golden_packet golden[] = {
    {"UDP", UDP4, 101, UDP4_LENGTH, 4, 0, 4, 17, 0, 0},
    {"UDP over IPv6", UDP6, 101, UDP6_LENGTH, 4, 0, 6, 17, 0, 0},
    {"IPv4 with options, SYN ACK", TCP4_OPTIONS, 101, 46, 2, 0, 4, 6, 0x12, 0},
    {"TCP with options",
     "45000032 0001 0000 4006 0000 0a000001 0a000002"
     "03e8 01bb 00000001 00000000 60 18 ffff 0000 0000 01010402 616263646566",
     101, 50, 6, 0, 4, 6, 0x18, 0},
    {"TCP whose options are not all inside",
     "4500002a 0001 0000 4006 0000 0a000001 0a000002"
     "03e8 01bb 00000001 00000000 f0 10 ffff 0000 0000 0101",
     101, 42, 0, 0, 4, 6, 0x10, 0},
    {"TCP with a header of 4 bytes",
     "4500002a 0001 0000 4006 0000 0a000001 0a000002"
     "03e8 01bb 00000001 00000000 10 10 ffff 0000 0000 6162",
     101, 42, 2, 0, 4, 6, 0x10, 0},
    {"TCP cut behind the ports", "4500003c 0001 0000 4006 0000 0a000001 0a000002 03e8 01bb", 101,
     60, 20, 0, 4, 6, 0, 0},
    {"authentication, IPv4",
     "45000038 0001 0000 4033 0000 0a000001 0a000002 1104 0000 00000001 00000001 00000000 00000000"
     "00000000 03e8 01bb 000c 0000 61626364",
     101, 56, 4, 0, 4, 17, 0, 0},
    /* hop-by-hop, destination, routing, authentication (24 bytes), atomic fragment */
    {"IPv6 extensions",
     "60000000 004c 00 40" ADDRESSES6 "3c00010400000000 2b00010400000000 3300000000000000"
     "2c04 0000 00000000 00000000 00000000 00000000 00000000 1100 0000 00000009"
     "03e8 01bb 0014 0000 000102030405060708090a0b",
     101, 116, 12, 0, 6, 17, 0, 0},
    {"segmentation offload, IPv4",
     "45000000 0001 0000 4011 0000 0a000001 0a000002 03e8 01bb 0000 0000 61", 101, 29, 1, 0, 4, 17,
     0, 0},
    {"segmentation offload, IPv6", "60000000 0000 11 40" ADDRESSES6 "03e8 01bb 0000 0000 61", 101,
     49, 1, 0, 6, 17, 0, 0},
};

static const skipped_packet skipped[] = {
    {EMTL_SKIP_ICMP, 101, 4, "4500001c 0001 0000 4001 0000 0a000001 0a000002 08000000 00010001"},
    {EMTL_SKIP_ICMP, 101, 6, "60000000 0004 3a 40" ADDRESSES6 "80000000"},
    {EMTL_SKIP_SCTP, 101, 4, "45000020 0001 0000 4084 0000 0a000001 0a000002 03e801bb 0000 0000"},
    {EMTL_SKIP_UDP_LITE, 101, 6, "60000000 0008 88 40" ADDRESSES6 "03e801bb 00080000"},
    /* OSPF; no next header; what are extension headers in IPv6 alone */
    {EMTL_SKIP_OTHER_PROTOCOL, 101, 4, "45000018 0001 0000 4059 0000 0a000001 0a000002 02010000"},
    {EMTL_SKIP_OTHER_PROTOCOL, 101, 6, "60000000 0004 3b 40" ADDRESSES6 "00000000"},
    {EMTL_SKIP_OTHER_PROTOCOL, 101, 4,
     "45000020 0001 0000 403c 0000 0a000001 0a000002 1100010400000000 03e801bb"},
    /* header length 16; total length 19; version 5; 3 bytes of UDP */
    {EMTL_SKIP_MALFORMED, 101, 0, "44000020 0001 0000 4011 0000 0a000001 0a000002 03e801bb"},
    {EMTL_SKIP_MALFORMED, 101, 0, "45000013 0001 0000 4011 0000 0a000001 0a000002 03e801bb"},
    {EMTL_SKIP_MALFORMED, 1, 0, ETHERNET "0800 55000020 00010000 40110000 0a000001 0a000002"},
    {EMTL_SKIP_MALFORMED, 1, 0, ETHERNET "86dd 40000000 000c 11 40" ADDRESSES6 "03e8 01bb"},
    {EMTL_SKIP_MALFORMED, 101, 4, "45000017 0001 0000 4011 0000 0a000001 0a000002 03e801bb"},
    /* an extension header that is longer than the packet */
    {EMTL_SKIP_MALFORMED, 101, 6, "60000000 0008 3c 40" ADDRESSES6 "1105000000000000 03e801bb"},
    {EMTL_SKIP_NOT_IP, 101, 0, "50000020"},
};

static void test_protocols_as_asked(decoder *d)
{
    static const struct {
        uint32_t bit;
        emtl_skip unasked;
        uint32_t payload;
        uint16_t src_port;
        const char *hex;
    } kinds[] = {
        {EMTL_PROTOCOL_TCP, EMTL_SKIP_OTHER_PROTOCOL, 2, 1000, TCP4_OPTIONS},
        {EMTL_PROTOCOL_UDP, EMTL_SKIP_OTHER_PROTOCOL, 4, 1000, UDP4},
        {EMTL_PROTOCOL_SCTP, EMTL_SKIP_SCTP, 16,
         1000, /* a common header, and a chunk of 16 bytes */
         "45000030 0001 0000 4084 0000 0a000001 0a000002 03e801bb 00000001 00000000"
         "03000010 00000001 00010000 00000000"},
        {EMTL_PROTOCOL_UDP_LITE, EMTL_SKIP_UDP_LITE, 4, 1000,
         "45000020 0001 0000 4088 0000 0a000001 0a000002 03e8 01bb 0008 0000 61626364"},
        {EMTL_PROTOCOL_ICMP, EMTL_SKIP_ICMP, 4, 0,
         "45000020 0001 0000 4001 0000 0a000001 0a000002 0800 0000 0001 0001 61626364"},
        {EMTL_PROTOCOL_ICMP, EMTL_SKIP_ICMP, 0, 0,
         "60000000 0006 3a 40" ADDRESSES6 "80000000 0001"},
    };
    for (size_t i = 0; i < COUNT(kinds); i++) {
        for (uint32_t protocols = 1; protocols <= EMTL_PROTOCOLS; protocols++) {
            d->protocols = protocols;
            emtl_packet got;
            const bool asked = (protocols & kinds[i].bit) != 0;
            CHECK_INT(decode_hex(d, 101, kinds[i].hex, &got), asked ? EMTL_KEPT : kinds[i].unasked);
            CHECK(got.version != 0);
            if (!asked)
                continue;
            CHECK_INT(got.src_port, kinds[i].src_port);
            CHECK_INT(got.payload, kinds[i].payload);
            CHECK(got.tcp_flags == (kinds[i].bit == EMTL_PROTOCOL_TCP ? 0x12 : 0));
        }
    }
    d->protocols = TCP_UDP;
}

static void test_too_short_for_a_header(decoder *d)
{
    emtl_packet got;
    d->protocols = ALL;
    CHECK_INT(decode_hex(d, 101, "45000017 0001 0000 4001 0000 0a000001 0a000002 080000", &got),
              EMTL_SKIP_MALFORMED);
    CHECK_INT(decode_hex(d, 101, "45000017 0001 0000 4084 0000 0a000001 0a000002 03e801", &got),
              EMTL_SKIP_MALFORMED);
    d->protocols = TCP_UDP;
}

static void test_names_of_reasons(void)
{
    for (emtl_skip skip = EMTL_SKIP_LINK_TYPE; skip < EMTL_SKIP_REASONS; skip++)
        for (emtl_skip other = EMTL_SKIP_LINK_TYPE; other < skip; other++)
            CHECK(strcmp(emtl_skip_name(skip), emtl_skip_name(other)) != 0);
    CHECK(emtl_skip_name(EMTL_KEPT) == NULL);
    CHECK(emtl_skip_name(EMTL_SKIP_REASONS) == NULL);
}

static void test_endless_extensions_end(decoder *d)
{
    bytes b = {.n = 0};
    put_hex(&b, "60000000 ffff 3c 40" ADDRESSES6);
    while (b.n < 60000)
        put_hex(&b, "3c00000000000000");
    emtl_packet got;
    CHECK_INT(decode_bytes(d, 101, &b, b.n, &got), EMTL_SKIP_MALFORMED);
}

static void test_a_record_that_claims_too_much(decoder *d)
{
    bytes b = {.n = 0};
    put_hex(&b, "45000000 0001 0000 4011 0000 0a000001 0a000002 03e8 01bb 0000 0000");
    const emtl_record record = {
        .data = b.data, .captured = (uint32_t)b.n, .wire = UINT32_MAX, .link_type = 101};
    emtl_packet got;
    CHECK_INT(emtl_packet_decode(&record, 0, TCP_UDP, d->fragments, &got), EMTL_KEPT);
    CHECK_INT(got.length, INT32_MAX);
    CHECK_INT(got.payload, INT32_MAX - 28);
}

/* Of 70,000 bytes of payload, which the wire must have had. */
static void test_a_jumbogram_is_no_longer_than_the_wire_says(decoder *d)
{
    bytes b = {.n = 0};
    put_hex(&b, "60000000 0000 00 40" ADDRESSES6 "1100 c204 00011170 03e8 01bb 0000 0000");
    emtl_record record = {
        .data = b.data, .captured = (uint32_t)b.n, .wire = 70040, .link_type = 101};
    emtl_packet got;
    CHECK_INT(emtl_packet_decode(&record, 0, TCP_UDP, d->fragments, &got), EMTL_KEPT);
    CHECK_INT(got.length, 70040);
    CHECK_INT(got.payload, 69984);
    CHECK_INT(got.dst_port, 443);
    record.wire--;
    CHECK_INT(emtl_packet_decode(&record, 0, TCP_UDP, d->fragments, &got), EMTL_SKIP_MALFORMED);
    CHECK_INT(got.version, 0);
}

/* ---- fragments ---- */

#define FIRST4 "4500001c 0007 2000 4011 0000 0a000001 0a000002 03e8 01bb 0010 0000"
#define LATER4 "45000018 0007 0001 4011 0000 0a000001 0a000002 ffff ffff"
#define FIRST6 "60000000 0010 2c 40" ADDRESSES6 "1100 0001 00000007 03e8 01bb 0010 0000"
#define LATER6 "60000000 000c 2c 40" ADDRESSES6 "1100 0008 00000007 ffff ffff"
/* Behind the fragment header an extension header; behind the IPv4 header authentication. */
#define FIRST6_OPTIONS                                                                             \
    "60000000 0018 2c 40" ADDRESSES6 "3c00 0001 00000008 1100010400000000 03e8 01bb 0010 0000"
#define LATER6_OPTIONS "60000000 000c 2c 40" ADDRESSES6 "3c00 0010 00000008 ffff ffff"
#define FIRST4_AH                                                                                  \
    "45000028 0009 2000 4033 0000 0a000001 0a000002"                                               \
    "1101 0000 00000001 00000001 03e8 01bb 0010 0000"
#define LATER4_AH "45000018 0009 0003 4033 0000 0a000001 0a000002 ffff ffff"

static void test_fragments_follow_the_first(decoder *d)
{
    static const struct {
        const char *first, *later;
        uint32_t length, payload;
    } pairs[] = {{FIRST4, LATER4, 24, 4},
                 {FIRST6, LATER6, 52, 4},
                 {FIRST6_OPTIONS, LATER6_OPTIONS, 52, 4},
                 {FIRST4_AH, LATER4_AH, 24, 4}};
    for (size_t i = 0; i < COUNT(pairs); i++) {
        emtl_packet got;
        CHECK_INT(decode_hex(d, 101, pairs[i].later, &got), EMTL_SKIP_FRAGMENT);
        CHECK(got.version != 0);
        CHECK_INT(decode_hex(d, 101, pairs[i].first, &got), EMTL_KEPT);
        CHECK_INT(got.segment, 0);
        CHECK_INT(got.fragment, 1);
        CHECK_INT(decode_hex(d, 101, pairs[i].later, &got), EMTL_KEPT);
        CHECK_INT(got.src_port, 1000);
        CHECK_INT(got.dst_port, 443);
        CHECK_INT(got.protocol, 17);
        CHECK_INT(got.length, pairs[i].length);
        CHECK_INT(got.payload, pairs[i].payload);
        CHECK_INT(got.segment, 0);
        CHECK_INT(got.fragment, 1);
        CHECK_INT(got.tcp_flags, 0);
        CHECK_INT(got.ts_us, 42);
    }
}

static void test_fragments_of_what_is_not_asked_for(decoder *d)
{
    static const struct {
        emtl_skip why;
        const char *hex;
    } later[] = {
        {EMTL_SKIP_ICMP, "45000018 0008 0001 4001 0000 0a000001 0a000002 ffffffff"},
        {EMTL_SKIP_ICMP, "60000000 000c 2c 40" ADDRESSES6 "3a00 0008 00000009 ffffffff"},
        {EMTL_SKIP_SCTP, "45000018 0008 0001 4084 0000 0a000001 0a000002 ffffffff"},
        {EMTL_SKIP_OTHER_PROTOCOL, "45000018 0008 0001 4032 0000 0a000001 0a000002 ffffffff"},
        /* what may hold a tunnel, or is behind an extension header: nobody knows */
        {EMTL_SKIP_FRAGMENT, "45000018 0008 0001 402f 0000 0a000001 0a000002 ffffffff"},
        {EMTL_SKIP_FRAGMENT, "60000000 000c 2c 40" ADDRESSES6 "3c00 0008 00000009 ffffffff"},
    };
    for (size_t i = 0; i < COUNT(later); i++) {
        emtl_packet got;
        CHECK_INT(decode_hex(d, 101, later[i].hex, &got), later[i].why);
    }
}

static void test_fragments_of_icmp_as_asked(decoder *d)
{
    emtl_packet got;
    d->protocols = ALL;
    CHECK_INT(decode_hex(d, 101,
                         "4500001c 000a 2000 4001 0000 0a000001 0a000002 0800 0000 0001 0001",
                         &got),
              EMTL_KEPT);
    CHECK_INT(decode_hex(d, 101, "45000018 000a 0001 4001 0000 0a000001 0a000002 ffffffff", &got),
              EMTL_KEPT);
    CHECK_INT(got.src_port, 0);
    CHECK_INT(got.protocol, 1);
    d->protocols = TCP_UDP;
}

static void test_fragments_are_forgotten(emtl_fragments *fragments)
{
    emtl_packet packet = {.version = 4, .protocol = 17, .src_port = 1};
    emtl_fragment fragment = {EMTL_FIRST_FRAGMENT, 0, 17};
    for (; fragment.id < 3000; fragment.id++) {
        packet.src_port = (uint16_t)fragment.id;
        emtl_fragments_put(fragments, &fragment, &packet, EMTL_KEPT);
        emtl_fragments_put(fragments, &fragment, &packet, EMTL_KEPT); /* still one place */
    }
    for (fragment.id = 0; fragment.id < 3000; fragment.id++) {
        emtl_packet later = {.version = 4, .protocol = 17};
        const emtl_skip skip = emtl_fragments_get(fragments, &fragment, &later);
        CHECK_INT(skip, fragment.id < 3000 - 1024 ? EMTL_SKIP_FRAGMENT : EMTL_KEPT);
        CHECK(skip != EMTL_KEPT || later.src_port == fragment.id);
    }
    emtl_packet later = {.version = 4, .protocol = 17, .ts_us = 60000000};
    fragment.id = 2999;
    CHECK_INT(emtl_fragments_get(fragments, &fragment, &later), EMTL_KEPT);
    later.ts_us++;
    CHECK_INT(emtl_fragments_get(fragments, &fragment, &later), EMTL_SKIP_FRAGMENT);
    later.ts_us = 0;
    emtl_fragments_put(fragments, &fragment, &packet, EMTL_SKIP_FRAGMENT); /* it holds a tunnel */
    CHECK_INT(emtl_fragments_get(fragments, &fragment, &later), EMTL_SKIP_FRAGMENT);
}

int main(void)
{
    decoder d = decoder_new();
    check_every_prefix(&d, golden, COUNT(golden));
    check_changed_bytes(&d, golden, COUNT(golden));
    check_skipped(&d, skipped, COUNT(skipped));
    test_protocols_as_asked(&d);
    test_too_short_for_a_header(&d);
    test_names_of_reasons();
    test_endless_extensions_end(&d);
    test_a_record_that_claims_too_much(&d);
    test_a_jumbogram_is_no_longer_than_the_wire_says(&d);
    decoder_free(&d);
    d = decoder_new();
    test_fragments_follow_the_first(&d);
    test_fragments_of_what_is_not_asked_for(&d);
    test_fragments_of_icmp_as_asked(&d);
    test_fragments_are_forgotten(d.fragments);
    decoder_free(&d);
    puts("test_packet: fine");
    return 0;
}
