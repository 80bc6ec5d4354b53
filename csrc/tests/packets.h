/* What the tests of the decoders share. SPDX-License-Identifier: Apache-2.0
 * Headers are written out by hand from the standards that the decoders name. */
#ifndef EMTL_TESTS_PACKETS_H
#define EMTL_TESTS_PACKETS_H

#include "packet/decode.h"
#include "tests/support.h"

/* 10.0.0.1:1000 to 10.0.0.2:443, 4 bytes of payload. */
#define UDP4 "45000020 0001 0000 4011 0000 0a000001 0a000002 03e8 01bb 000c 0000 61626364"
#define UDP4_LENGTH 32
#define TCP4_OPTIONS                                                                               \
    "4600002e 0001 4000 4006 0000 0a000001 0a000002 94040000"                                      \
    "03e8 01bb 00000001 00000000 50 12 ffff 0000 0000 6162"
/* 2001:db8::1 to ::2. */
#define ADDRESSES6 "20010db8000000000000000000000001 20010db8000000000000000000000002"
#define UDP6 "60000000 000c 11 40" ADDRESSES6 "03e8 01bb 000c 0000 61626364"
#define UDP6_LENGTH 52
#define ETHERNET "020000000002 020000000001"

/* Around them: 192.168.0.1 to .2, and UDP of port 5000. */
#define IPV4(length, protocol) "4500" length "0009 0000 40" protocol "0000 c0a80001 c0a80002"
#define IPV6(length, protocol)                                                                     \
    "60000000" length protocol                                                                     \
    "40 fd000000000000000000000000000001 fd000000000000000000000000000002"
#define UDP(port) "1388" port "0000 0000"

enum { ALL = EMTL_PROTOCOLS, TCP_UDP = EMTL_PROTOCOL_TCP | EMTL_PROTOCOL_UDP };

typedef struct {
    const char *what;
    const char *hex;
    uint32_t link_type;
    uint32_t length, payload;
    uint16_t vlan;
    uint8_t version, protocol, tcp_flags, tunnels;
} golden_packet;

/* Decoding as the tests want it, with room that ends at a guard page. */
typedef struct {
    emtl_fragments *fragments;
    guarded room;
    uint32_t tunnels, protocols;
} decoder;

static inline decoder decoder_new(void)
{
    decoder d = {NULL, guarded_new(65536), EMTL_TUNNELS_INNER, TCP_UDP};
    CHECK_INT(emtl_fragments_new((emtl_hash_key){1, 2}, &d.fragments), EMTL_OK);
    return d;
}

static inline void decoder_free(decoder *d)
{
    emtl_fragments_free(d->fragments);
    guarded_free(&d->room);
}

/* n of the packet's bytes were captured. The short way for plain packets gives what the long one
 * does. */
static inline emtl_skip decode_bytes(decoder *d, uint32_t link_type, const bytes *packet, size_t n,
                                     emtl_packet *out)
{
    const emtl_record record = {.data = guarded_put(&d->room, packet->data, n),
                                .ts_us = 42,
                                .captured = (uint32_t)n,
                                .wire = (uint32_t)packet->n,
                                .link_type = link_type,
                                .segment = 1400};
    emtl_packet general;
    memset(&general, 0xee, sizeof general);
    memset(out, 0xee, sizeof *out);
    const emtl_skip why =
        emtl_headers_decode(&record, d->tunnels, d->protocols, d->fragments, &general);
    const emtl_skip skip = emtl_packet_decode(&record, d->tunnels, d->protocols, d->fragments, out);
    CHECK_INT(skip, why);
    CHECK(skip != EMTL_KEPT || memcmp(out, &general, sizeof general) == 0);
    return skip;
}

static inline emtl_skip decode_hex(decoder *d, uint32_t link_type, const char *hex,
                                   emtl_packet *out)
{
    bytes b = {.n = 0};
    put_hex(&b, hex);
    return decode_bytes(d, link_type, &b, b.n, out);
}

