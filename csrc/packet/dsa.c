/* Tags between a switch's chip and its processor, of Marvell. SPDX-License-Identifier: Apache-2.0
 * www.tcpdump.org/linktypes/LINKTYPE_DSA_TAG_DSA.html: 4 bytes in the place of an 802.1Q tag, with
 * the same VLAN id; in a tagged frame they replaced one. */
#include "packet/ethernet.h"

enum { TAGGED = 0x20 };

emtl_skip emtl_dsa_decode(emtl_cursor *at, size_t tag, uint16_t *vlan)
{
    if (at->n >= tag + 4 && (at->p[tag] & TAGGED) != 0)
        *vlan = load_be16(at->p + tag + 2) & 0x0fff;
    return emtl_typed_decode(at, tag + 6);
}
