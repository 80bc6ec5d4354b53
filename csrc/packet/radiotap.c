/* Radiotap (radiotap.org), in front of 802.11 frames. SPDX-License-Identifier: Apache-2.0 */
#include "common/bytes.h"
#include "packet/packet.h"

enum { TIMER = 1, FLAGS = 2, FLAG_PADDED = 0x20 };
#define MORE_FIELDS 0x80000000u

/* Whether the frame's header is padded to a multiple of 4 bytes. The flags are the second of the
 * fields, which start behind the last word that says which are there. */
static int is_padded(const uint8_t *p, size_t size)
{
    const uint32_t fields = load_le32(p + 4);
    size_t i = 8;
    for (uint32_t more = fields; (more & MORE_FIELDS) != 0 && size - i >= 4; i += 4)
        more = load_le32(p + i);
    if ((fields & TIMER) != 0)
        i = (i + 7) / 8 * 8 + 8;
    return (fields & FLAGS) != 0 && i < size && (p[i] & FLAG_PADDED) != 0;
}

emtl_skip emtl_radiotap_decode(emtl_cursor *at)
{
    if (at->n < 8)
        return EMTL_SKIP_TRUNCATED;
    const size_t size = load_le16(at->p + 2);
    if (at->p[0] != 0 || size < 8)
        return EMTL_SKIP_MALFORMED;
    if (at->n < size)
        return EMTL_SKIP_TRUNCATED;
    const int padded = is_padded(at->p, size);
    emtl_cursor_advance(at, size, EMTL_NEXT_NONE);
    return emtl_wifi_decode(at, padded);
}
