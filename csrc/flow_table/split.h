/* One captured packet that was several on the wire. SPDX-License-Identifier: Apache-2.0
 * Network cards and kernels merge packets of a flow, and cut them, out of a capture's sight. */
#ifndef EMTL_FLOW_TABLE_SPLIT_H
#define EMTL_FLOW_TABLE_SPLIT_H

#include "emtl.h"

/* count packets, each with the same headers and `segment` bytes of payload, the last with `last`.
 */
typedef struct {
    uint32_t count, headers, segment, last;
} emtl_wire_packets;

/* Bytes of payload that each of the wire's packets had; 0: it was one packet. */
static inline uint32_t emtl_segment_of(const emtl_packet *packet, uint32_t split_mtu)
{
    if (packet->segment != 0)
        return packet->payload > packet->segment ? packet->segment : 0;
    if (split_mtu == 0 || packet->length <= split_mtu || packet->fragment)
        return 0;
    const uint32_t headers = packet->length - packet->payload;
    return headers < split_mtu ? split_mtu - headers : 0;
}

static inline emtl_wire_packets emtl_split(const emtl_packet *packet, uint32_t split_mtu)
{
    const uint32_t headers = packet->length - packet->payload;
    const uint32_t segment = emtl_segment_of(packet, split_mtu);
    if (segment == 0)
        return (emtl_wire_packets){1, headers, packet->payload, packet->payload};
    const uint32_t before = (packet->payload - 1) / segment; /* the last */
    return (emtl_wire_packets){before + 1, headers, segment, packet->payload - before * segment};
}

#endif
