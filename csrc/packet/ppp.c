/* PPP (RFC 1661, 1662), PPPoE (RFC 2516), Cisco HDLC. SPDX-License-Identifier: Apache-2.0 */
#include "packet/ethernet.h"

enum { PPP_IPV4 = 0x0021, PPP_IPV6 = 0x0057, PPP_MPLS = 0x0281, PPP_MPLS_UPSTREAM = 0x0283 };

/* The framing of RFC 1662 (ff 03), where the link did not agree to leave it out. */
static emtl_skip pass_framing(emtl_cursor *at)
{
    if (at->n < 1)
        return EMTL_SKIP_TRUNCATED;
    if (at->p[0] != 0xff)
        return EMTL_KEPT;
    if (at->n < 2)
        return EMTL_SKIP_TRUNCATED;
    if (at->p[1] != 0x03)
        return EMTL_SKIP_NOT_IP;
    emtl_cursor_advance(at, 2, EMTL_NEXT_PPP);
    return EMTL_KEPT;
}

/* The protocol field: two bytes, or one where the link agreed to leave a zero out (RFC 1661,
 * section 6.5): the last byte is odd, all others are even. */
emtl_skip emtl_ppp_decode(emtl_cursor *at)
{
    const emtl_skip skip = pass_framing(at);
    if (skip != EMTL_KEPT)
        return skip;
    if (at->n < 1)
        return EMTL_SKIP_TRUNCATED;
    const size_t size = at->p[0] & 1 ? 1 : 2;
    if (at->n < size)
        return EMTL_SKIP_TRUNCATED;
    uint32_t next = EMTL_NEXT_NONE;
    switch (size == 1 ? at->p[0] : load_be16(at->p)) {
    case PPP_IPV4:
        next = EMTL_NEXT_IPV4;
        break;
    case PPP_IPV6:
        next = EMTL_NEXT_IPV6;
        break;
    case PPP_MPLS:
    case PPP_MPLS_UPSTREAM:
        next = EMTL_NEXT_MPLS;
        break;
    default:
        break;
    }
    emtl_cursor_advance(at, size, next);
    return EMTL_KEPT;
}

/* PPP, or Cisco's HDLC (0f or 8f, 00, Ethertype), which lines of the same link type carry. */
emtl_skip emtl_hdlc_decode(emtl_cursor *at)
{
    if (at->n < 2)
        return EMTL_SKIP_TRUNCATED;
    if ((at->p[0] == 0x0f || at->p[0] == 0x8f) && at->p[1] == 0x00)
        return emtl_typed_decode(at, 4);
    return emtl_ppp_decode(at);
}

emtl_skip emtl_pppoe_decode(emtl_cursor *at)
{
    if (at->n < 6)
        return EMTL_SKIP_TRUNCATED;
    if (at->p[0] != 0x11) /* version 1, type 1 */
        return EMTL_SKIP_MALFORMED;
    const int session = at->p[1] == 0; /* other codes belong to discovery */
    emtl_cursor_advance(at, 6, session ? EMTL_NEXT_PPP : EMTL_NEXT_NONE);
    return EMTL_KEPT;
}
