/* Network service header (RFC 8300). SPDX-License-Identifier: Apache-2.0 */
#include "common/bytes.h"
#include "packet/packet.h"

emtl_skip emtl_nsh_decode(emtl_cursor *at)
{
    static const uint32_t next[] = {EMTL_NEXT_NONE,    EMTL_NEXT_IPV4, EMTL_NEXT_IPV6,
                                    EMTL_NEXT_BRIDGED, EMTL_NEXT_NSH,  EMTL_NEXT_MPLS};
    if (at->n < 8)
        return EMTL_SKIP_TRUNCATED;
    const size_t size = (size_t)(at->p[1] & 0x3f) * 4;
    if (at->p[0] >> 6 != 0 || size < 8) /* version */
        return EMTL_SKIP_MALFORMED;
    if (at->n < size)
        return EMTL_SKIP_TRUNCATED;
    const uint8_t protocol = at->p[3];
    emtl_cursor_advance(at, size, protocol < 6 ? next[protocol] : (uint32_t)EMTL_NEXT_NONE);
    return EMTL_KEPT;
}
