/* Follows the headers from the link to the ports. SPDX-License-Identifier: Apache-2.0 */
#include "packet/packet.h"

#include "packet/ethernet.h"
#include "packet/ipv4.h"
#include "packet/ipv6.h"
#include "packet/transport.h"

#define IP_HEADERS_MAX 8  /* a stack of tunnels made to cost time ends here */
#define EXTENSIONS_MAX 64 /* no stack sends more than a few */

/* On the way through the headers of one record. */
typedef struct {
    emtl_cursor at;
    emtl_fragment fragment; /* of the latest IP header */
    uint32_t room;          /* bytes that what is around that header has for its packet */
    emtl_fragments *fragments;
    uint32_t protocols; /* EMTL_PROTOCOL_… bits */
    uint16_t vlan;
} walker;

/* Raw IP: the version nibble tells which. */
static emtl_skip tell_version(emtl_cursor *at)
{
    if (at->n < 1)
        return EMTL_SKIP_TRUNCATED;
    const unsigned version = at->p[0] >> 4;
    if (version != 4 && version != 6)
        return EMTL_SKIP_NOT_IP;
    at->next = version == 4 ? EMTL_NEXT_IPV4 : EMTL_NEXT_IPV6;
    return EMTL_KEPT;
}

/* The header at the cursor, which is not of IP. */
static emtl_skip decode_below_ip(emtl_cursor *at, uint16_t *vlan)
{
    switch (at->next) {
    case EMTL_NEXT_IP:
        return tell_version(at);
    case EMTL_NEXT_VLAN:
    case EMTL_NEXT_VLAN_OUTER:
    case EMTL_NEXT_VLAN_9100:
    case EMTL_NEXT_VLAN_9200:
        return emtl_vlan_decode(at, vlan);
    case EMTL_NEXT_MPLS:
    case EMTL_NEXT_MPLS_UPSTREAM:
        return emtl_mpls_decode(at);
    case EMTL_NEXT_PPPOE:
        return emtl_pppoe_decode(at);
    case EMTL_NEXT_PPP:
        return emtl_ppp_decode(at);
    case EMTL_NEXT_LLC:
        return emtl_llc_decode(at);
    case EMTL_NEXT_BRIDGED:
        return emtl_ethernet_decode(at);
    case EMTL_NEXT_NSH:
        return emtl_nsh_decode(at);
    case EMTL_NEXT_MACSEC:
        return emtl_macsec_decode(at);
    case EMTL_NEXT_ARISTA:
        return emtl_arista_decode(at);
    case EMTL_NEXT_BACKBONE: /* priority and service id, then the customer's frame */
        return emtl_cursor_pass(at, 4, EMTL_NEXT_BRIDGED);
    case EMTL_NEXT_FABRICPATH: /* tree id and TTL, then the frame */
        return emtl_cursor_pass(at, 2, EMTL_NEXT_BRIDGED);
    case EMTL_NEXT_VNTAG: /* the interfaces that the frame passed */
    case EMTL_NEXT_HSR:   /* IEC 62439-3: path, size, sequence number */
        return emtl_typed_decode(at, 6);
    case EMTL_NEXT_TRILL:
        return emtl_trill_decode(at);
    default:
        return EMTL_SKIP_NOT_IP;
    }
}

/* Up to and with the next IP header, whose extension headers are still to come. */
static inline emtl_skip decode_to_ip(walker *walk, emtl_packet *out)
{
    for (;;) {
        walk->room = walk->at.wire;
        if (walk->at.next == EMTL_NEXT_IPV4)
            return emtl_ipv4_decode(&walk->at, &walk->fragment, out);
        if (walk->at.next == EMTL_NEXT_IPV6)
            return emtl_ipv6_decode(&walk->at, &walk->fragment, out);
        const emtl_skip skip = decode_below_ip(&walk->at, &walk->vlan);
        if (skip != EMTL_KEPT)
            return skip;
    }
}

