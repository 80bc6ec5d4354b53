/* Golden packets in every tunnel, and what only looks like one. SPDX-License-Identifier: Apache-2.0
 */
#include "tests/packets.h"

#define IN_V4(tunnels) 101, UDP4_LENGTH, 4, 0, 4, 17, 0, tunnels
#define IN_V6(tunnels) 101, UDP6_LENGTH, 4, 0, 6, 17, 0, tunnels
#define FRAME4 ETHERNET "0800" UDP4
#define WIFI "0801 0000 020000000001 020000000002 020000000003 1000 aaaa03 000000 0800"
/* 82 bytes. */
#define VXLAN4 IPV4("0052", "11") UDP("12b5") "08000000 00000100" FRAME4

static const golden_packet golden[] = {
    {"IP in IP, RFC 2003", IPV4("0034", "04") UDP4, IN_V4(1)},
    {"TCP in IP in IP", IPV4("0042", "04") TCP4_OPTIONS, 101, 46, 2, 0, 4, 6, 0x12, 1},
    {"6in4, RFC 4213", IPV4("0048", "29") UDP6, IN_V6(1)},
    {"IPv4 in IPv6, RFC 2473", IPV6("0028", "3c") "0400 040101 000000" UDP4, IN_V4(1)},
    {"IPv6 in IPv6", IPV6("0034", "29") UDP6, IN_V6(1)},
    {"authentication, tunnel mode", IPV4("0040", "33") "0401 0000 00000001 00000001" UDP4,
     IN_V4(1)},
    {"GRE", IPV4("0038", "2f") "0000 0800" UDP4, IN_V4(1)},
    {"GRE with all there is, RFC 2890",
     IPV4("0058", "2f") "b000 86dd 00000000 00000001 00000002" UDP6, IN_V6(1)},
    {"GRE with a route, RFC 1701",
     IPV4("0048", "2f") "4000 0800 00000000 0800 00 04 0a000009 0000 00 00" UDP4, IN_V4(1)},
    {"GRE, MPLS", IPV4("003c", "2f") "0000 8847 00020140" UDP4, IN_V4(1)},
    {"GRE, Ethernet", IPV4("004a", "2f") "2000 6558 00000001" FRAME4, IN_V4(1)},
    {"GRE, 802.11", IPV4("0058", "2f") "0000 8200" WIFI UDP4, IN_V4(1)},
    {"GRE, WCCP", IPV4("003c", "2f") "0000 883e 00000000" UDP4, IN_V4(1)},
    {"GRE, WCCP's first version", IPV4("0038", "2f") "0000 883e" UDP4, IN_V4(1)},
    {"PPTP, RFC 2637", IPV4("0044", "2f") "3001 880b 0024 0001 00000001 ff03 0021" UDP4, IN_V4(1)},
    {"PPTP with acknowledgement",
     IPV4("0045", "2f") "3081 880b 0021 0001 00000001 00000002 21" UDP4, IN_V4(1)},
    {"ERSPAN I", IPV4("0046", "2f") "0000 88be" FRAME4, IN_V4(1)},
    {"ERSPAN II", IPV4("0052", "2f") "1000 88be 00000001 10010000 00000000" FRAME4, IN_V4(1)},
    {"ERSPAN III",
     IPV4("005e", "2f") "1000 22eb 00000001 20010000 00000000 00000001 00000000 00000000" FRAME4,
     IN_V4(1)},
    {"EtherIP, RFC 3378", IPV4("0044", "61") "3000" FRAME4, IN_V4(1)},
    {"MPLS in IP, RFC 4023", IPV4("0038", "89") "00020140" UDP4, IN_V4(1)},
    {"PIM register", IPV4("003c", "67") "21000000 00000000" UDP4, IN_V4(1)},
    {"L2TP 3 over IP, Ethernet behind a cookie", IPV4("004a", "73") "00000001 11111111" FRAME4,
     IN_V4(1)},
    {"L2TP 3 over IP, PPP", IPV4("003c", "73") "00000001 ff03 0021" UDP4, IN_V4(1)},
    {"VXLAN", VXLAN4, IN_V4(1)},
    {"VXLAN over IPv6, on Linux's port, VLAN inside",
     IPV6("0056", "11") UDP("2118") "08000000 00000100" ETHERNET "8100 0007 86dd" UDP6, 101,
     UDP6_LENGTH, 4, 7, 6, 17, 0, 1},
    {"VXLAN-GPE", IPV4("0044", "11") UDP("12b6") "0c000001 00000100" UDP4, IN_V4(1)},
    {"VXLAN-GPE, NSH", IPV4("004c", "11") UDP("12b6") "0c000004 00000100 0fc2 02 01 00000001" UDP4,
     IN_V4(1)},
    {"Geneve", IPV4("0052", "11") UDP("17c1") "00 00 6558 00000100" FRAME4, IN_V4(1)},
    {"Geneve with options",
     IPV4("0060", "11") UDP("17c1") "02 40 86dd 00000100 00010001 00000000" UDP6, IN_V6(1)},
    {"GTP", IPV4("0044", "11") UDP("0868") "30 ff 0020 00000001" UDP4, IN_V4(1)},
    {"GTP, sequence number and extension",
     IPV4("004c", "11") UDP("0868") "36 ff 0028 00000001 0001 00 85 01 1009 00" UDP4, IN_V4(1)},
    {"GTP, two extensions",
     IPV4("0054", "11")
         UDP("0868") "34 ff 0030 00000001 0000 00 c0 01 0001 85 02 00000000 0000 00" UDP4,
     IN_V4(1)},
    {"GTP, no sequence number but room for it",
     IPV4("0048", "11") UDP("0868") "31 ff 0024 00000001 0000 07 85" UDP4, IN_V4(1)},
    {"GTP from its port", IPV4("0044", "11") "0868 1388 0000 0000 30 ff 0020 00000001" UDP4,
     IN_V4(1)},
    {"GTP version 0",
     IPV4("0050", "11") UDP("0d3a") "1e ff 0020 0001 0000 ff ffffff 0000000000000001" UDP4,
     IN_V4(1)},
    {"L2TP", IPV4("0046", "11") UDP("06a5") "0002 0001 0001 ff03 0021" UDP4, IN_V4(1)},
    {"L2TP with all there is",
     IPV4("004d", "11") UDP("06a5") "4a02 0031 0001 0001 0000 0000 0002 0000 21" UDP4, IN_V4(1)},
    {"L2TP 3", IPV4("0052", "11") UDP("06a5") "0003 0000 00000001" FRAME4, IN_V4(1)},
    {"Teredo", IPV4("0050", "11") UDP("0dd8") UDP6, IN_V6(1)},
    {"Teredo with authentication and origin",
     IPV4("006a", "11") UDP("0dd8") "0001 02 03 aabb ccddee 0011223344556677 00"
                                    "0000 fc17 c0000201" UDP6,
     IN_V6(1)},
    {"LISP", IPV4("0044", "11") UDP("10f5") "80000001 00000001" UDP4, IN_V4(1)},
    {"MPLS in UDP, RFC 7510", IPV4("0040", "11") UDP("19eb") "00020140" UDP4, IN_V4(1)},
    {"GRE in UDP, RFC 8086", IPV4("0040", "11") UDP("1292") "0000 0800" UDP4, IN_V4(1)},
    {"AYIYA",
     IPV4("007c", "11") UDP("13d0") "44 52 11 29 00000000 20010db8000000000000000000000009"
                                    "0000000000000000000000000000000000000000" UDP6,
     IN_V6(1)},
    {"VXLAN in GRE", IPV4("006a", "2f") "0000 0800" VXLAN4, IN_V4(2)},
    {"VLAN outside counts",
     ETHERNET "8100 0003 0800" IPV4("0056", "2f") "0000 6558" ETHERNET "8100 0004 0800" UDP4
                                                  "000000",
     1, UDP4_LENGTH, 4, 3, 4, 17, 0, 1},
    {"offload in a tunnel",
     IPV4("0000", "2f") "0000 0800 45000000 0001 0000 4011 0000 0a000001 0a000002 03e801bb00000000",
     101, 28, 0, 0, 4, 17, 0, 1},
};

