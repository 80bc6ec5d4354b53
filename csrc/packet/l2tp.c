/* L2TP version 2 (RFC 2661, section 3.1) and 3 (RFC 3931). SPDX-License-Identifier: Apache-2.0 */
#include "common/bytes.h"
#include "packet/ethernet.h"

enum { CONTROL = 0x8000, LENGTH = 0x4000, SEQUENCE = 0x0800, OFFSET = 0x0200, VERSION = 0x000f };

static emtl_skip decode_2(emtl_cursor *at, uint16_t flags)
{
    size_t size = 6u + (flags & LENGTH ? 2 : 0) + (flags & SEQUENCE ? 4 : 0);
    if ((flags & OFFSET) != 0) {
        if (at->n < size + 2)
            return EMTL_SKIP_TRUNCATED;
        size += 2u + load_be16(at->p + size);
    }
    return emtl_cursor_pass(at, size, EMTL_NEXT_PPP);
}

/* What a session carries, and with a cookie of 0, 4 or 8 bytes and a sublayer of 0 or 4 in front of
 * it, was agreed beforehand: the first place where a frame that holds IP stands. */
static emtl_skip decode_session(emtl_cursor *at)
{
    for (size_t size = 4; size <= 16; size += 4) {
        if (at->n < size)
            return EMTL_SKIP_TRUNCATED;
        if (emtl_is_ethernet(at->p + size, at->n - size)) {
            emtl_cursor_advance(at, size, EMTL_NEXT_BRIDGED);
            return EMTL_KEPT;
        }
        if (at->n - size >= 4 && load_be16(at->p + size) == 0xff03) {
            emtl_cursor_advance(at, size, EMTL_NEXT_PPP);
            return EMTL_KEPT;
        }
    }
    return at->n < at->wire && at->n < 16 + 14 ? EMTL_SKIP_TRUNCATED : EMTL_SKIP_NOT_IP;
}

/* Over IP: a session id of 0 means a control message. */
emtl_skip emtl_l2tpv3_decode(emtl_cursor *at)
{
    if (at->n < 4)
        return EMTL_SKIP_TRUNCATED;
    return load_be32(at->p) == 0 ? EMTL_SKIP_NOT_IP : decode_session(at);
}

emtl_skip emtl_l2tp_decode(emtl_cursor *at)
{
    if (at->n < 4)
        return EMTL_SKIP_TRUNCATED;
    const uint16_t flags = load_be16(at->p);
    if ((flags & CONTROL) != 0)
        return EMTL_SKIP_NOT_IP;
    switch (flags & VERSION) {
    case 2:
        return decode_2(at, flags);
    case 3:
        emtl_cursor_advance(at, 4, EMTL_NEXT_NONE);
        return emtl_l2tpv3_decode(at);
    default:
        return EMTL_SKIP_NOT_IP;
    }
}
