/* GTP's user plane: version 1 (3GPP TS 29.281, section 5) and 0 (TS 09.60).
 * SPDX-License-Identifier: Apache-2.0 */
#include "packet/packet.h"

enum { VERSION_0 = 0x1e, VERSION_1 = 0x30 }; /* with the bit that tells GTP from its billing twin */
enum { EXTENSION = 0x04, SEQUENCE = 0x02, N_PDU = 0x01 };
enum { G_PDU = 255 }; /* message type: a user's packet */

static emtl_skip pass_extensions(emtl_cursor *at, uint8_t type)
{
    while (type != 0) {
        if (at->n < 1)
            return EMTL_SKIP_TRUNCATED;
        const size_t size = (size_t)at->p[0] * 4;
        if (size == 0)
            return EMTL_SKIP_MALFORMED;
        if (at->n < size)
            return EMTL_SKIP_TRUNCATED;
        type = at->p[size - 1]; /* of the next */
        emtl_cursor_advance(at, size, EMTL_NEXT_IP);
    }
    return EMTL_KEPT;
}

emtl_skip emtl_gtp_decode(emtl_cursor *at)
{
    if (at->n < 8)
        return EMTL_SKIP_TRUNCATED;
    const uint8_t flags = at->p[0];
    if (at->p[1] != G_PDU)
        return EMTL_SKIP_NOT_IP;
    size_t size = 8;
    if ((flags & 0xfe) == VERSION_0)
        size = 20;
    else if ((flags & 0xf0) != VERSION_1)
        return EMTL_SKIP_NOT_IP;
    else if ((flags & (EXTENSION | SEQUENCE | N_PDU)) != 0)
        size = 12; /* one of them: room for all three */
    if (at->n < size)
        return EMTL_SKIP_TRUNCATED;
    const uint8_t extension = size == 12 && (flags & EXTENSION) != 0 ? at->p[11] : 0;
    emtl_cursor_advance(at, size, EMTL_NEXT_IP);
    return pass_extensions(at, extension);
}
