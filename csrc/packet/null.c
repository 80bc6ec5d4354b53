/* BSD loopback. SPDX-License-Identifier: Apache-2.0
 * www.tcpdump.org/linktypes/LINKTYPE_NULL.html: four bytes of address family, in the byte order
 * of the machine that captured (LINKTYPE_LOOP: network order). */
#include "common/bytes.h"
#include "packet/packet.h"

emtl_skip emtl_null_decode(emtl_cursor *at)
{
    if (at->n < 4)
        return EMTL_SKIP_TRUNCATED;
    uint32_t family = load_le32(at->p);
    if (family > 0xffff) /* families are small numbers: this was the other order */
        family = load_be32(at->p);
    switch (family) {
    case 2: /* AF_INET everywhere */
        emtl_cursor_advance(at, 4, EMTL_NEXT_IPV4);
        return EMTL_KEPT;
    case 23: /* AF_INET6 of Windows, IPX elsewhere */
        emtl_cursor_advance(at, 4, EMTL_NEXT_IP);
        return EMTL_KEPT;
    case 10: /* AF_INET6 of Linux, NetBSD and OpenBSD, FreeBSD, macOS */
    case 24:
    case 28:
    case 30:
        emtl_cursor_advance(at, 4, EMTL_NEXT_IPV6);
        return EMTL_KEPT;
    default:
        return EMTL_SKIP_NOT_IP;
    }
}
