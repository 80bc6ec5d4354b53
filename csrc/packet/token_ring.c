/* Token ring (IEEE 802.5) and FDDI (ISO 9314-2): 802.2 behind two addresses.
 * SPDX-License-Identifier: Apache-2.0 */
#include "packet/packet.h"

/* Access control, frame control, addresses; and, where the source's first bit says so, the route.
 */
emtl_skip emtl_token_ring_decode(emtl_cursor *at)
{
    if (at->n < 14)
        return EMTL_SKIP_TRUNCATED;
    if (at->p[1] >> 6 != 1) /* a frame of the ring itself */
        return EMTL_SKIP_NOT_IP;
    const int routed = (at->p[8] & 0x80) != 0;
    emtl_cursor_advance(at, 14, EMTL_NEXT_LLC);
    if (!routed)
        return EMTL_KEPT;
    return at->n < 1 ? EMTL_SKIP_TRUNCATED : emtl_cursor_pass(at, at->p[0] & 0x1f, EMTL_NEXT_LLC);
}

emtl_skip emtl_fddi_decode(emtl_cursor *at)
{
    if (at->n > 0 && at->p[0] >> 4 != 5) /* frame control: asynchronous, of 802.2 */
        return EMTL_SKIP_NOT_IP;
    return emtl_cursor_pass(at, 13, EMTL_NEXT_LLC);
}