/* UDP4 less its payload, one byte of which is claimed. */
#define LONGER4(fragment) "4500001d 0001" fragment "4011 0000 0a000001 0a000002 03e8 01bb 0009 0000"

/* No tunnel, though the port is that of one: the UDP packet is the flow, and its VLAN alone counts.
 */
static void test_no_tunnel(decoder *d)
{
    static const char *const packets[] = {
        IPV4("0024", "11") UDP("12b5") "00000000 00000000",                          /* no flag */
        IPV4("0036", "11") UDP("12b5") "08000000 00000100" ETHERNET "0806 00010800", /* ARP */
        IPV4("003a", "11") UDP("12b5") "08000000 00000100" ETHERNET "8100 0009 0806 00010800",
        IPV4("0052", "11") UDP("12b5") "08000000 00000100" ETHERNET "0800 55" UDP4, /* version 5 */
        IPV4("0044", "11") UDP("12b6") "0c000009 00000100" UDP4,
        IPV4("0052", "11") UDP("17c1") "40 00 6558 00000100" FRAME4,  /* version 1 */
        IPV4("0044", "11") UDP("0868") "32 01 0020 00000001" UDP4,    /* echo request */
        IPV4("0044", "11") UDP("0868") "50 ff 0020 00000001" UDP4,    /* version 2 */
        IPV4("0044", "11") UDP("0868") "30 ff 0020 00000001 21" UDP4, /* PPP, perhaps */
        IPV4("004c", "11") UDP("0868") "36 ff 0028 00000001 0001 00 85 00 1009 00" UDP4,
        IPV4("0046", "11") UDP("06a5") "c802 0014 0001 0001 ff03 0021" UDP4, /* control */
        IPV4("0046", "11") UDP("06a5") "0004 0001 0001 ff03 0021" UDP4,
        IPV4("0050", "11") UDP("0dd8") "01000000" UDP6,
        IPV4("0024", "11") UDP("10f5") "80000001 00000001",
        IPV4("001c", "11") UDP("12b5"),
        IPV4("0018", "11") UDP("12b5"), /* ports alone */
        IPV4("007c", "11") UDP("13d0") "44 52 10 29 00000000 20010db8000000000000000000000009",
        IPV4("003c", "11") "0868 0035 0020 0000 1234 0100 0001 0000 0000 0000", /* DNS */
        /* one byte more than the UDP packet holds; the last one a fragment */
        IPV4("0050", "11") UDP("0dd8") "60000000 000d 11 40" ADDRESSES6 "03e801bb000c000061626364",
        IPV4("003c", "11") UDP("19eb") "00020140" LONGER4("0000"),
        IPV4("0040", "11") UDP("10f5") "80000001 00000001" LONGER4("2000"),
    };
    static const char *const frames[] = {ETHERNET "0800", ETHERNET "8100 0002 0800"};
    for (size_t i = 0; i < COUNT(packets); i++) {
        for (unsigned tagged = 0; tagged < COUNT(frames); tagged++) {
            bytes b = {.n = 0};
            put_hex(&b, frames[tagged]);
            const size_t ip = b.n;
            put_hex(&b, packets[i]);
            emtl_packet got;
            const emtl_skip skip = decode_bytes(d, 1, &b, b.n, &got);
            if (skip != EMTL_KEPT || got.tunnels != 0)
                fprintf(stderr, "%s: %s\n", packets[i], emtl_skip_name(skip));
            CHECK_INT(skip, EMTL_KEPT);
            CHECK_INT(got.tunnels, 0);
            CHECK_INT(got.vlan, tagged ? 2 : 0);
            CHECK_INT(got.length, b.data[ip + 2] << 8 | b.data[ip + 3]);
            CHECK_INT(got.src[0], 192);
        }
    }
}

