/* MPLS label stacks (RFC 3032). SPDX-License-Identifier: Apache-2.0 */
#include "packet/packet.h"

/* No label says what it carries: behind the last one, the version nibble tells IP from the rest
 * (RFC 4928, section 3). */
emtl_skip emtl_mpls_decode(emtl_cursor *at)
{
    if (at->n < 4)
        return EMTL_SKIP_TRUNCATED;
    const int bottom = at->p[2] & 1;
    emtl_cursor_advance(at, 4, bottom ? EMTL_NEXT_IP : EMTL_NEXT_MPLS);
    return EMTL_KEPT;
}
