/* Per-packet information (CACE Technologies, "PPI Header format"). SPDX-License-Identifier:
 * Apache-2.0 */
#include "common/bytes.h"
#include "packet/packet.h"

emtl_skip emtl_ppi_decode(emtl_cursor *at, uint32_t *link_type)
{
    if (at->n < 8)
        return EMTL_SKIP_TRUNCATED;
    const size_t size = load_le16(at->p + 2);
    if (at->p[0] != 0 || size < 8) /* version */
        return EMTL_SKIP_MALFORMED;
    *link_type = load_le32(at->p + 4);
    return emtl_cursor_pass(at, size, EMTL_NEXT_NONE);
}
