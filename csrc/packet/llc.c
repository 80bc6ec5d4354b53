/* IEEE 802.2 LLC and SNAP. SPDX-License-Identifier: Apache-2.0
 * RFC 1042: IP over 802 networks stands behind SAP aa aa 03 and the organisation 00 00 00, or,
 * where it came from Ethernet, 00 00 f8 (802.1H). RFC 2684: that of a bridged frame is 00 80 c2. */
#include <string.h>

#include "common/bytes.h"
#include "packet/packet.h"

/* Types of the organisation 00 80 c2: an 802.3 frame with its checksum, or without. */
enum { BRIDGED_WITH_CHECKSUM = 1, BRIDGED = 7 };

static uint32_t next_of(const uint8_t organisation[3], uint16_t type)
{
    if (memcmp(organisation, "\x00\x00\x00", 3) == 0 ||
        memcmp(organisation, "\x00\x00\xf8", 3) == 0)
        return type;
    const int bridged = memcmp(organisation, "\x00\x80\xc2", 3) == 0 &&
                        (type == BRIDGED_WITH_CHECKSUM || type == BRIDGED);
    return bridged ? EMTL_NEXT_BRIDGED : EMTL_NEXT_NONE;
}

emtl_skip emtl_snap_decode(emtl_cursor *at, size_t padding)
{
    if (at->n < 5)
        return EMTL_SKIP_TRUNCATED;
    emtl_cursor_advance(at, 5, next_of(at->p, load_be16(at->p + 3)));
    return at->next == EMTL_NEXT_BRIDGED ? emtl_cursor_pass(at, padding, at->next) : EMTL_KEPT;
}

emtl_skip emtl_llc_decode(emtl_cursor *at)
{
    if (at->n < 3)
        return EMTL_SKIP_TRUNCATED;
    const int ip = memcmp(at->p, "\x06\x06\x03", 3) == 0; /* the SAP of IP itself */
    const int snap = memcmp(at->p, "\xaa\xaa\x03", 3) == 0;
    emtl_cursor_advance(at, 3, ip ? EMTL_NEXT_IP : EMTL_NEXT_NONE);
    return snap ? emtl_snap_decode(at, 2) : EMTL_KEPT; /* RFC 2684, section 5.2 */
}
