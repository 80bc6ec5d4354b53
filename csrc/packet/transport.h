/* TCP (RFC 9293), UDP (RFC 768), SCTP (RFC 9260), UDP-Lite (RFC 3828) and ICMP (RFC 792, 4443), as
 * far as a flow needs them. SPDX-License-Identifier: Apache-2.0 */
#ifndef EMTL_PACKET_TRANSPORT_H
#define EMTL_PACKET_TRANSPORT_H

#include "common/bytes.h"
#include "packet/packet.h"

/* The ports are enough: a short snaplen, or a first fragment of 8 bytes, may leave no more. Flags
 * that were not captured count as none. The length field of UDP is not looked at: the length of a
 * packet comes from its IP header. */
static inline emtl_skip emtl_ports_decode(const emtl_cursor *at, uint32_t header, emtl_packet *out)
{
    if (at->wire < 4)
        return EMTL_SKIP_MALFORMED;
    if (at->n < 4)
        return EMTL_SKIP_TRUNCATED;
    out->src_port = load_be16(at->p);
    out->dst_port = load_be16(at->p + 2);
    out->tcp_flags = 0;
    out->payload = at->wire > header ? at->wire - header : 0;
    return EMTL_KEPT;
}

static inline emtl_skip emtl_tcp_decode(const emtl_cursor *at, emtl_packet *out)
{
    uint32_t header = at->n > 12 ? (at->p[12] & 0xf0u) / 4 : 20;
    if (header < 20)
        header = 20;
    const emtl_skip skip = emtl_ports_decode(at, header, out);
    if (at->n > 13)
        out->tcp_flags = at->p[13];
    return skip;
}

/* TCP or UDP, with no branch between the two, since they come mixed; 0 where it is neither, not
 * asked for, maybe a tunnel, or where few bytes are there: then the decoders above are to be asked.
 */
static inline int emtl_tcp_udp_decode(const emtl_cursor *at, uint32_t protocols, emtl_packet *out)
{
    const uint32_t is_tcp = out->protocol == EMTL_IP_TCP, is_udp = out->protocol == EMTL_IP_UDP;
    const uint32_t if_tcp = 0 - is_tcp; /* all bits, or none */
    if (((is_tcp * EMTL_PROTOCOL_TCP + is_udp * EMTL_PROTOCOL_UDP) & protocols) == 0 ||
        at->n < 8 + (6 & if_tcp))
        return 0;
    out->src_port = load_be16(at->p);
    out->dst_port = load_be16(at->p + 2);
    const int tunnels = emtl_is_tunnel_port(out->src_port) + emtl_is_tunnel_port(out->dst_port);
    if (is_udp * (uint32_t)tunnels != 0 && emtl_is_udp_tunnel(out->src_port, out->dst_port))
        return 0;
    const uint32_t offset = (at->p[12 & if_tcp] & 0xf0u) / 4; /* of UDP, a byte that is there */
    const uint32_t header = 8 + (((offset < 20 ? 20 : offset) - 8) & if_tcp);
    out->tcp_flags = (uint8_t)(at->p[13 & if_tcp] & if_tcp);
    out->payload = at->wire > header ? at->wire - header : 0;
    return 1;
}

static inline emtl_skip emtl_icmp_decode(const emtl_cursor *at, emtl_packet *out)
{
    if (at->wire < 4)
        return EMTL_SKIP_MALFORMED;
    out->src_port = out->dst_port = 0;
    out->tcp_flags = 0;
    out->payload = at->wire > 8 ? at->wire - 8 : 0;
    return EMTL_KEPT;
}

#endif