static inline void check_golden(const golden_packet *want, const emtl_packet *got)
{
    CHECK_INT(got->ts_us, 42);
    CHECK_INT(got->version, want->version);
    CHECK_INT(got->protocol, want->protocol);
    CHECK_INT(got->length, want->length);
    CHECK_INT(got->payload, want->payload);
    CHECK_INT(got->segment, 1400);
    CHECK_INT(got->vlan, want->vlan);
    CHECK_INT(got->tcp_flags, want->tcp_flags);
    CHECK_INT(got->tunnels, want->tunnels);
    CHECK_INT(got->src_port, 1000);
    CHECK_INT(got->dst_port, 443);
    static const uint8_t zero[12];
    char src[EMTL_ADDRESS_TEXT], dst[EMTL_ADDRESS_TEXT];
    emtl_address_text(got->version, got->src, src);
    emtl_address_text(got->version, got->dst, dst);
    CHECK(strcmp(src, got->version == 4 ? "10.0.0.1" : "2001:db8::1") == 0);
    CHECK(strcmp(dst, got->version == 4 ? "10.0.0.2" : "2001:db8::2") == 0);
    CHECK(got->version == 6 || memcmp(got->src + 4, zero, 12) == 0);
    CHECK(got->version == 6 || memcmp(got->dst + 4, zero, 12) == 0);
}

/* Every packet is kept and says what it should; so does each cut one that has its ports. One
 * without is truncated, or, until the IP header inside was captured, the UDP packet of the tunnel.
 */
static inline void check_every_prefix(decoder *d, const golden_packet *packets, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        bytes b = {.n = 0};
        put_hex(&b, packets[i].hex);
        bool kept = false;
        for (size_t n = 0; n <= b.n; n++) {
            emtl_packet got;
            const emtl_skip skip = decode_bytes(d, packets[i].link_type, &b, n, &got);
            kept = kept || (skip == EMTL_KEPT && got.tunnels == packets[i].tunnels);
            const bool outer = skip == EMTL_KEPT && got.protocol == 17;
            const bool fine = kept ? skip == EMTL_KEPT : skip == EMTL_SKIP_TRUNCATED || outer;
            if (!fine)
                fprintf(stderr, "%s: %zu bytes: %s\n", packets[i].what, n, emtl_skip_name(skip));
            CHECK(fine);
            CHECK(!kept || got.length == packets[i].length);
            if (n == b.n && kept)
                check_golden(&packets[i], &got);
        }
        if (!kept)
            fprintf(stderr, "%s: not kept\n", packets[i].what);
        CHECK(kept);
    }
}

/* Bytes that lie give a packet that can be, or a reason. */
static inline void check_changed_bytes(decoder *d, const golden_packet *packets, size_t count)
{
    uint32_t random = 2;
    for (size_t i = 0; i < count; i++) {
        bytes good = {.n = 0};
        put_hex(&good, packets[i].hex);
        for (int round = 0; round < 2000; round++) {
            bytes b;
            b.n = good.n;
            memcpy(b.data, good.data, good.n);
            for (uint32_t j = next_random(&random) % 4 + 1; j > 0; j--)
                b.data[next_random(&random) % b.n] = (uint8_t)next_random(&random);
            emtl_packet got;
            const size_t n = b.n - next_random(&random) % (b.n / 2);
            const emtl_skip skip = decode_bytes(d, packets[i].link_type, &b, n, &got);
            CHECK(skip < EMTL_SKIP_REASONS);
            CHECK(skip != EMTL_KEPT || (got.length > 0 && got.length <= INT32_MAX));
            CHECK(skip != EMTL_KEPT || (got.payload < got.length && got.tunnels < 8));
        }
    }
}

typedef struct {
    emtl_skip why;
    uint32_t link_type;
    uint8_t version; /* 0: no IP header was reached */
    const char *hex;
} skipped_packet;

static inline void check_skipped(decoder *d, const skipped_packet *packets, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        emtl_packet got;
        const emtl_skip skip = decode_hex(d, packets[i].link_type, packets[i].hex, &got);
        if (skip != packets[i].why)
            fprintf(stderr, "%s: %s\n", packets[i].hex, emtl_skip_name(skip));
        CHECK_INT(skip, packets[i].why);
        CHECK_INT(got.version, packets[i].version);
        CHECK(emtl_skip_name(packets[i].why) != NULL);
    }
}

#endif
