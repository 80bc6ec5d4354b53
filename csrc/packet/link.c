/* Link types to their decoders. SPDX-License-Identifier: Apache-2.0
 * Numbers: www.tcpdump.org/linktypes.html. 12 and 14 are DLT_RAW of Linux and of OpenBSD, which
 * some programs write into files in place of 101; 149 is what macOS wrote before PKTAP had 258. */
#include "packet/ethernet.h"

enum {
    LINK_NULL = 0,
    LINK_TOKEN_RING = 6,
    LINK_ARCNET_BSD = 7,
    LINK_SLIP = 8,
    LINK_PPP = 9,
    LINK_FDDI = 10,
    LINK_DLT_RAW = 12,
    LINK_DLT_RAW_OPENBSD = 14,
    LINK_PPP_HDLC = 50,
    LINK_PPP_ETHER = 51,
    LINK_ATM_RFC1483 = 100,
    LINK_RAW = 101,
    LINK_C_HDLC = 104,
    LINK_WIFI = 105,
    LINK_ATM_CLIP = 106,
    LINK_FRAME_RELAY = 107,
    LINK_LOOP = 108,
    LINK_ENC = 109,
    LINK_LINUX_SLL = 113,
    LINK_PFLOG = 117,
    LINK_PRISM = 119,
    LINK_IP_OVER_FC = 122,
    LINK_SUNATM = 123,
    LINK_RADIOTAP = 127,
    LINK_ARCNET_LINUX = 129,
    LINK_IP_OVER_1394 = 138,
    LINK_USER2 = 149,
    LINK_AVS = 163,
    LINK_PPP_PPPD = 166,
    LINK_JUNIPER_ETHER = 178,
    LINK_JUNIPER_PPP = 179,
    LINK_JUNIPER_FRAME_RELAY = 180,
    LINK_JUNIPER_C_HDLC = 181,
    LINK_PPI = 192,
    LINK_PPP_WITH_DIR = 204,
    LINK_C_HDLC_WITH_DIR = 205,
    LINK_FRAME_RELAY_WITH_DIR = 206,
    LINK_IPNET = 226,
    LINK_IPV4 = 228,
    LINK_IPV6 = 229,
    LINK_NFLOG = 239,
    LINK_IPOIB = 242,
    LINK_PKTAP = 258,
    LINK_LINUX_SLL2 = 276,
    LINK_BRCM_TAG = 281,
    LINK_BRCM_TAG_PREPEND = 282,
    LINK_DSA = 284,
    LINK_EDSA = 285
};

/* Directions, interfaces and the like stand in front of the frames of these. */
static emtl_skip pass_to(emtl_cursor *at, size_t size, emtl_skip (*decode)(emtl_cursor *))
{
    const emtl_skip skip = emtl_cursor_pass(at, size, EMTL_NEXT_NONE);
    return skip == EMTL_KEPT ? decode(at) : skip;
}

/* Its length, without what fills it up to 4 bytes, comes first. */
static emtl_skip decode_pflog(emtl_cursor *at)
{
    if (at->n < 1)
        return EMTL_SKIP_TRUNCATED;
    return emtl_cursor_pass(at, ((size_t)at->p[0] + 3) / 4 * 4, EMTL_NEXT_IP);
}

/* RFC 4391, section 6. */
static emtl_skip decode_ipoib(emtl_cursor *at)
{
    if (at->n < 4)
        return EMTL_SKIP_TRUNCATED;
    emtl_cursor_advance(at, 4, load_be16(at->p));
    return EMTL_KEPT;
}

