/* From a record to the packet of a flow: one file a protocol. SPDX-License-Identifier: Apache-2.0
 *
 * A decoder takes a cursor at its own header, moves it behind that header, and says what comes
 * next. Each checks the length before it reads; compares lengths, never pointers; and takes at
 * least one byte, so any stack of headers ends where the captured bytes end. */
#ifndef EMTL_PACKET_PACKET_H
#define EMTL_PACKET_PACKET_H

#include "common/siphash.h"
#include "emtl.h"

/* What a header says comes next: an Ethertype (IEEE 802 numbers), or one of these. */
enum {
    EMTL_NEXT_IPV4 = 0x0800,
    EMTL_NEXT_VLAN = 0x8100,       /* 802.1Q */
    EMTL_NEXT_VLAN_OUTER = 0x88a8, /* 802.1ad */
    EMTL_NEXT_VLAN_9100 = 0x9100,  /* 802.1ad before it was one */
    EMTL_NEXT_VLAN_9200 = 0x9200,
    EMTL_NEXT_IPV6 = 0x86dd,
    EMTL_NEXT_MPLS = 0x8847,
    EMTL_NEXT_MPLS_UPSTREAM = 0x8848,
    EMTL_NEXT_PPPOE = 0x8864, /* session stage, RFC 2516 */
    EMTL_NEXT_LLC = 0x10000,  /* no Ethertype: IEEE 802.2 follows */
    EMTL_NEXT_IP,             /* the version nibble tells which */
    EMTL_NEXT_PPP,
    EMTL_NEXT_NONE /* nothing that holds IP */
};

/* What is not decoded yet. */
typedef struct {
    const uint8_t *p;
    size_t n;      /* captured bytes from p on */
    uint32_t wire; /* bytes from p on that were on the wire */
    uint32_t next; /* EMTL_NEXT_…, or an Ethertype that is not read */
} emtl_cursor;

/* Moves behind a header of size bytes, which are there. */
static inline void emtl_cursor_advance(emtl_cursor *at, size_t size, uint32_t next)
{
    at->p += size;
    at->n -= size;
    at->wire -= at->wire < size ? at->wire : (uint32_t)size;
    at->next = next;
}

typedef struct emtl_fragments emtl_fragments;

int emtl_fragments_new(emtl_hash_key key, emtl_fragments **out);
void emtl_fragments_free(emtl_fragments *fragments);
/* Keeps the ports and protocol of a datagram's first fragment. */
void emtl_fragments_put(emtl_fragments *fragments, const emtl_packet *first, uint32_t id);
/* Gives a later fragment the ports and protocol of its first: EMTL_KEPT or EMTL_SKIP_FRAGMENT. */
emtl_skip emtl_fragments_get(const emtl_fragments *fragments, emtl_packet *later, uint32_t id);

/* The record's link layer; fills at for the first time. */
emtl_skip emtl_link_decode(const emtl_record *record, emtl_cursor *at);
emtl_skip emtl_ethernet_decode(emtl_cursor *at);
emtl_skip emtl_sll_decode(emtl_cursor *at);
emtl_skip emtl_sll2_decode(emtl_cursor *at);
emtl_skip emtl_null_decode(emtl_cursor *at);
emtl_skip emtl_hdlc_decode(emtl_cursor *at);
emtl_skip emtl_ppp_decode(emtl_cursor *at);
emtl_skip emtl_pppoe_decode(emtl_cursor *at);
emtl_skip emtl_llc_decode(emtl_cursor *at);
emtl_skip emtl_mpls_decode(emtl_cursor *at);
/* *vlan: the tag's VLAN id, unless a tag outside it has set it. */
emtl_skip emtl_vlan_decode(emtl_cursor *at, uint16_t *vlan);

/* Why packets of this protocol are no flows. */
emtl_skip emtl_skip_of_protocol(uint8_t protocol);

/* The IP packet at the cursor. out->version is set as soon as there is an IP header, kept or not;
 * the rest is good for EMTL_KEPT alone. Time and VLAN stay as they are. */
emtl_skip emtl_ipv4_decode(const emtl_cursor *at, emtl_fragments *fragments, emtl_packet *out);
emtl_skip emtl_ipv6_decode(const emtl_cursor *at, emtl_fragments *fragments, emtl_packet *out);

/* Ports and flags of the TCP or UDP header at p. n: bytes captured; total: bytes of it inside the
 * IP packet. */
emtl_skip emtl_ports_decode(const uint8_t *p, size_t n, size_t total, emtl_packet *out);

/* The whole way. out as for emtl_ipv4_decode, with version 0 where no IP header was reached. */
emtl_skip emtl_packet_decode(const emtl_record *record, uint32_t tunnels, uint32_t protocols,
                             emtl_fragments *fragments, emtl_packet *out);

#endif
