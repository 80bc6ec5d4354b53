/* Linux "cooked" captures, of the device "any". SPDX-License-Identifier: Apache-2.0
 * www.tcpdump.org/linktypes/LINKTYPE_LINUX_SLL.html and …_SLL2.html */
#include "common/bytes.h"
#include "packet/packet.h"

/* Protocols under 1536 are Linux's own (if_ether.h): 4 is 802.2. */
static uint32_t next_of(uint16_t protocol)
{
    return protocol == 4 ? EMTL_NEXT_LLC : protocol;
}

emtl_skip emtl_sll_decode(emtl_cursor *at)
{
    if (at->n < 16)
        return EMTL_SKIP_TRUNCATED;
    emtl_cursor_advance(at, 16, next_of(load_be16(at->p + 14)));
    return EMTL_KEPT;
}

emtl_skip emtl_sll2_decode(emtl_cursor *at)
{
    if (at->n < 20)
        return EMTL_SKIP_TRUNCATED;
    emtl_cursor_advance(at, 20, next_of(load_be16(at->p)));
    return EMTL_KEPT;
}
