/* Teredo (RFC 4380, section 5.1.1). SPDX-License-Identifier: Apache-2.0 */
#include "common/bytes.h"
#include "packet/packet.h"

enum { ORIGIN = 0x0000, AUTHENTICATION = 0x0001 };

emtl_skip emtl_teredo_decode(emtl_cursor *at)
{
    if (at->n >= 4 && load_be16(at->p) == AUTHENTICATION) { /* two lengths, then nonce and more */
        const size_t size = 13 + (size_t)at->p[2] + at->p[3];
        if (at->n < size)
            return EMTL_SKIP_TRUNCATED;
        emtl_cursor_advance(at, size, EMTL_NEXT_IPV6);
    }
    if (at->n >= 8 && load_be16(at->p) == ORIGIN)
        emtl_cursor_advance(at, 8, EMTL_NEXT_IPV6);
    at->next = EMTL_NEXT_IPV6;
    return EMTL_KEPT;
}
