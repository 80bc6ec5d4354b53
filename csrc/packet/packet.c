/* Follows the headers from the link to the ports. SPDX-License-Identifier: Apache-2.0 */
#include "packet/packet.h"

#include <string.h>

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

emtl_skip emtl_skip_of_protocol(uint8_t protocol)
{
    switch (protocol) {
    case 1:
    case 58:
        return EMTL_SKIP_ICMP;
    case 132:
        return EMTL_SKIP_SCTP;
    case 136:
        return EMTL_SKIP_UDP_LITE;
    default:
        return EMTL_SKIP_OTHER_PROTOCOL;
    }
}

emtl_skip emtl_packet_decode(const emtl_record *record, uint32_t tunnels, uint32_t protocols,
                             emtl_fragments *fragments, emtl_packet *out)
{
    emtl_cursor at;
    (void)tunnels;
    (void)protocols;
    memset(out, 0, sizeof *out);
    out->ts_us = record->ts_us;
    out->segment = record->segment;
    emtl_skip skip = emtl_link_decode(record, &at);
    while (skip == EMTL_KEPT) {
        switch (at.next) {
        case EMTL_NEXT_IPV4:
            return emtl_ipv4_decode(&at, fragments, out);
        case EMTL_NEXT_IPV6:
            return emtl_ipv6_decode(&at, fragments, out);
        case EMTL_NEXT_IP:
            skip = tell_version(&at);
            break;
        case EMTL_NEXT_VLAN:
        case EMTL_NEXT_VLAN_OUTER:
        case EMTL_NEXT_VLAN_9100:
        case EMTL_NEXT_VLAN_9200:
            skip = emtl_vlan_decode(&at, &out->vlan);
            break;
        case EMTL_NEXT_MPLS:
        case EMTL_NEXT_MPLS_UPSTREAM:
            skip = emtl_mpls_decode(&at);
            break;
        case EMTL_NEXT_PPPOE:
            skip = emtl_pppoe_decode(&at);
            break;
        case EMTL_NEXT_PPP:
            skip = emtl_ppp_decode(&at);
            break;
        case EMTL_NEXT_LLC:
            skip = emtl_llc_decode(&at);
            break;
        default:
            skip = EMTL_SKIP_NOT_IP;
        }
    }
    return skip;
}
