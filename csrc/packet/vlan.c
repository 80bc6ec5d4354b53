/* VLAN tags: IEEE 802.1Q, 802.1ad. SPDX-License-Identifier: Apache-2.0 */
#include "packet/ethernet.h"

emtl_skip emtl_vlan_decode(emtl_cursor *at, uint16_t *vlan)
{
    if (at->n >= 2 && *vlan == 0) /* 0 in the tag itself means priority alone, no VLAN */
        *vlan = load_be16(at->p) & 0x0fff;
    return emtl_typed_decode(at, 4);
}
