/* IP over ATM (RFC 2684), as Linux and SunATM capture it. SPDX-License-Identifier: Apache-2.0 */
#include "packet/packet.h"

enum { LAN_EMULATION = 1, LLC = 2 }; /* www.tcpdump.org/linktypes/LINKTYPE_SUNATM.html */

/* Classical IP (RFC 2225): 802.2, or, where the circuit was set up for it, IP at once. */
emtl_skip emtl_atm_clip_decode(emtl_cursor *at)
{
    if (at->n < 1)
        return EMTL_SKIP_TRUNCATED;
    at->next = at->p[0] == 0xaa ? EMTL_NEXT_LLC : EMTL_NEXT_IP;
    return EMTL_KEPT;
}

emtl_skip emtl_sunatm_decode(emtl_cursor *at)
{
    if (at->n < 4)
        return EMTL_SKIP_TRUNCATED;
    const unsigned kind = at->p[0] & 0x0f;
    emtl_cursor_advance(at, 4, EMTL_NEXT_LLC);
    switch (kind) {
    case LLC:
        return EMTL_KEPT;
    case LAN_EMULATION: /* the client's id, then a frame */
        return emtl_cursor_pass(at, 2, EMTL_NEXT_BRIDGED);
    default:
        return EMTL_SKIP_NOT_IP;
    }
}
