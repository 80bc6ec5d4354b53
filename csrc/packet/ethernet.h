/* Ethernet (IEEE 802.3), and what ends as its header does. SPDX-License-Identifier: Apache-2.0 */
#ifndef EMTL_PACKET_ETHERNET_H
#define EMTL_PACKET_ETHERNET_H

#include "common/bytes.h"
#include "packet/packet.h"

/* A header of size bytes, of which the last two are an Ethertype; up to 1500 that is a length, and
 * 802.2 follows (IEEE 802.3, 3.2.6). */
static inline emtl_skip emtl_typed_decode(emtl_cursor *at, size_t size)
{
    if (at->n < size)
        return EMTL_SKIP_TRUNCATED;
    const uint32_t type = load_be16(at->p + size - 2);
    emtl_cursor_advance(at, size, type <= 1500 ? (uint32_t)EMTL_NEXT_LLC : type);
    return EMTL_KEPT;
}

static inline emtl_skip emtl_ethernet_decode(emtl_cursor *at)
{
    return emtl_typed_decode(at, 14);
}

/* IEEE 802.1Q, 802.1ad. *vlan: the tag's VLAN id, unless a tag outside it has set it; 0 in the tag
 * itself means priority alone, no VLAN. */
static inline emtl_skip emtl_vlan_decode(emtl_cursor *at, uint16_t *vlan)
{
    if (at->n >= 2 && *vlan == 0)
        *vlan = load_be16(at->p) & 0x0fff;
    return emtl_typed_decode(at, 4);
}

static inline int emtl_is_vlan(uint32_t next)
{
    return next == EMTL_NEXT_VLAN || next == EMTL_NEXT_VLAN_OUTER || next == EMTL_NEXT_VLAN_9100 ||
           next == EMTL_NEXT_VLAN_9200;
}

#endif
