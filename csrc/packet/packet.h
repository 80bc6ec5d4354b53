/* From a record to the packet of a flow: one file a protocol. SPDX-License-Identifier: Apache-2.0
 *
 * A decoder takes a cursor at its own header, moves it behind that header, and says what comes
 * next. Each checks the length before it reads; compares lengths, never pointers; and takes at
 * least one byte, so any stack of headers ends where the captured bytes end. The decoders that
 * most packets pass are inline, in headers of their own: ethernet.h, ipv4.h, ipv6.h, transport.h.
 */
#ifndef EMTL_PACKET_PACKET_H
#define EMTL_PACKET_PACKET_H

#include "common/siphash.h"
#include "emtl.h"

/* What a header says comes next: an Ethertype (IEEE 802 numbers), or one of these. */
enum {
    EMTL_NEXT_IPV4 = 0x0800,
    EMTL_NEXT_TRILL = 0x22f3,
    EMTL_NEXT_BRIDGED = 0x6558, /* in tunnels: an Ethernet frame (RFC 1701) */
    EMTL_NEXT_VLAN = 0x8100,    /* 802.1Q */
    EMTL_NEXT_IPV6 = 0x86dd,
    EMTL_NEXT_MPLS = 0x8847,
    EMTL_NEXT_MPLS_UPSTREAM = 0x8848,
    EMTL_NEXT_PPPOE = 0x8864, /* session stage, RFC 2516 */
    EMTL_NEXT_PPP = 0x880b,
    EMTL_NEXT_VLAN_OUTER = 0x88a8, /* 802.1ad */
    EMTL_NEXT_MACSEC = 0x88e5,
    EMTL_NEXT_BACKBONE = 0x88e7, /* 802.1ah */
    EMTL_NEXT_FABRICPATH = 0x8903,
    EMTL_NEXT_VNTAG = 0x8926,
    EMTL_NEXT_HSR = 0x892f,
    EMTL_NEXT_NSH = 0x894f,
    EMTL_NEXT_VLAN_9100 = 0x9100, /* 802.1ad before it was one */
    EMTL_NEXT_VLAN_9200 = 0x9200,
    EMTL_NEXT_ARISTA = 0xd28b,
    EMTL_NEXT_LLC = 0x10000, /* no Ethertype: IEEE 802.2 follows */
    EMTL_NEXT_IP,            /* the version nibble tells which */
    EMTL_NEXT_NONE           /* nothing that holds IP */
};

enum { EMTL_LINK_ETHERNET = 1 }; /* the link type that most records have */

/* IANA, "Protocol Numbers" and "IPv6 Extension Header Types". */
enum {
    EMTL_IP_HOP_BY_HOP = 0,
    EMTL_IP_ICMP = 1,
    EMTL_IP_IPV4 = 4,
    EMTL_IP_TCP = 6,
    EMTL_IP_UDP = 17,
    EMTL_IP_IPV6 = 41,
    EMTL_IP_ROUTING = 43,
    EMTL_IP_FRAGMENT = 44,
    EMTL_IP_GRE = 47,
    EMTL_IP_AUTHENTICATION = 51,
    EMTL_IP_ICMPV6 = 58,
    EMTL_IP_DESTINATION = 60,
    EMTL_IP_ETHERIP = 97,
    EMTL_IP_PIM = 103,
    EMTL_IP_L2TP = 115,
    EMTL_IP_SCTP = 132,
    EMTL_IP_MOBILITY = 135,
    EMTL_IP_UDP_LITE = 136,
    EMTL_IP_MPLS = 137,
    EMTL_IP_HIP = 139,
    EMTL_IP_SHIM6 = 140
};

/* UDP ports of tunnels lie between these: between those of most services, and those that most
 * clients choose. */
enum { EMTL_TUNNEL_PORT_MIN = 1701, EMTL_TUNNEL_PORT_MAX = 8472 };

