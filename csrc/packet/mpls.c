/* MPLS label stacks (RFC 3032). SPDX-License-Identifier: Apache-2.0 */
#include "common/bytes.h"
#include "packet/packet.h"

/* No label says what it carries: behind the last one, the version nibble tells IP from the rest
 * (RFC 4928, section 3). The rest is most often an Ethernet frame, behind a control word whose
 * first nibble is 0 (RFC 4448) or without: the types in it tell. */
static emtl_skip decode_bottom(emtl_cursor *at)
{
    if (at->n < 1)
        return EMTL_SKIP_TRUNCATED;
    const unsigned nibble = at->p[0] >> 4;
    if (nibble == 4 || nibble == 6)
        at->next = EMTL_NEXT_IP;
    else if (nibble == 0 && at->n > 4 && emtl_is_ethernet(at->p + 4, at->n - 4))
        emtl_cursor_advance(at, 4, EMTL_NEXT_BRIDGED);
    else
        at->next = emtl_is_ethernet(at->p, at->n) ? EMTL_NEXT_BRIDGED : EMTL_NEXT_NONE;
    return EMTL_KEPT;
}

emtl_skip emtl_mpls_decode(emtl_cursor *at)
{
    if (at->n < 4)
        return EMTL_SKIP_TRUNCATED;
    const int bottom = at->p[2] & 1;
    emtl_cursor_advance(at, 4, EMTL_NEXT_MPLS);
    return bottom ? decode_bottom(at) : EMTL_KEPT;
}
