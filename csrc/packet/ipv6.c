/* IPv6 behind its fixed header: extension headers (RFC 8200, section 4). SPDX-License-Identifier:
 * Apache-2.0 */
#include "common/bytes.h"
#include "packet/packet.h"

/* The length that a jumbo payload option gives (RFC 2675), or 0. options: a hop-by-hop header. */
static uint32_t jumbo_option(const uint8_t *options, size_t n)
{
    const size_t size = n < 2 ? 0 : ((size_t)options[1] + 1) * 8;
    for (size_t i = 2; i < n && i < size;) {
        if (options[i] == 0) { /* Pad1 has no length */
            i++;
            continue;
        }
        if (options[i] == 0xc2 && n - i >= 6 && options[i + 1] == 4)
            return load_be32(options + i + 2);
        if (n - i < 2)
            break;
        i += (size_t)options[i + 1] + 2;
    }
    return 0;
}

uint32_t emtl_ipv6_jumbo_length(const uint8_t *p, size_t n, uint32_t wire)
{
    const uint32_t jumbo = p[6] == EMTL_IP_HOP_BY_HOP ? jumbo_option(p + 40, n - 40) : 0;
    const uint32_t there = wire < 40 ? 0 : wire - 40;
    if (jumbo <= 65535)
        return there + 40;
    return jumbo <= there ? jumbo + 40 : 0;
}

/* A fragment header with neither an offset nor more to come is an atomic fragment, which is whole
 * (RFC 6946). Behind a later one stand the datagram's bytes. */
static void note_fragment(const uint8_t *p, emtl_fragment *fragment)
{
    const uint16_t flags = load_be16(p + 2);
    if (flags >> 3 != 0)
        fragment->part = EMTL_LATER_FRAGMENT;
    else if ((flags & 1) != 0)
        fragment->part = EMTL_FIRST_FRAGMENT;
    fragment->id = load_be32(p + 4);
    fragment->protocol = 0;
}

emtl_skip emtl_extension_decode(emtl_cursor *at, emtl_fragment *fragment, emtl_packet *out)
{
    emtl_skip skip = emtl_cursor_need(at, 8);
    if (skip != EMTL_KEPT)
        return skip;
    const uint8_t *p = at->p;
    size_t size = ((size_t)p[1] + 1) * 8;
    if (out->protocol == EMTL_IP_AUTHENTICATION)
        size = ((size_t)p[1] + 2) * 4; /* RFC 4302, 2.2 */
    else if (out->protocol == EMTL_IP_FRAGMENT)
        size = 8;
    skip = emtl_cursor_need(at, size);
    if (skip != EMTL_KEPT)
        return skip;
    if (out->protocol == EMTL_IP_FRAGMENT)
        note_fragment(p, fragment);
    out->protocol = p[0];
    emtl_cursor_advance(at, size, EMTL_NEXT_NONE);
    return EMTL_KEPT;
}