/* What is not decoded yet. */
typedef struct {
    const uint8_t *p;
    size_t n;      /* captured bytes from p on */
    uint32_t wire; /* bytes from p on that were on the wire */
    uint32_t next; /* EMTL_NEXT_…, or an Ethertype that is not read */
} emtl_cursor;

/* Lengths of packets are int32_t: a record that claims more gets no more. */
static inline emtl_cursor emtl_cursor_start(const emtl_record *record)
{
    const uint32_t wire = record->wire < INT32_MAX ? record->wire : INT32_MAX;
    return (emtl_cursor){record->data, record->captured, wire, EMTL_NEXT_NONE};
}

/* Moves behind a header of size bytes, which are there. */
static inline void emtl_cursor_advance(emtl_cursor *at, size_t size, uint32_t next)
{
    at->p += size;
    at->n -= size;
    at->wire -= at->wire < size ? at->wire : (uint32_t)size;
    at->next = next;
}

/* The same, where it is not known whether they are there. */
static inline emtl_skip emtl_cursor_pass(emtl_cursor *at, size_t size, uint32_t next)
{
    if (at->n < size)
        return EMTL_SKIP_TRUNCATED;
    emtl_cursor_advance(at, size, next);
    return EMTL_KEPT;
}

/* Whether size bytes are there; if not, whose fault it is: the capture's, or the packet's. */
static inline emtl_skip emtl_cursor_need(const emtl_cursor *at, size_t size)
{
    if (at->n >= size)
        return EMTL_KEPT;
    return at->wire < size ? EMTL_SKIP_MALFORMED : EMTL_SKIP_TRUNCATED;
}

/* Which part of a datagram an IP packet is. */
typedef enum { EMTL_WHOLE, EMTL_FIRST_FRAGMENT, EMTL_LATER_FRAGMENT } emtl_part;

typedef struct {
    emtl_part part;
    uint32_t id;
    uint8_t protocol; /* of the IPv4 header; 0 for IPv6, whose identification does without */
} emtl_fragment;

typedef struct emtl_fragments emtl_fragments;

int emtl_fragments_new(emtl_hash_key key, emtl_fragments **out);
void emtl_fragments_free(emtl_fragments *fragments);
/* Keeps the ports and protocol of a datagram's first fragment, and what later ones are: EMTL_KEPT,
 * or EMTL_SKIP_FRAGMENT where the datagram holds a tunnel: the length in the inner IP header, which
 * stands in the first, has then counted all of it. */
void emtl_fragments_put(emtl_fragments *fragments, const emtl_fragment *fragment,
                        const emtl_packet *first, emtl_skip later);
/* Gives a later fragment the ports and protocol of its first: EMTL_KEPT or EMTL_SKIP_FRAGMENT. */
emtl_skip emtl_fragments_get(const emtl_fragments *fragments, const emtl_fragment *fragment,
                             emtl_packet *later);

/* The record's link layer; the cursor is at the record's first byte. *vlan: as in
 * emtl_vlan_decode. */
emtl_skip emtl_link_decode(uint32_t link_type, emtl_cursor *at, uint16_t *vlan);
/* addresses: bytes in front of the type. */
emtl_skip emtl_arcnet_decode(emtl_cursor *at, size_t addresses);
emtl_skip emtl_atm_clip_decode(emtl_cursor *at);
emtl_skip emtl_sunatm_decode(emtl_cursor *at);
/* tag: where it stands. */
emtl_skip emtl_dsa_decode(emtl_cursor *at, size_t tag, uint16_t *vlan);
emtl_skip emtl_fddi_decode(emtl_cursor *at);
emtl_skip emtl_frame_relay_decode(emtl_cursor *at);
emtl_skip emtl_hdlc_decode(emtl_cursor *at);
emtl_skip emtl_nflog_decode(emtl_cursor *at);
emtl_skip emtl_null_decode(emtl_cursor *at);
emtl_skip emtl_prism_decode(emtl_cursor *at);
emtl_skip emtl_radiotap_decode(emtl_cursor *at);
emtl_skip emtl_sll_decode(emtl_cursor *at);
emtl_skip emtl_sll2_decode(emtl_cursor *at);
emtl_skip emtl_token_ring_decode(emtl_cursor *at);
/* padded: its header, to a multiple of 4 bytes. */
emtl_skip emtl_wifi_decode(emtl_cursor *at, int padded);

