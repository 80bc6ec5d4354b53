/* macOS's pktap (bsd/net/pktap.h of xnu). SPDX-License-Identifier: Apache-2.0 */
#include "common/bytes.h"
#include "packet/packet.h"

enum { HEADER_MIN = 108, PACKET = 1 };

emtl_skip emtl_pktap_decode(emtl_cursor *at, uint32_t *link_type)
{
    if (at->n < 12)
        return EMTL_SKIP_TRUNCATED;
    const size_t size = load_le32(at->p);
    if (size < HEADER_MIN)
        return EMTL_SKIP_MALFORMED;
    if (load_le32(at->p + 4) != PACKET)
        return EMTL_SKIP_NOT_IP;
    *link_type = load_le32(at->p + 8);
    return emtl_cursor_pass(at, size, EMTL_NEXT_NONE);
}
