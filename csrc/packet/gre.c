/* GRE (RFC 2784, 2890, 1701), PPTP's (RFC 2637), and ERSPAN in it. SPDX-License-Identifier:
 * Apache-2.0 */
#include "common/bytes.h"
#include "packet/packet.h"

enum {
    CHECKSUM = 0x8000,
    ROUTING = 0x4000,
    KEY = 0x2000,
    SEQUENCE = 0x1000,
    ACKNOWLEDGEMENT = 0x0080,
    VERSION = 0x0007
};

/* Types that only stand here. Access points of Aruba send 802.11 frames, as the first 64 types of
 * theirs, in steps of 16, or as one more. */
enum { ERSPAN = 0x88be, ERSPAN_3 = 0x22eb, WCCP = 0x883e };
enum { ARUBA_FIRST = 0x8200, ARUBA_LAST = 0x83f0, ARUBA = 0x9000 };

/* draft-foschiano-erspan: types II and III have a header, type I (no sequence number) has none. */
static emtl_skip decode_erspan(emtl_cursor *at, int type)
{
    size_t size = type == 1 ? 0 : type == 2 ? 8 : 12;
    if (at->n < size)
        return EMTL_SKIP_TRUNCATED;
    if (type == 3 && (at->p[11] & 1) != 0) { /* a subheader of the platform */
        size += 8;
        if (at->n < size)
            return EMTL_SKIP_TRUNCATED;
    }
    emtl_cursor_advance(at, size, EMTL_NEXT_BRIDGED);
    return EMTL_KEPT;
}

/* RFC 1701: source routes, up to one of length 0. */
static emtl_skip pass_routes(emtl_cursor *at)
{
    for (;;) {
        if (at->n < 4)
            return EMTL_SKIP_TRUNCATED;
        const size_t size = at->p[3];
        if (at->n - 4 < size)
            return EMTL_SKIP_TRUNCATED;
        emtl_cursor_advance(at, 4 + size, at->next);
        if (size == 0)
            return EMTL_KEPT;
    }
}

/* PPTP: the checksum's place is that of payload length and call id; without a sequence number there
 * is no payload. */
static emtl_skip decode_pptp(emtl_cursor *at, uint16_t flags)
{
    const size_t size = 12u + (flags & ACKNOWLEDGEMENT ? 4 : 0);
    if ((flags & SEQUENCE) == 0 || at->next != EMTL_NEXT_PPP)
        return EMTL_SKIP_NOT_IP;
    return emtl_cursor_pass(at, size, EMTL_NEXT_PPP);
}

/* A WCCP redirect header starts with no version of IP (draft-wilson-wrec-wccp-v2, 4.13). */
static emtl_skip decode_wccp(emtl_cursor *at)
{
    if (at->n < 4)
        return EMTL_SKIP_TRUNCATED;
    emtl_cursor_advance(at, at->p[0] >> 4 == 4 ? 0 : 4, EMTL_NEXT_IP);
    return EMTL_KEPT;
}

emtl_skip emtl_gre_decode(emtl_cursor *at)
{
    if (at->n < 4)
        return EMTL_SKIP_TRUNCATED;
    const uint16_t flags = load_be16(at->p);
    at->next = load_be16(at->p + 2);
    if ((flags & VERSION) == 1)
        return decode_pptp(at, flags);
    if ((flags & VERSION) != 0)
        return EMTL_SKIP_NOT_IP;
    const size_t size = 4u + (flags & (CHECKSUM | ROUTING) ? 4 : 0) + (flags & KEY ? 4 : 0) +
                        (flags & SEQUENCE ? 4 : 0);
    if (at->n < size)
        return EMTL_SKIP_TRUNCATED;
    emtl_cursor_advance(at, size, at->next);
    const emtl_skip skip = flags & ROUTING ? pass_routes(at) : EMTL_KEPT;
    if (skip != EMTL_KEPT)
        return skip;
    if ((at->next >= ARUBA_FIRST && at->next <= ARUBA_LAST) || at->next == ARUBA)
        return emtl_wifi_decode(at, 0);
    switch (at->next) {
    case ERSPAN:
        return decode_erspan(at, flags & SEQUENCE ? 2 : 1);
    case ERSPAN_3:
        return decode_erspan(at, 3);
    case WCCP:
        return decode_wccp(at);
    default:
        return EMTL_KEPT;
    }
}
