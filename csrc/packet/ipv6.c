/* IPv6 and its extension headers (RFC 8200). SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "common/bytes.h"
#include "packet/packet.h"

/* IANA, "Protocol Numbers" and "IPv6 Extension Header Types". */
enum {
    HOP_BY_HOP = 0,
    TCP = 6,
    UDP = 17,
    ROUTING = 43,
    FRAGMENT = 44,
    AUTHENTICATION = 51,
    DESTINATION = 60,
    MOBILITY = 135,
    HIP = 139,
    SHIM6 = 140
};

#define EXTENSIONS_MAX 64 /* no stack sends more than a few; stops chains made to cost time */

/* The headers behind the fixed one. */
typedef struct {
    const uint8_t *p;
    size_t at;       /* offset of the next header */
    size_t captured; /* bytes of the packet that are there */
    uint32_t total;  /* bytes of the packet */
    uint8_t next;    /* what the next header is */
} header_chain;

static int is_extension(uint8_t next)
{
    return next == HOP_BY_HOP || next == ROUTING || next == FRAGMENT || next == AUTHENTICATION ||
           next == DESTINATION || next == MOBILITY || next == HIP || next == SHIM6;
}

/* Bytes end: the capture's fault, or that of the packet itself. */
static emtl_skip ends_early(const header_chain *chain, size_t need)
{
    return chain->total - chain->at < need ? EMTL_SKIP_MALFORMED : EMTL_SKIP_TRUNCATED;
}

/* Moves behind the extension header at chain->at, which is no fragment header. */
static emtl_skip pass_extension(header_chain *chain)
{
    if (chain->captured - chain->at < 8)
        return ends_early(chain, 8);
    const uint8_t *p = chain->p + chain->at;
    const size_t size = chain->next == AUTHENTICATION ? ((size_t)p[1] + 2) * 4 /* RFC 4302, 2.2 */
                                                      : ((size_t)p[1] + 1) * 8;
    if (chain->captured - chain->at < size)
        return ends_early(chain, size);
    chain->next = p[0];
    chain->at += size;
    return EMTL_KEPT;
}

/* The length that a jumbo payload option gives (RFC 2675), or 0. options: a hop-by-hop header. */
static uint32_t jumbo_length(const uint8_t *options, size_t n)
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

/* Bytes of the whole packet. Payload length 0: a jumbogram, or segmentation offload, captured
 * before the length was filled in. */
static uint32_t total_length(const emtl_cursor *at)
{
    const uint32_t payload = load_be16(at->p + 4);
    if (payload != 0)
        return payload + 40;
    const uint32_t jumbo = at->p[6] == HOP_BY_HOP ? jumbo_length(at->p + 40, at->n - 40) : 0;
    if (jumbo > 65535 && jumbo <= INT32_MAX - 40)
        return jumbo + 40;
    return at->wire < 40 ? 40 : at->wire;
}

static emtl_skip decode_fragment(header_chain *chain, emtl_fragments *fragments, emtl_packet *out,
                                 uint32_t *first_id, int *first)
{
    if (chain->captured - chain->at < 8)
        return ends_early(chain, 8);
    const uint8_t *p = chain->p + chain->at;
    const uint16_t fragment = load_be16(p + 2);
    const uint32_t id = load_be32(p + 4);
    if (fragment >> 3 != 0 || fragment & 1) {
        out->segment = 0;
        out->fragment = 1;
    }
    out->payload = chain->total - (uint32_t)chain->at - 8;
    if (fragment >> 3 != 0) { /* its protocol stands behind the extensions of the first */
        if (p[0] != TCP && p[0] != UDP && !is_extension(p[0]))
            return EMTL_SKIP_OTHER_PROTOCOL;
        return emtl_fragments_get(fragments, out, id);
    }
    *first = fragment & 1;
    *first_id = id;
    chain->next = p[0];
    chain->at += 8;
    return EMTL_KEPT;
}

emtl_skip emtl_ipv6_decode(const emtl_cursor *at, emtl_fragments *fragments, emtl_packet *out)
{
    if (at->n < 40)
        return EMTL_SKIP_TRUNCATED;
    if (at->p[0] >> 4 != 6)
        return EMTL_SKIP_MALFORMED;
    out->version = 6;
    out->length = total_length(at);
    memcpy(out->src, at->p + 8, 16);
    memcpy(out->dst, at->p + 24, 16);
    header_chain chain = {at->p, 40, at->n < out->length ? at->n : out->length, out->length,
                          at->p[6]};
    uint32_t id = 0;
    int first = 0;
    for (int i = 0; is_extension(chain.next); i++) {
        if (i == EXTENSIONS_MAX)
            return EMTL_SKIP_MALFORMED;
        const int is_fragment = chain.next == FRAGMENT;
        const emtl_skip skip = is_fragment ? decode_fragment(&chain, fragments, out, &id, &first)
                                           : pass_extension(&chain);
        if (skip != EMTL_KEPT || out->protocol != 0)
            return skip;
    }
    out->protocol = chain.next;
    if (chain.next != TCP && chain.next != UDP)
        return emtl_skip_of_protocol(chain.next);
    const emtl_skip skip =
        emtl_ports_decode(at->p + chain.at, chain.captured - chain.at, chain.total - chain.at, out);
    if (skip == EMTL_KEPT && first)
        emtl_fragments_put(fragments, out, id);
    return skip;
}
