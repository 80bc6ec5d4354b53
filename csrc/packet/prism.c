/* Prism and AVS headers in front of 802.11 frames. SPDX-License-Identifier: Apache-2.0
 * www.tcpdump.org/linktypes/LINKTYPE_IEEE802_11_PRISM.html: 144 bytes, or, where an AVS header's
 * magic number stands first, as many as that header says. */
#include "common/bytes.h"
#include "packet/packet.h"

enum { PRISM = 144, AVS_MIN = 64 };

emtl_skip emtl_prism_decode(emtl_cursor *at)
{
    if (at->n < 8)
        return EMTL_SKIP_TRUNCATED;
    const int avs = load_be32(at->p) >> 4 == 0x8021100;
    const size_t size = avs ? load_be32(at->p + 4) : PRISM;
    if (avs && size < AVS_MIN)
        return EMTL_SKIP_MALFORMED;
    const emtl_skip skip = emtl_cursor_pass(at, size, EMTL_NEXT_NONE);
    return skip == EMTL_KEPT ? emtl_wifi_decode(at, 0) : skip;
}