static emtl_skip decode_frame(uint32_t link_type, emtl_cursor *at, uint16_t *vlan)
{
    switch (link_type) {
    case EMTL_LINK_ETHERNET:
        return emtl_ethernet_decode(at);
    case LINK_RAW:
    case LINK_DLT_RAW:
    case LINK_DLT_RAW_OPENBSD:
    case LINK_IPV4:
    case LINK_IPV6:
        at->next = EMTL_NEXT_IP;
        return EMTL_KEPT;
    case LINK_LINUX_SLL:
        return emtl_sll_decode(at);
    case LINK_LINUX_SLL2:
        return emtl_sll2_decode(at);
    case LINK_NULL:
    case LINK_LOOP:
        return emtl_null_decode(at);
    case LINK_PPP:
    case LINK_PPP_HDLC:
    case LINK_C_HDLC:
        return emtl_hdlc_decode(at);
    case LINK_PPP_WITH_DIR:
    case LINK_C_HDLC_WITH_DIR:
        return pass_to(at, 1, emtl_hdlc_decode);
    case LINK_PPP_PPPD: /* a direction in place of ff, then 03 */
        return pass_to(at, 2, emtl_ppp_decode);
    case LINK_PPP_ETHER:
        return emtl_pppoe_decode(at);
    case LINK_SLIP: /* direction, and 15 bytes of the header as it was compressed */
        return emtl_cursor_pass(at, 16, EMTL_NEXT_IP);
    case LINK_WIFI:
        return emtl_wifi_decode(at, 0);
    case LINK_RADIOTAP:
        return emtl_radiotap_decode(at);
    case LINK_PRISM:
    case LINK_AVS:
        return emtl_prism_decode(at);
    case LINK_NFLOG:
        return emtl_nflog_decode(at);
    case LINK_TOKEN_RING:
        return emtl_token_ring_decode(at);
    case LINK_FDDI:
        return emtl_fddi_decode(at);
    case LINK_ARCNET_BSD:
        return emtl_arcnet_decode(at, 2);
    case LINK_ARCNET_LINUX:
        return emtl_arcnet_decode(at, 4);
    case LINK_FRAME_RELAY:
        return emtl_frame_relay_decode(at);
    case LINK_FRAME_RELAY_WITH_DIR:
        return pass_to(at, 1, emtl_frame_relay_decode);
    case LINK_ATM_RFC1483:
        return emtl_llc_decode(at);
    case LINK_ATM_CLIP:
        return emtl_atm_clip_decode(at);
    case LINK_SUNATM:
        return emtl_sunatm_decode(at);
    case LINK_IP_OVER_FC: /* network addresses, RFC 2625 */
        return emtl_cursor_pass(at, 16, EMTL_NEXT_LLC);
    case LINK_IP_OVER_1394: /* two addresses of 8 bytes, Ethertype */
        return emtl_typed_decode(at, 18);
    case LINK_IPOIB: /* the global route header; then Ethertype and two bytes */
        return pass_to(at, 40, decode_ipoib);
    case LINK_IPNET: /* Solaris: zones and interfaces */
        return emtl_cursor_pass(at, 24, EMTL_NEXT_IP);
    case LINK_ENC: /* OpenBSD's IPsec: family, SPI, flags */
        return emtl_cursor_pass(at, 12, EMTL_NEXT_IP);
    case LINK_PFLOG:
        return decode_pflog(at);
    case LINK_BRCM_TAG: /* behind the addresses */
    case LINK_BRCM_TAG_PREPEND:
        return emtl_typed_decode(at, 18);
    case LINK_DSA:
        return emtl_dsa_decode(at, 12, vlan);
    case LINK_EDSA:
        return emtl_dsa_decode(at, 16, vlan);
    default:
        return EMTL_SKIP_LINK_TYPE;
    }
}

/* The link type of what stands behind Juniper's header. */
static uint32_t inside_juniper(uint32_t link_type)
{
    switch (link_type) {
    case LINK_JUNIPER_ETHER:
        return EMTL_LINK_ETHERNET;
    case LINK_JUNIPER_PPP:
        return LINK_PPP;
    case LINK_JUNIPER_FRAME_RELAY:
        return LINK_FRAME_RELAY;
    default:
        return LINK_C_HDLC;
    }
}

emtl_skip emtl_link_decode(uint32_t link_type, emtl_cursor *at, uint16_t *vlan)
{
    emtl_skip skip = EMTL_KEPT;
    switch (link_type) { /* what has a frame of another link type inside; not of its own kind */
    case LINK_PPI:
        skip = emtl_ppi_decode(at, &link_type);
        break;
    case LINK_PKTAP:
    case LINK_USER2:
        skip = emtl_pktap_decode(at, &link_type);
        break;
    case LINK_JUNIPER_ETHER:
    case LINK_JUNIPER_PPP:
    case LINK_JUNIPER_FRAME_RELAY:
    case LINK_JUNIPER_C_HDLC:
        link_type = inside_juniper(link_type);
        skip = emtl_juniper_decode(at, &link_type);
        break;
    default:
        break;
    }
    return skip == EMTL_KEPT ? decode_frame(link_type, at, vlan) : skip;
}
