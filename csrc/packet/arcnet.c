/* ARCNET. SPDX-License-Identifier: Apache-2.0 */
#include "packet/packet.h"

/* Types of IP in RFC 1051, which knows no fragments, and in RFC 1201, which does. */
enum { IP_1051 = 240, IP_1201 = 212, IPV6_2497 = 196 };
enum { EXCEPTION = 0xff };

/* RFC 1201: a split flag, which is odd in the first of several fragments and even in the others,
 * and a sequence number; an exception packet has 4 bytes more. */
static emtl_skip pass_split_flag(emtl_cursor *at)
{
    if (at->n < 1)
        return EMTL_SKIP_TRUNCATED;
    if (at->p[0] == EXCEPTION) {
        const emtl_skip skip = emtl_cursor_pass(at, 4, EMTL_NEXT_NONE);
        if (skip != EMTL_KEPT || at->n < 1)
            return EMTL_SKIP_TRUNCATED;
    }
    if (at->p[0] != 0 && (at->p[0] & 1) == 0)
        return EMTL_SKIP_FRAGMENT; /* the IP header in the first counted all of them */
    return emtl_cursor_pass(at, 3, EMTL_NEXT_IP);
}

emtl_skip emtl_arcnet_decode(emtl_cursor *at, size_t addresses)
{
    if (at->n < addresses + 1)
        return EMTL_SKIP_TRUNCATED;
    const uint8_t type = at->p[addresses];
    emtl_cursor_advance(at, addresses + 1, EMTL_NEXT_IP);
    switch (type) {
    case IP_1051:
        return EMTL_KEPT;
    case IP_1201:
    case IPV6_2497:
        return pass_split_flag(at);
    default:
        return EMTL_SKIP_NOT_IP;
    }
}
