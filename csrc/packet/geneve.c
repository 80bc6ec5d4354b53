/* Geneve (RFC 8926, section 3.4). SPDX-License-Identifier: Apache-2.0 */
#include "common/bytes.h"
#include "packet/packet.h"

emtl_skip emtl_geneve_decode(emtl_cursor *at)
{
    if (at->n < 8)
        return EMTL_SKIP_TRUNCATED;
    const size_t size = 8 + (size_t)(at->p[0] & 0x3f) * 4; /* with options */
    if (at->p[0] >> 6 != 0)                                /* version */
        return EMTL_SKIP_NOT_IP;
    return emtl_cursor_pass(at, size, load_be16(at->p + 2));
}