static const skipped_packet skipped[] = {
    {EMTL_SKIP_ICMP, 101, 4,
     IPV4("0034",
          "04") "45000020 0001 0000 4001 0000 0a000001 0a000002 08000000 00010001 00000000"},
    {EMTL_SKIP_ICMP, 101, 4,
     IPV4("0052", "11") UDP(
         "12b5") "08000000 00000100" ETHERNET
                 "0800 45000020 0001 0000 4001 0000 0a000001 0a000002 08000000 00010001 00000000"},
    {EMTL_SKIP_OTHER_PROTOCOL, 101, 4, IPV4("0020", "2f") "0000 0806 00010800"},
    {EMTL_SKIP_OTHER_PROTOCOL, 101, 4, IPV4("0038", "2f") "0002 0800" UDP4},
    {EMTL_SKIP_OTHER_PROTOCOL, 101, 4, IPV4("0020", "2f") "2081 880b 0000 0001 00000001"},
    {EMTL_SKIP_OTHER_PROTOCOL, 101, 4,
     IPV4("0038", "2f") "0000 883e"
                        "00000000 70" UDP4},
    {EMTL_SKIP_OTHER_PROTOCOL, 101, 4, IPV4("0044", "61") "2000" FRAME4},
    {EMTL_SKIP_OTHER_PROTOCOL, 101, 4, IPV4("001c", "67") "20000000 00000000"}, /* hello */
    {EMTL_SKIP_OTHER_PROTOCOL, 101, 4, IPV4("003c", "67") "21000000 40000000" UDP4},
    {EMTL_SKIP_OTHER_PROTOCOL, 101, 4, IPV4("0024", "73") "00000000 c8030010 00000000 00000000"},
    {EMTL_SKIP_OTHER_PROTOCOL, 101, 4,
     IPV4("0028", "73") "00000001 c8030010 00000000 00000000 00000000"},
    {EMTL_SKIP_OTHER_PROTOCOL, 101, 6,
     IPV4("0050", "11") UDP("0dd8") /* Teredo's bubble */
     "60000000 0000 3b 40" ADDRESSES6},
    {EMTL_SKIP_MALFORMED, 101, 4, IPV4("0042", "29") TCP4_OPTIONS},
    {EMTL_SKIP_MALFORMED, 101, 4,
     IPV4("0037", "04") "45000017 0001 0000 4011 0000 0a000001 0a000002 03e801bb"},
    {EMTL_SKIP_TRUNCATED, 101, 4, IPV4("0034", "04") "45000020 0001"},
};

