/* TCP (RFC 9293) and UDP (RFC 768), as far as a flow needs them. SPDX-License-Identifier:
 * Apache-2.0 */
#include "common/bytes.h"
#include "packet/packet.h"

/* The ports are enough: a short snaplen, or a first fragment of 8 bytes, may leave no more. Flags
 * that were not captured count as none. The length field of UDP and the data offset of TCP are not
 * looked at: the length of a packet comes from its IP header. */
emtl_skip emtl_ports_decode(const uint8_t *p, size_t n, size_t total, emtl_packet *out)
{
    if (total < 4)
        return EMTL_SKIP_MALFORMED;
    if (n < 4)
        return EMTL_SKIP_TRUNCATED;
    out->src_port = load_be16(p);
    out->dst_port = load_be16(p + 2);
    const size_t header = out->protocol == 17 ? 8 : n > 12 ? (size_t)(p[12] >> 4) * 4 : 20;
    out->payload = (uint32_t)(total > header ? total - header : 0);
    out->tcp_flags = out->protocol == 6 && n > 13 ? p[13] : 0;
    return EMTL_KEPT;
}