/* Headers in front of the frame of a link layer: they say, or may change, its link type. */
emtl_skip emtl_juniper_decode(emtl_cursor *at, uint32_t *link_type);
emtl_skip emtl_pktap_decode(emtl_cursor *at, uint32_t *link_type);
emtl_skip emtl_ppi_decode(emtl_cursor *at, uint32_t *link_type);

/* Between the link layer and IP. */
emtl_skip emtl_arista_decode(emtl_cursor *at);
emtl_skip emtl_llc_decode(emtl_cursor *at);
/* padding: bytes between the header and a bridged frame. */
emtl_skip emtl_snap_decode(emtl_cursor *at, size_t padding);
emtl_skip emtl_macsec_decode(emtl_cursor *at);
emtl_skip emtl_mpls_decode(emtl_cursor *at);
/* Whether a frame that holds IP seems to stand here, for headers that do not say what follows. */
int emtl_is_ethernet(const uint8_t *p, size_t n);
emtl_skip emtl_nsh_decode(emtl_cursor *at);
emtl_skip emtl_ppp_decode(emtl_cursor *at);
emtl_skip emtl_pppoe_decode(emtl_cursor *at);
emtl_skip emtl_trill_decode(emtl_cursor *at);

/* Bytes of an IPv6 packet whose payload length is 0: a jumbogram, or segmentation offload, captured
 * before the length was filled in. 0: a jumbogram of more than the wire had; lengths of 16 bits are
 * believed against the record's, as there are captures with payloads taken out, but 32 bits in a
 * small frame would be gigabytes. p: its fixed header, of n bytes captured. */
uint32_t emtl_ipv6_jumbo_length(const uint8_t *p, size_t n, uint32_t wire);
/* The extension header that out->protocol names; changes that to what follows. */
emtl_skip emtl_extension_decode(emtl_cursor *at, emtl_fragment *fragment, emtl_packet *out);

/* Tunnels, behind an IP header of the protocol, or at a UDP header. What does not look like one is
 * EMTL_SKIP_NOT_IP. */
emtl_skip emtl_tunnel_decode(emtl_cursor *at, uint8_t protocol);
emtl_skip emtl_udp_tunnel_decode(emtl_cursor *at);
/* Whether the port is among those of tunnels: a first look, without a branch. */
static inline int emtl_is_tunnel_port(uint16_t port)
{
    return port >= EMTL_TUNNEL_PORT_MIN && port <= EMTL_TUNNEL_PORT_MAX;
}
/* Whether a tunnel has this port, and so may be behind it. */
int emtl_is_udp_tunnel(uint16_t src_port, uint16_t dst_port);
/* Whether that tunnel's own header tells next to nothing, so that only the IP header behind it
 * keeps it apart from another program on that port. */
int emtl_is_bare_tunnel(uint16_t src_port, uint16_t dst_port);
emtl_skip emtl_ayiya_decode(emtl_cursor *at);
emtl_skip emtl_geneve_decode(emtl_cursor *at);
emtl_skip emtl_gre_decode(emtl_cursor *at);
emtl_skip emtl_gtp_decode(emtl_cursor *at);
emtl_skip emtl_l2tp_decode(emtl_cursor *at);
emtl_skip emtl_l2tpv3_decode(emtl_cursor *at);
emtl_skip emtl_teredo_decode(emtl_cursor *at);
emtl_skip emtl_vxlan_decode(emtl_cursor *at);

/* The whole way, whatever headers there are: what emtl_packet_decode does for all but the plainest
 * packets. */
emtl_skip emtl_headers_decode(const emtl_record *record, uint32_t tunnels, uint32_t protocols,
                              emtl_fragments *fragments, emtl_packet *out);

#endif
