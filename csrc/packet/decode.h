/* A record to a packet. SPDX-License-Identifier: Apache-2.0 */
#ifndef EMTL_PACKET_DECODE_H
#define EMTL_PACKET_DECODE_H

#include "packet/ethernet.h"
#include "packet/ipv4.h"
#include "packet/ipv6.h"
#include "packet/transport.h"

/* What most packets are: Ethernet and its VLAN tags, IP in one piece, TCP or UDP that is no tunnel.
 * The same decoders in a row, for speed: 0 where a packet is anything else. */
static inline int emtl_plain_decode(const emtl_record *record, uint32_t protocols, emtl_packet *out)
{
    emtl_cursor at = emtl_cursor_start(record);
    emtl_fragment fragment;
    uint16_t vlan = 0;
    out->ts_us = record->ts_us;
    out->segment = record->segment;
    out->tunnels = 0;
    out->fragment = 0;
    if (record->link_type != EMTL_LINK_ETHERNET || emtl_ethernet_decode(&at) != EMTL_KEPT)
        return 0;
    while (at.next != EMTL_NEXT_IPV4 && emtl_is_vlan(at.next))
        if (emtl_vlan_decode(&at, &vlan) != EMTL_KEPT)
            return 0;
    if (at.next == EMTL_NEXT_IPV4) {
        if (emtl_ipv4_decode(&at, &fragment, out) != EMTL_KEPT || fragment.part != EMTL_WHOLE)
            return 0;
    } else if (at.next != EMTL_NEXT_IPV6 || emtl_ipv6_decode(&at, &fragment, out) != EMTL_KEPT) {
        return 0;
    }
    if (!emtl_tcp_udp_decode(&at, protocols, out))
        return 0;
    out->vlan = vlan;
    return 1;
}

/* The whole way. out->version is 0 where no IP header was reached; the rest is good for EMTL_KEPT
 * alone. tunnels: EMTL_TUNNELS_…; protocols: EMTL_PROTOCOL_… bits. */
static inline emtl_skip emtl_packet_decode(const emtl_record *record, uint32_t tunnels,
                                           uint32_t protocols, emtl_fragments *fragments,
                                           emtl_packet *out)
{
    if (emtl_plain_decode(record, protocols, out))
        return EMTL_KEPT;
    return emtl_headers_decode(record, tunnels, protocols, fragments, out);
}

#endif
