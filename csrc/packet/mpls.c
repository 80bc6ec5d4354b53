/* MPLS label stacks (RFC 3032). SPDX-License-Identifier: Apache-2.0 */
#include "common/bytes.h"
#include "packet/packet.h"

enum { CONTROL_WORD = 4 };

/* No label says what it carries: behind the last one, the version nibble tells IP from the rest
 * (RFC 4928, section 3). The rest is most often an Ethernet frame, behind a control word whose
 * first nibble is 0 (RFC 4448) or without: the types in it tell. */
static emtl_skip decode_bottom(emtl_cursor *at)
{
    if (at->n < 1)
        return EMTL_SKIP_TRUNCATED;
    switch (at->p[0] >> 4) {
    case 4:
    case 6:
        at->next = EMTL_NEXT_IP;
        return EMTL_KEPT;
    case 0:
        if (at->n > CONTROL_WORD && emtl_is_ethernet(at->p + CONTROL_WORD, at->n - CONTROL_WORD))
            return emtl_cursor_pass(at, CONTROL_WORD, EMTL_NEXT_BRIDGED);
        break;
    default:
        break;
    }
    at->next = EMTL_NEXT_BRIDGED;
    if (emtl_is_ethernet(at->p, at->n))
        return EMTL_KEPT;
    return at->n < at->wire && at->n < CONTROL_WORD + 14 ? EMTL_SKIP_TRUNCATED : EMTL_SKIP_NOT_IP;
}

emtl_skip emtl_mpls_decode(emtl_cursor *at)
{
    if (at->n < 4)
        return EMTL_SKIP_TRUNCATED;
    const int bottom = at->p[2] & 1;
    emtl_cursor_advance(at, 4, EMTL_NEXT_MPLS);
    return bottom ? decode_bottom(at) : EMTL_KEPT;
}
