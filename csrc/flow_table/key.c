/* One key for both directions. SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "flow_table/flow_table.h"

emtl_flow_key emtl_flow_key_of(const emtl_packet *packet, bool by_vlan, bool *swapped)
{
    emtl_flow_key key = {.vlan = by_vlan ? packet->vlan : 0,
                         .version = packet->version,
                         .protocol = packet->protocol};
    const int order = memcmp(packet->src, packet->dst, 16);
    *swapped = order > 0 || (order == 0 && packet->src_port > packet->dst_port);
    memcpy(key.low, *swapped ? packet->dst : packet->src, 16);
    memcpy(key.high, *swapped ? packet->src : packet->dst, 16);
    key.low_port = *swapped ? packet->dst_port : packet->src_port;
    key.high_port = *swapped ? packet->src_port : packet->dst_port;
    return key;
}

uint32_t emtl_flow_key_hash(emtl_hash_key hash_key, const emtl_flow_key *key)
{
    if (key->version == 6)
        return (uint32_t)emtl_siphash13(hash_key, (const uint8_t *)key, sizeof *key);
    uint8_t bytes[16]; /* IPv4 addresses end in zeros: hash what differs */
    memcpy(bytes, key->low, 4);
    memcpy(bytes + 4, key->high, 4);
    memcpy(bytes + 8, (const uint8_t *)key + 32, 8);
    return (uint32_t)emtl_siphash13(hash_key, bytes, sizeof bytes);
}
