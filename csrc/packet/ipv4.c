/* IPv4 (RFC 791). SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "common/bytes.h"
#include "packet/packet.h"

enum { TCP = 6, UDP = 17 };

emtl_skip emtl_ipv4_decode(const emtl_cursor *at, emtl_fragments *fragments, emtl_packet *out)
{
    const uint8_t *p = at->p;
    if (at->n < 20)
        return EMTL_SKIP_TRUNCATED;
    const size_t header = (size_t)(p[0] & 0x0f) * 4;
    uint32_t total = load_be16(p + 2);
    if (total == 0)
        total = at->wire; /* segmentation offload: captured before the length was filled in */
    if (p[0] >> 4 != 4 || header < 20 || total < header)
        return EMTL_SKIP_MALFORMED;
    out->version = 4;
    out->length = total;
    out->protocol = p[9];
    if (out->protocol != TCP && out->protocol != UDP)
        return emtl_skip_of_protocol(out->protocol);
    memcpy(out->src, p + 12, 4);
    memcpy(out->dst, p + 16, 4);
    const uint16_t id = load_be16(p + 4), fragment = load_be16(p + 6);
    const int offset = fragment & 0x1fff, more = fragment & 0x2000;
    if (offset != 0 || more) {
        out->segment = 0;
        out->fragment = 1;
    }
    out->payload = total - (uint32_t)header;
    if (offset != 0)
        return emtl_fragments_get(fragments, out, id);
    if (at->n < header)
        return EMTL_SKIP_TRUNCATED;
    const size_t here = at->n < total ? at->n : total; /* Ethernet pads short frames */
    const emtl_skip skip = emtl_ports_decode(p + header, here - header, total - header, out);
    if (skip == EMTL_KEPT && more)
        emtl_fragments_put(fragments, out, id);
    return skip;
}
