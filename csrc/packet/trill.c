/* TRILL (RFC 6325, section 3). SPDX-License-Identifier: Apache-2.0 */
#include "common/bytes.h"
#include "packet/packet.h"

emtl_skip emtl_trill_decode(emtl_cursor *at)
{
    if (at->n < 6)
        return EMTL_SKIP_TRUNCATED;
    const uint16_t flags = load_be16(at->p);
    if (flags >> 14 != 0) /* version */
        return EMTL_SKIP_MALFORMED;
    const size_t size = 6 + (size_t)(flags >> 6 & 0x1f) * 4;
    return emtl_cursor_pass(at, size, EMTL_NEXT_BRIDGED);
}
