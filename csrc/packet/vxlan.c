/* VXLAN (RFC 7348), with what its generic extension adds (draft-ietf-nvo3-vxlan-gpe): the protocol.
 * SPDX-License-Identifier: Apache-2.0 */
#include "packet/packet.h"

enum { NETWORK_ID = 0x08, PROTOCOL = 0x04 };

emtl_skip emtl_vxlan_decode(emtl_cursor *at)
{
    static const uint32_t next[] = {EMTL_NEXT_NONE,    EMTL_NEXT_IPV4, EMTL_NEXT_IPV6,
                                    EMTL_NEXT_BRIDGED, EMTL_NEXT_NSH,  EMTL_NEXT_MPLS};
    if (at->n < 8)
        return EMTL_SKIP_TRUNCATED;
    const uint8_t flags = at->p[0], protocol = at->p[3];
    if ((flags & NETWORK_ID) == 0)
        return EMTL_SKIP_NOT_IP;
    uint32_t inside = EMTL_NEXT_BRIDGED;
    if ((flags & PROTOCOL) != 0)
        inside = protocol < 6 ? next[protocol] : (uint32_t)EMTL_NEXT_NONE;
    emtl_cursor_advance(at, 8, inside);
    return EMTL_KEPT;
}
