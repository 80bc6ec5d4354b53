/* Which protocols and UDP ports hold tunnels. SPDX-License-Identifier: Apache-2.0 */
#include "common/bytes.h"
#include "packet/packet.h"

/* IANA, "Service Name and Transport Protocol Port Number Registry". */
enum {
    L2TP = EMTL_TUNNEL_PORT_MIN,
    GTP = 2152,
    GTP_0 = 3386,
    TEREDO = 3544,
    LISP = 4341,
    GRE = 4754,
    VXLAN = 4789,
    VXLAN_GPE = 4790,
    AYIYA = 5072,
    GENEVE = 6081,
    MPLS = 6635,
    VXLAN_LINUX =
        8472 /* the port of the kernel's driver, chosen before there was an official one */
};

/* RFC 3378: version 3. */
static emtl_skip decode_etherip(emtl_cursor *at)
{
    if (at->n > 0 && at->p[0] >> 4 != 3)
        return EMTL_SKIP_NOT_IP;
    return emtl_cursor_pass(at, 2, EMTL_NEXT_BRIDGED);
}

/* RFC 7761, section 4.9.3: version 2, type 1: Register holds a packet, unless its second bit says
 * that it is none. */
static emtl_skip decode_pim(emtl_cursor *at)
{
    if (at->n < 8)
        return EMTL_SKIP_TRUNCATED;
    if (at->p[0] != 0x21 || (at->p[4] & 0x40) != 0)
        return EMTL_SKIP_NOT_IP;
    emtl_cursor_advance(at, 8, EMTL_NEXT_IP);
    return EMTL_KEPT;
}

emtl_skip emtl_tunnel_decode(emtl_cursor *at, uint8_t protocol)
{
    switch (protocol) {
    case EMTL_IP_IPV4:
        at->next = EMTL_NEXT_IPV4;
        return EMTL_KEPT;
    case EMTL_IP_IPV6:
        at->next = EMTL_NEXT_IPV6;
        return EMTL_KEPT;
    case EMTL_IP_MPLS: /* RFC 4023 */
        at->next = EMTL_NEXT_MPLS;
        return EMTL_KEPT;
    case EMTL_IP_GRE:
        return emtl_gre_decode(at);
    case EMTL_IP_ETHERIP:
        return decode_etherip(at);
    case EMTL_IP_PIM:
        return decode_pim(at);
    case EMTL_IP_L2TP:
        return emtl_l2tpv3_decode(at);
    default:
        return EMTL_SKIP_NOT_IP;
    }
}

static emtl_skip decode_by_port(emtl_cursor *at, uint16_t port)
{
    switch (port) {
    case L2TP:
        return emtl_l2tp_decode(at);
    case GTP:
    case GTP_0:
        return emtl_gtp_decode(at);
    case TEREDO:
        return emtl_teredo_decode(at);
    case GRE: /* RFC 8086 */
        return emtl_gre_decode(at);
    case AYIYA:
        return emtl_ayiya_decode(at);
    case LISP: /* RFC 9300, section 5.3 */
        return emtl_cursor_pass(at, 8, EMTL_NEXT_IP);
    case VXLAN:
    case VXLAN_GPE:
    case VXLAN_LINUX:
        return emtl_vxlan_decode(at);
    case GENEVE:
        return emtl_geneve_decode(at);
    case MPLS: /* RFC 7510 */
        at->next = EMTL_NEXT_MPLS;
        return EMTL_KEPT;
    default:
        return EMTL_SKIP_NOT_IP;
    }
}

/* Both ends of these send from the same port; those of the others from a random one. */
static int is_two_way(uint16_t port)
{
    return port == L2TP || port == GTP || port == GTP_0 || port == TEREDO || port == AYIYA;
}

int emtl_is_udp_tunnel(uint16_t src_port, uint16_t dst_port)
{
    switch (dst_port) {
    case LISP:
    case GRE:
    case VXLAN:
    case VXLAN_GPE:
    case GENEVE:
    case MPLS:
    case VXLAN_LINUX:
        return 1;
    default:
        return is_two_way(dst_port) || is_two_way(src_port);
    }
}

int emtl_is_bare_tunnel(uint16_t src_port, uint16_t dst_port)
{
    return dst_port == LISP || dst_port == MPLS || dst_port == TEREDO || src_port == TEREDO;
}

emtl_skip emtl_udp_tunnel_decode(emtl_cursor *at)
{
    if (at->n < 8)
        return EMTL_SKIP_TRUNCATED;
    const uint16_t src_port = load_be16(at->p), dst_port = load_be16(at->p + 2);
    emtl_cursor_advance(at, 8, EMTL_NEXT_NONE);
    const emtl_cursor payload = *at;
    emtl_skip skip = decode_by_port(at, dst_port);
    if (skip == EMTL_SKIP_NOT_IP && is_two_way(src_port)) {
        *at = payload;
        skip = decode_by_port(at, src_port);
    }
    return skip;
}