static void test_outer(decoder *d)
{
    d->tunnels = EMTL_TUNNELS_OUTER;
    emtl_packet got;
    CHECK_INT(decode_hex(d, 101, VXLAN4, &got), EMTL_KEPT);
    CHECK_INT(got.length, 82);
    CHECK_INT(got.payload, 54);
    CHECK_INT(got.dst_port, 4789);
    CHECK_INT(got.tunnels, 0);
    CHECK_INT(got.segment, 0); /* that of the record is the inner packet's */
    CHECK_INT(decode_hex(d, 101, IPV4("0034", "04") UDP4, &got), EMTL_SKIP_OTHER_PROTOCOL);
    CHECK_INT(decode_hex(d, 101, UDP4, &got), EMTL_KEPT);
    CHECK_INT(got.segment, 1400);
    d->tunnels = EMTL_TUNNELS_INNER;
    /* VXLAN of something else than IP; GTP by its source port */
    CHECK_INT(decode_hex(d, 101, IPV4("0024", "11") UDP("12b5") "0800000000000100", &got),
              EMTL_KEPT);
    CHECK_INT(got.segment, 0);
    CHECK_INT(decode_hex(d, 101, IPV4("0020", "11") "0868 03e8 0000 0000 61626364", &got),
              EMTL_KEPT);
    CHECK_INT(got.segment, 0);
}

static void test_protocols_are_those_of_the_inner(decoder *d)
{
    emtl_packet got;
    d->protocols = EMTL_PROTOCOL_TCP;
    CHECK_INT(
        decode_hex(d, 101, IPV4("0052", "11") UDP("12b6") "0c000001 00000100" TCP4_OPTIONS, &got),
        EMTL_KEPT);
    CHECK_INT(got.protocol, 6);
    CHECK_INT(decode_hex(d, 101, VXLAN4, &got), EMTL_SKIP_OTHER_PROTOCOL);
    d->protocols = TCP_UDP;
}

