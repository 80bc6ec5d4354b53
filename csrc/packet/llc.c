/* IEEE 802.2 LLC and SNAP. SPDX-License-Identifier: Apache-2.0
 * RFC 1042: IP over 802 networks stands behind SAP aa aa 03 and the organisation 00 00 00. */
#include <string.h>

#include "common/bytes.h"
#include "packet/packet.h"

emtl_skip emtl_llc_decode(emtl_cursor *at)
{
    static const uint8_t snap_ethernet[6] = {0xaa, 0xaa, 0x03, 0x00, 0x00, 0x00};
    if (at->n < 3)
        return EMTL_SKIP_TRUNCATED;
    if (at->p[0] == 0x06 && at->p[1] == 0x06 && at->p[2] == 0x03) { /* the SAP of IP itself */
        emtl_cursor_advance(at, 3, EMTL_NEXT_IP);
        return EMTL_KEPT;
    }
    if (memcmp(at->p, snap_ethernet, 3) != 0)
        return EMTL_SKIP_NOT_IP;
    if (at->n < 8)
        return EMTL_SKIP_TRUNCATED;
    if (memcmp(at->p, snap_ethernet, 6) != 0)
        return EMTL_SKIP_NOT_IP;
    emtl_cursor_advance(at, 8, load_be16(at->p + 6));
    return EMTL_KEPT;
}
