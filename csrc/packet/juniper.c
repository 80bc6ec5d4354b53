/* What Juniper's routers put in front of frames. SPDX-License-Identifier: Apache-2.0
 * juniper.net, "JUNOS jnx-pcap": "MGC", flags, extensions where the flags say so. */
#include <string.h>

#include "common/bytes.h"
#include "packet/packet.h"

enum { WITHOUT_FRAME = 0x02, EXTENSIONS = 0x80 };
enum { LINK_RAW = 101 };

emtl_skip emtl_juniper_decode(emtl_cursor *at, uint32_t *link_type)
{
    if (at->n < 4)
        return EMTL_SKIP_TRUNCATED;
    if (memcmp(at->p, "MGC", 3) != 0)
        return EMTL_SKIP_MALFORMED;
    const uint8_t flags = at->p[3];
    size_t size = 4;
    if ((flags & EXTENSIONS) != 0) {
        if (at->n < 6)
            return EMTL_SKIP_TRUNCATED;
        size = 6 + (size_t)load_be16(at->p + 4);
    }
    if ((flags & WITHOUT_FRAME) != 0) { /* the family, then a packet */
        size += 4;
        *link_type = LINK_RAW;
    }
    return emtl_cursor_pass(at, size, EMTL_NEXT_NONE);
}
