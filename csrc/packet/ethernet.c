/* SPDX-License-Identifier: Apache-2.0 */
#include "packet/ethernet.h"

int emtl_is_ethernet(const uint8_t *p, size_t n)
{
    if (n < 14)
        return 0;
    switch (load_be16(p + 12)) {
    case EMTL_NEXT_IPV4:
        return n < 15 || p[14] >> 4 == 4;
    case EMTL_NEXT_IPV6:
        return n < 15 || p[14] >> 4 == 6;
    case EMTL_NEXT_VLAN:
    case EMTL_NEXT_VLAN_OUTER:
    case EMTL_NEXT_MPLS:
    case EMTL_NEXT_PPPOE:
        return 1;
    default:
        return 0;
    }
}
