/* One key for both directions. SPDX-License-Identifier: Apache-2.0 */
#ifndef EMTL_FLOW_TABLE_KEY_H
#define EMTL_FLOW_TABLE_KEY_H

#include <stdbool.h>

#include "common/bytes.h"
#include "common/siphash.h"
#include "emtl.h"

/* The ends of a flow, the smaller first, whoever began. Each: 32 bits of address, 16 of port; above
 * them the VLAN id (low), or the protocol and, in the highest byte, one of the sizes below (high).
 * The address bits are the IPv4 address, or the last of the IPv6 address. */
typedef struct {
    uint64_t low, high;
} emtl_flow_key;

/* Bytes that are hashed: SipHash wants their number in the highest byte of the last word, and here
 * it tells the IP version as well. */
enum { EMTL_KEY4_SIZE = 15, EMTL_KEY6_SIZE = 47 };

/* What is left of the IPv6 addresses of the ends. */
typedef struct {
    uint64_t low, high;
    uint32_t low_next, high_next;
} emtl_ends6;

typedef struct emtl_slot emtl_slot;

/* What finds the flow of a packet. */
typedef struct {
    emtl_flow_key key;
    emtl_ends6 ends6;      /* IPv6 alone */
    const emtl_slot *home; /* in the index, where the search begins */
    uint32_t hash;
    bool swapped; /* whether the packet's source is the high end */
} emtl_lookup;

static inline bool emtl_key_is_6(const emtl_flow_key *key)
{
    return key->high >> 56 == EMTL_KEY6_SIZE;
}

static inline uint8_t emtl_key_protocol(const emtl_flow_key *key)
{
    return (uint8_t)(key->high >> 48);
}

static inline emtl_flow_key emtl_key_of(uint64_t low, uint64_t high, uint64_t vlan,
                                        uint64_t protocol, uint64_t size)
{
    return (emtl_flow_key){vlan << 48 | low, size << 56 | protocol << 48 | high};
}

static inline void emtl_lookup4(emtl_lookup *out, const emtl_packet *packet, uint64_t vlan,
                                emtl_sip keyed)
{
    const uint64_t src = (uint64_t)load_be32(packet->src) << 16 | packet->src_port;
    const uint64_t dst = (uint64_t)load_be32(packet->dst) << 16 | packet->dst_port;
    out->swapped = src > dst;
    out->key = emtl_key_of(src > dst ? dst : src, src > dst ? src : dst, vlan, packet->protocol,
                           EMTL_KEY4_SIZE);
    const uint64_t words[] = {out->key.low, out->key.high};
    out->hash = (uint32_t)emtl_siphash13_words(keyed, words, 2);
}

static inline bool emtl_src_is_high6(const uint64_t src[2], const uint64_t dst[2],
                                     const emtl_packet *packet)
{
    if (src[0] != dst[0])
        return src[0] > dst[0];
    if (src[1] != dst[1])
        return src[1] > dst[1];
    return packet->src_port > packet->dst_port;
}

static inline void emtl_lookup6(emtl_lookup *out, const emtl_packet *packet, uint64_t vlan,
                                emtl_sip keyed)
{
    const uint64_t src[2] = {load_be64(packet->src), load_be64(packet->src + 8)};
    const uint64_t dst[2] = {load_be64(packet->dst), load_be64(packet->dst + 8)};
    const bool swapped = emtl_src_is_high6(src, dst, packet);
    const uint64_t *low = swapped ? dst : src, *high = swapped ? src : dst;
    out->swapped = swapped;
    out->key = emtl_key_of(swapped ? packet->dst_port : packet->src_port,
                           swapped ? packet->src_port : packet->dst_port, vlan, packet->protocol,
                           EMTL_KEY6_SIZE);
    out->ends6 = (emtl_ends6){low[0], high[0], (uint32_t)(low[1] >> 32), (uint32_t)(high[1] >> 32)};
    const uint64_t words[] = {low[0], low[1], high[0], high[1], out->key.low, out->key.high};
    out->hash = (uint32_t)emtl_siphash13_words(keyed, words, 6);
    out->key.low |= (low[1] & UINT32_MAX) << 16;
    out->key.high |= (high[1] & UINT32_MAX) << 16;
}

/* vlan: 0 where it is no part of the key. */
static inline void emtl_lookup_of(emtl_lookup *out, const emtl_packet *packet, uint16_t vlan,
                                  emtl_sip keyed)
{
    if (packet->version == 6)
        emtl_lookup6(out, packet, vlan, keyed);
    else
        emtl_lookup4(out, packet, vlan, keyed);
}

#endif
