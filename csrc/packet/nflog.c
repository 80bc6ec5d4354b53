/* Netfilter's log. SPDX-License-Identifier: Apache-2.0
 * www.tcpdump.org/linktypes/LINKTYPE_NFLOG.html: family, version, resource id; then attributes,
 * each of length, type and value, up to a multiple of 4 bytes, in the order of the machine that
 * captured: little-endian, as they all are by now. */
#include "common/bytes.h"
#include "packet/packet.h"

enum { PAYLOAD = 9 };

emtl_skip emtl_nflog_decode(emtl_cursor *at)
{
    emtl_skip skip = emtl_cursor_pass(at, 4, EMTL_NEXT_NONE);
    while (skip == EMTL_KEPT) {
        if (at->wire == 0)
            return EMTL_SKIP_NOT_IP;
        if (at->n < 4)
            return EMTL_SKIP_TRUNCATED;
        const uint16_t size = load_le16(at->p), type = load_le16(at->p + 2);
        if (size < 4)
            return EMTL_SKIP_MALFORMED;
        if (type == PAYLOAD)
            return emtl_cursor_pass(at, 4, EMTL_NEXT_IP);
        skip = emtl_cursor_pass(at, (size + 3u) / 4 * 4, EMTL_NEXT_NONE);
    }
    return skip;
}
