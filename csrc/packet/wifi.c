/* 802.11 data frames (IEEE 802.11-2020, 9.2.4 and 9.3.2). SPDX-License-Identifier: Apache-2.0 */
#include "common/bytes.h"
#include "packet/packet.h"

/* Frame control, as a little-endian number. */
enum {
    TYPE = 0x000c,
    DATA = 0x0008,
    WITHOUT_DATA = 0x0040, /* a bit of the subtypes of data */
    QOS = 0x0080,          /* another */
    TO_AND_FROM_DS = 0x0300,
    PROTECTED = 0x4000,
    HT_CONTROL = 0x8000 /* in frames with QoS */
};

enum { QOS_A_MSDU = 0x80 }; /* in the first byte of QoS control */

/* Of several frames aggregated in one (A-MSDU) the first counts: addresses and its length stand in
 * front of it. */
static emtl_skip pass_subframe_header(emtl_cursor *at)
{
    return emtl_cursor_pass(at, 14, EMTL_NEXT_LLC);
}

emtl_skip emtl_wifi_decode(emtl_cursor *at, int padded)
{
    if (at->n < 24)
        return EMTL_SKIP_TRUNCATED;
    const uint16_t control = load_le16(at->p);
    if ((control & TYPE) != DATA || (control & (WITHOUT_DATA | PROTECTED)) != 0)
        return EMTL_SKIP_NOT_IP;
    if ((load_le16(at->p + 22) & 0x0f) != 0) /* the IP header in the first counted all of them */
        return EMTL_SKIP_FRAGMENT;
    size_t size = 24;
    if ((control & TO_AND_FROM_DS) == TO_AND_FROM_DS)
        size += 6; /* the fourth address */
    int aggregated = 0;
    if ((control & QOS) != 0) {
        if (at->n < size + 2)
            return EMTL_SKIP_TRUNCATED;
        aggregated = (at->p[size] & QOS_A_MSDU) != 0;
        size += (control & HT_CONTROL) != 0 ? 6 : 2;
    }
    if (padded)
        size = (size + 3) / 4 * 4;
    const emtl_skip skip = emtl_cursor_pass(at, size, EMTL_NEXT_LLC);
    return skip == EMTL_KEPT && aggregated ? pass_subframe_header(at) : skip;
}
