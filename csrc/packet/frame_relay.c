/* Frame Relay: IP by RFC 2427, or by an Ethertype, as Cisco does. SPDX-License-Identifier:
 * Apache-2.0
 */
#include "packet/ethernet.h"

enum { UNNUMBERED = 0x03 };
enum { NLPID_PADDING = 0x00, NLPID_SNAP = 0x80, NLPID_IPV6 = 0x8e, NLPID_IPV4 = 0xcc };

static emtl_skip decode_nlpid(emtl_cursor *at)
{
    if (at->n > 0 && at->p[0] == NLPID_PADDING)
        emtl_cursor_advance(at, 1, EMTL_NEXT_NONE);
    if (at->n < 1)
        return EMTL_SKIP_TRUNCATED;
    const uint8_t nlpid = at->p[0];
    emtl_cursor_advance(at, 1, EMTL_NEXT_NONE);
    switch (nlpid) {
    case NLPID_IPV4:
        at->next = EMTL_NEXT_IPV4;
        return EMTL_KEPT;
    case NLPID_IPV6:
        at->next = EMTL_NEXT_IPV6;
        return EMTL_KEPT;
    case NLPID_SNAP:
        return emtl_snap_decode(at, 0);
    default:
        return EMTL_SKIP_NOT_IP;
    }
}

/* ITU-T Q.922, section 3.3: the last byte of an address, of 2 to 4, is odd. */
emtl_skip emtl_frame_relay_decode(emtl_cursor *at)
{
    size_t address = 1;
    do {
        if (at->n <= address)
            return EMTL_SKIP_TRUNCATED;
        if (at->p[0] & 1 || address == 4)
            return EMTL_SKIP_MALFORMED;
        address++;
    } while ((at->p[address - 1] & 1) == 0);
    if (at->n <= address)
        return EMTL_SKIP_TRUNCATED;
    if (at->p[address] != UNNUMBERED)
        return emtl_typed_decode(at, address + 2);
    emtl_cursor_advance(at, address + 1, EMTL_NEXT_NONE);
    return decode_nlpid(at);
}
