/* IPv4 (RFC 791). SPDX-License-Identifier: Apache-2.0 */
#ifndef EMTL_PACKET_IPV4_H
#define EMTL_PACKET_IPV4_H

#include <string.h>

#include "common/bytes.h"
#include "packet/packet.h"

/* An address in 16 bytes, in one store: the flow table reads them as one. */
static inline void emtl_ipv4_address(uint8_t out[16], const uint8_t p[4])
{
    uint32_t words[4] = {0, 0, 0, 0};
    memcpy(words, p, 4);
    memcpy(out, words, 16);
}

/* Writes the version, addresses, length and protocol of out. A header whose options were not
 * captured is a header all the same: nothing is there behind it. */
static inline emtl_skip emtl_ipv4_decode(emtl_cursor *at, emtl_fragment *fragment, emtl_packet *out)
{
    const uint8_t *p = at->p;
    if (at->n < 20)
        return EMTL_SKIP_TRUNCATED;
    const uint32_t header = (p[0] & 0x0fu) * 4;
    uint32_t total = load_be16(p + 2);
    if (total == 0)
        total = at->wire; /* segmentation offload: captured before the length was filled in */
    if (p[0] < 0x45 || p[0] > 0x4f || total < header) /* version, and at least 20 bytes */
        return EMTL_SKIP_MALFORMED;
    out->version = 4;
    out->length = total;
    out->protocol = p[9];
    emtl_ipv4_address(out->src, p + 12);
    emtl_ipv4_address(out->dst, p + 16);
    const uint16_t flags = load_be16(p + 6);
    fragment->part = EMTL_WHOLE;
    if ((flags & 0x3fff) != 0) { /* more fragments, or an offset */
        fragment->part = (flags & 0x1fff) == 0 ? EMTL_FIRST_FRAGMENT : EMTL_LATER_FRAGMENT;
        fragment->id = load_be16(p + 4);
        fragment->protocol = p[9];
    }
    const size_t here = at->n < total ? at->n : total; /* Ethernet pads short frames */
    const size_t passed = here < header ? here : header;
    at->p += passed;
    at->n = here - passed;
    at->wire = total - header;
    return EMTL_KEPT;
}

#endif