static int is_extension(const emtl_packet *packet)
{
    switch (packet->protocol) {
    case EMTL_IP_AUTHENTICATION:
        return 1;
    case EMTL_IP_HOP_BY_HOP:
    case EMTL_IP_ROUTING:
    case EMTL_IP_FRAGMENT:
    case EMTL_IP_DESTINATION:
    case EMTL_IP_MOBILITY:
    case EMTL_IP_HIP:
    case EMTL_IP_SHIM6:
        return packet->version == 6;
    default:
        return 0;
    }
}

static int is_tunnel(uint8_t protocol)
{
    switch (protocol) {
    case EMTL_IP_IPV4:
    case EMTL_IP_IPV6:
    case EMTL_IP_GRE:
    case EMTL_IP_ETHERIP:
    case EMTL_IP_PIM:
    case EMTL_IP_L2TP:
    case EMTL_IP_MPLS:
        return 1;
    default:
        return 0;
    }
}

/* EMTL_KEPT where packets of the protocol become flows. */
static emtl_skip asked_for(uint8_t protocol, uint32_t protocols)
{
    switch (protocol) {
    case EMTL_IP_TCP:
        return protocols & EMTL_PROTOCOL_TCP ? EMTL_KEPT : EMTL_SKIP_OTHER_PROTOCOL;
    case EMTL_IP_UDP:
        return protocols & EMTL_PROTOCOL_UDP ? EMTL_KEPT : EMTL_SKIP_OTHER_PROTOCOL;
    case EMTL_IP_SCTP:
        return protocols & EMTL_PROTOCOL_SCTP ? EMTL_KEPT : EMTL_SKIP_SCTP;
    case EMTL_IP_UDP_LITE:
        return protocols & EMTL_PROTOCOL_UDP_LITE ? EMTL_KEPT : EMTL_SKIP_UDP_LITE;
    case EMTL_IP_ICMP:
    case EMTL_IP_ICMPV6:
        return protocols & EMTL_PROTOCOL_ICMP ? EMTL_KEPT : EMTL_SKIP_ICMP;
    default:
        return EMTL_SKIP_OTHER_PROTOCOL;
    }
}

/* The transport header at the cursor: its ports, flags and payload. */
static inline emtl_skip decode_transport(const emtl_cursor *at, emtl_packet *out)
{
    switch (out->protocol) {
    case EMTL_IP_TCP:
        return emtl_tcp_decode(at, out);
    case EMTL_IP_SCTP:
        return emtl_ports_decode(at, 12, out);
    case EMTL_IP_ICMP:
    case EMTL_IP_ICMPV6:
        return emtl_icmp_decode(at, out);
    default: /* UDP, UDP-Lite */
        return emtl_ports_decode(at, 8, out);
    }
}

/* A later fragment is of the flow of its first. Behind an IPv6 fragment header may stand another
 * extension header, and behind any a tunnel: what they hold is known from the first alone. */
static emtl_skip decode_later(const walker *walk, emtl_packet *out)
{
    out->tcp_flags = 0;
    out->payload = walk->at.wire;
    const emtl_skip skip = emtl_fragments_get(walk->fragments, &walk->fragment, out);
    if (skip == EMTL_KEPT || is_extension(out) || is_tunnel(out->protocol))
        return skip;
    const emtl_skip asked = asked_for(out->protocol, walk->protocols);
    return asked == EMTL_KEPT ? skip : asked;
}

/* What stands behind the IP header in out. */
static inline emtl_skip decode_behind_ip(walker *walk, emtl_packet *out)
{
    for (int i = 0; is_extension(out) && walk->fragment.part != EMTL_LATER_FRAGMENT; i++) {
        const emtl_skip skip = i < EXTENSIONS_MAX
                                   ? emtl_extension_decode(&walk->at, &walk->fragment, out)
                                   : EMTL_SKIP_MALFORMED;
        if (skip != EMTL_KEPT)
            return skip;
    }
    if (walk->fragment.part == EMTL_LATER_FRAGMENT)
        return decode_later(walk, out);
    const emtl_skip asked = asked_for(out->protocol, walk->protocols);
    return asked == EMTL_KEPT ? decode_transport(&walk->at, out) : asked;
}

