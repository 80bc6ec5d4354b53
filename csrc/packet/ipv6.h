/* The fixed header of IPv6 (RFC 8200, section 3). SPDX-License-Identifier: Apache-2.0 */
#ifndef EMTL_PACKET_IPV6_H
#define EMTL_PACKET_IPV6_H

#include <string.h>

#include "common/bytes.h"
#include "packet/packet.h"

/* Writes the version, addresses, length and protocol of out. */
static inline emtl_skip emtl_ipv6_decode(emtl_cursor *at, emtl_fragment *fragment, emtl_packet *out)
{
    const uint8_t *p = at->p;
    if (at->n < 40)
        return EMTL_SKIP_TRUNCATED;
    if (p[0] >> 4 != 6)
        return EMTL_SKIP_MALFORMED;
    const uint32_t payload = load_be16(p + 4);
    const uint32_t total = payload != 0 ? payload + 40 : emtl_ipv6_jumbo_length(p, at->n, at->wire);
    if (total == 0)
        return EMTL_SKIP_MALFORMED;
    out->version = 6;
    out->length = total;
    out->protocol = p[6];
    memcpy(out->src, p + 8, 16);
    memcpy(out->dst, p + 24, 16);
    fragment->part = EMTL_WHOLE;
    at->p += 40;
    at->n = (at->n < total ? at->n : total) - 40;
    at->wire = total - 40;
    return EMTL_KEPT;
}

#endif
