/* Ethernet and its VLAN tags: IEEE 802.3, 802.1Q, 802.1ad. SPDX-License-Identifier: Apache-2.0 */
#include "common/bytes.h"
#include "packet/packet.h"

/* A type field up to 1500 is a length, and 802.2 follows (IEEE 802.3, 3.2.6). */
static uint32_t next_of(uint16_t type)
{
    return type <= 1500 ? EMTL_NEXT_LLC : type;
}

emtl_skip emtl_ethernet_decode(emtl_cursor *at)
{
    if (at->n < 14)
        return EMTL_SKIP_TRUNCATED;
    emtl_cursor_advance(at, 14, next_of(load_be16(at->p + 12)));
    return EMTL_KEPT;
}

emtl_skip emtl_vlan_decode(emtl_cursor *at, uint16_t *vlan)
{
    if (at->n < 4)
        return EMTL_SKIP_TRUNCATED;
    if (*vlan == 0) /* 0 in the tag itself means priority alone, no VLAN */
        *vlan = load_be16(at->p) & 0x0fff;
    emtl_cursor_advance(at, 4, next_of(load_be16(at->p + 2)));
    return EMTL_KEPT;
}