/* Whether the IP packet just found is none, but what another program sent: it claims more bytes
 * than the UDP packet around it has for it. */
static int is_chance(const walker *walk, const walker *outside, const emtl_packet *outer,
                     const emtl_packet *inner)
{
    return outer->protocol == EMTL_IP_UDP && outside->fragment.part == EMTL_WHOLE &&
           inner->length > walk->room && emtl_is_bare_tunnel(outer->src_port, outer->dst_port);
}

/* From the packet in out to the one inside, which takes its place; or why there is none. */
static inline emtl_skip enter_tunnel(walker *walk, emtl_packet *out)
{
    emtl_skip skip = EMTL_SKIP_NOT_IP;
    if (out->protocol == EMTL_IP_UDP)
        skip = emtl_udp_tunnel_decode(&walk->at);
    else if (is_tunnel(out->protocol))
        skip = emtl_tunnel_decode(&walk->at, out->protocol);
    if (skip != EMTL_KEPT)
        return skip;
    if (walk->fragment.part == EMTL_FIRST_FRAGMENT)
        emtl_fragments_put(walk->fragments, &walk->fragment, out, EMTL_SKIP_FRAGMENT);
    const walker outside = *walk;
    const emtl_packet outer = *out;
    skip = decode_to_ip(walk, out);
    if (skip == EMTL_KEPT && is_chance(walk, &outside, &outer, out)) {
        *walk = outside;
        *out = outer;
        return EMTL_SKIP_NOT_IP;
    }
    return skip;
}

/* From the IP header in out on. */
static inline emtl_skip decode_ip_packets(walker *walk, uint32_t tunnels, emtl_packet *out)
{
    for (uint8_t headers = 0; headers < IP_HEADERS_MAX; headers++) {
        out->tunnels = headers;
        out->vlan = walk->vlan;
        const emtl_skip skip = decode_behind_ip(walk, out);
        if (tunnels == EMTL_TUNNELS_OUTER || walk->fragment.part == EMTL_LATER_FRAGMENT)
            return skip;
        const emtl_skip inside = enter_tunnel(walk, out);
        if (inside == EMTL_SKIP_NOT_IP || (inside != EMTL_KEPT && out->protocol == EMTL_IP_UDP))
            return skip; /* no tunnel, or one that holds something else */
        if (inside != EMTL_KEPT)
            return inside;
    }
    return EMTL_SKIP_MALFORMED;
}

/* Merged packets were cut by their innermost payload. That of an outer UDP packet, where it makes
 * the flow, is another. */
static uint32_t segment_of(const walker *walk, uint32_t segment, const emtl_packet *out)
{
    if (walk->fragment.part != EMTL_WHOLE)
        return 0;
    const int is_outer =
        out->protocol == EMTL_IP_UDP && emtl_is_udp_tunnel(out->src_port, out->dst_port);
    return is_outer ? 0 : segment;
}

emtl_skip emtl_headers_decode(const emtl_record *record, uint32_t tunnels, uint32_t protocols,
                              emtl_fragments *fragments, emtl_packet *out)
{
    walker walk = {
        .at = emtl_cursor_start(record), .fragments = fragments, .protocols = protocols, .vlan = 0};
    out->version = 0;
    emtl_skip skip = emtl_link_decode(record->link_type, &walk.at, &walk.vlan);
    if (skip == EMTL_KEPT)
        skip = decode_to_ip(&walk, out);
    if (skip != EMTL_KEPT)
        return skip;
    out->ts_us = record->ts_us; /* fragments are found by it */
    skip = decode_ip_packets(&walk, tunnels, out);
    if (skip != EMTL_KEPT)
        return skip;
    out->segment = segment_of(&walk, record->segment, out);
    out->fragment = walk.fragment.part != EMTL_WHOLE;
    if (walk.fragment.part == EMTL_FIRST_FRAGMENT)
        emtl_fragments_put(fragments, &walk.fragment, out, EMTL_KEPT);
    return EMTL_KEPT;
}
