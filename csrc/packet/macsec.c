/* MACsec (IEEE 802.1AE, section 9). SPDX-License-Identifier: Apache-2.0
 * Without encryption the frame follows in the clear, with a checksum at its end. */
#include "packet/ethernet.h"

enum { CHANNEL_ID = 0x20, ENCRYPTED = 0x08, CHANGED = 0x04 };

emtl_skip emtl_macsec_decode(emtl_cursor *at)
{
    if (at->n < 1)
        return EMTL_SKIP_TRUNCATED;
    if ((at->p[0] & (ENCRYPTED | CHANGED)) != 0)
        return EMTL_SKIP_NOT_IP;
    const size_t tag = (at->p[0] & CHANNEL_ID) != 0 ? 14 : 6;
    return emtl_typed_decode(at, tag + 2);
}
