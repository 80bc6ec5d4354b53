/* A record to a packet. SPDX-License-Identifier: Apache-2.0 */
#include "packet/packet.h"

#include "packet/ethernet.h"
#include "packet/ipv4.h"
#include "packet/ipv6.h"
#include "packet/transport.h"

const char *emtl_skip_name(emtl_skip skip)
{
    switch (skip) {
    case EMTL_SKIP_LINK_TYPE:
        return "link_type";
    case EMTL_SKIP_NOT_IP:
        return "not_ip";
    case EMTL_SKIP_OTHER_PROTOCOL:
        return "other_protocol";
    case EMTL_SKIP_TRUNCATED:
        return "truncated";
    case EMTL_SKIP_MALFORMED:
        return "malformed";
    case EMTL_SKIP_FRAGMENT:
        return "fragment";
    case EMTL_SKIP_ICMP:
        return "icmp";
    case EMTL_SKIP_SCTP:
        return "sctp";
    case EMTL_SKIP_UDP_LITE:
        return "udp_lite";
    default:
        return NULL;
    }
}

/* What most packets are: Ethernet and its VLAN tags, IP in one piece, TCP or UDP that is no tunnel.
 * The same decoders in a row, for speed: 0 where a packet is anything else. */
static inline int decode_plain(const emtl_record *record, uint32_t protocols, emtl_packet *out)
{
    emtl_cursor at = emtl_cursor_start(record);
    emtl_fragment fragment;
    uint16_t vlan = 0;
    if (record->link_type != EMTL_LINK_ETHERNET || emtl_ethernet_decode(&at) != EMTL_KEPT)
        return 0;
    while (emtl_is_vlan(at.next))
        if (emtl_vlan_decode(&at, &vlan) != EMTL_KEPT)
            return 0;
    if (at.next == EMTL_NEXT_IPV4) {
        if (emtl_ipv4_decode(&at, &fragment, out) != EMTL_KEPT || fragment.part != EMTL_WHOLE)
            return 0;
    } else if (at.next != EMTL_NEXT_IPV6 || emtl_ipv6_decode(&at, &fragment, out) != EMTL_KEPT) {
        return 0;
    }
    if (out->protocol == EMTL_IP_TCP) {
        if ((protocols & EMTL_PROTOCOL_TCP) == 0 || emtl_tcp_decode(&at, out) != EMTL_KEPT)
            return 0;
    } else if (out->protocol != EMTL_IP_UDP || (protocols & EMTL_PROTOCOL_UDP) == 0 ||
               emtl_ports_decode(&at, 8, out) != EMTL_KEPT || emtl_is_tunnel_port(out->src_port) ||
               emtl_is_tunnel_port(out->dst_port)) {
        return 0;
    }
    out->ts_us = record->ts_us;
    out->segment = record->segment;
    out->vlan = vlan;
    out->tunnels = 0;
    return 1;
}

emtl_skip emtl_packet_decode(const emtl_record *record, uint32_t tunnels, uint32_t protocols,
                             emtl_fragments *fragments, emtl_packet *out)
{
    if (decode_plain(record, protocols, out))
        return EMTL_KEPT;
    return emtl_headers_decode(record, tunnels, protocols, fragments, out);
}