/* Eight IP headers are followed; a stack of more is made to cost time. */
static void test_stacks_end(decoder *d)
{
    for (unsigned headers = 1; headers < 3000; headers = headers < 12 ? headers + 1 : headers * 2) {
        bytes b = {.n = 0};
        for (unsigned i = 1; i < headers; i++) {
            put_hex(&b, "4500");
            put16(&b, 20 * (headers - i) + UDP4_LENGTH, true);
            put_hex(&b, "0001 0000 4004 0000 c0a80001 c0a80002");
        }
        put_hex(&b, UDP4);
        emtl_packet got;
        CHECK_INT(decode_bytes(d, 101, &b, b.n, &got),
                  headers <= 8 ? EMTL_KEPT : EMTL_SKIP_MALFORMED);
        CHECK(headers > 8 || (got.tunnels == headers - 1 && got.src_port == 1000));
    }
}

/* ---- fragments of what holds a tunnel, and in one ---- */

#define FRAGMENT(length, id, fragment, protocol)                                                   \
    "4500" length id fragment "40" protocol "0000 c0a80001 c0a80002"

static void test_later_fragments_of_a_tunnel_are_counted(decoder *d)
{
    emtl_packet got;
    CHECK_INT(decode_hex(d, 101,
                         FRAGMENT("0052", "0007", "2000", "11")
                             UDP("12b5") "08000000 00000100" FRAME4,
                         &got),
              EMTL_KEPT);
    CHECK_INT(got.length, UDP4_LENGTH);
    CHECK_INT(decode_hex(d, 101, FRAGMENT("0018", "0007", "0009", "11") "ffffffff", &got),
              EMTL_SKIP_FRAGMENT);
    CHECK_INT(decode_hex(d, 101, FRAGMENT("0038", "0008", "2000", "2f") "0000 0800" UDP4, &got),
              EMTL_KEPT);
    CHECK_INT(decode_hex(d, 101, FRAGMENT("0018", "0008", "0009", "2f") "ffffffff", &got),
              EMTL_SKIP_FRAGMENT);
    /* the identification comes again, with no tunnel */
    CHECK_INT(decode_hex(d, 101,
                         FRAGMENT("0024", "0007", "2000", "11") UDP("12b5") "0000000000000000",
                         &got),
              EMTL_KEPT);
    CHECK_INT(decode_hex(d, 101, FRAGMENT("0018", "0007", "0002", "11") "ffffffff", &got),
              EMTL_KEPT);
    CHECK_INT(got.dst_port, 4789);
}

static void test_fragments_of_the_outer_packet(decoder *d)
{
    emtl_packet got;
    d->tunnels = EMTL_TUNNELS_OUTER;
    CHECK_INT(decode_hex(d, 101,
                         FRAGMENT("0052", "0017", "2000", "11")
                             UDP("12b5") "08000000 00000100" FRAME4,
                         &got),
              EMTL_KEPT);
    CHECK_INT(decode_hex(d, 101, FRAGMENT("0018", "0017", "0009", "11") "ffffffff", &got),
              EMTL_KEPT);
    CHECK_INT(got.dst_port, 4789);
    d->tunnels = EMTL_TUNNELS_INNER;
}

static void test_fragments_in_a_tunnel(decoder *d)
{
    emtl_packet got;
    CHECK_INT(decode_hex(d, 101,
                         IPV4("0034", "2f") "0000 0800" FRAGMENT("001c", "0027", "2000",
                                                                 "11") "03e8 01bb 0010 0000",
                         &got),
              EMTL_KEPT);
    CHECK_INT(
        decode_hex(d, 101,
                   IPV4("0030", "2f") "0000 0800" FRAGMENT("0018", "0027", "0001", "11") "ffffffff",
                   &got),
        EMTL_KEPT);
    CHECK_INT(got.src_port, 1000);
    CHECK_INT(got.length, 24);
    CHECK_INT(got.tunnels, 1);
}

int main(void)
{
    decoder d = decoder_new();
    check_every_prefix(&d, golden, COUNT(golden));
    check_changed_bytes(&d, golden, COUNT(golden));
    check_skipped(&d, skipped, COUNT(skipped));
    test_no_tunnel(&d);
    test_outer(&d);
    test_protocols_are_those_of_the_inner(&d);
    test_stacks_end(&d);
    test_later_fragments_of_a_tunnel_are_counted(&d);
    test_fragments_of_the_outer_packet(&d);
    test_fragments_in_a_tunnel(&d);
    decoder_free(&d);
    puts("test_packet_tunnels: fine");
    return 0;
}
