/* Link types to their decoders. SPDX-License-Identifier: Apache-2.0
 * Numbers: www.tcpdump.org/linktypes.html. 12 and 14 are DLT_RAW of Linux and of OpenBSD, which
 * some programs write into files in place of 101. */
#include "packet/packet.h"

enum {
    LINK_NULL = 0,
    LINK_ETHERNET = 1,
    LINK_PPP = 9,
    LINK_DLT_RAW = 12,
    LINK_DLT_RAW_OPENBSD = 14,
    LINK_PPP_HDLC = 50,
    LINK_PPP_ETHER = 51,
    LINK_RAW = 101,
    LINK_C_HDLC = 104,
    LINK_LOOP = 108,
    LINK_LINUX_SLL = 113,
    LINK_IPV4 = 228,
    LINK_IPV6 = 229,
    LINK_LINUX_SLL2 = 276
};

emtl_skip emtl_link_decode(const emtl_record *record, emtl_cursor *at)
{
    /* Lengths of packets are int32_t: a record that claims more gets no more. */
    const uint32_t wire = record->wire < INT32_MAX ? record->wire : INT32_MAX;
    *at = (emtl_cursor){record->data, record->captured, wire, EMTL_NEXT_IP};
    switch (record->link_type) {
    case LINK_ETHERNET:
        return emtl_ethernet_decode(at);
    case LINK_RAW:
    case LINK_DLT_RAW:
    case LINK_DLT_RAW_OPENBSD:
    case LINK_IPV4:
    case LINK_IPV6:
        return EMTL_KEPT;
    case LINK_LINUX_SLL:
        return emtl_sll_decode(at);
    case LINK_LINUX_SLL2:
        return emtl_sll2_decode(at);
    case LINK_NULL:
    case LINK_LOOP:
        return emtl_null_decode(at);
    case LINK_PPP:
    case LINK_PPP_HDLC:
    case LINK_C_HDLC:
        return emtl_hdlc_decode(at);
    case LINK_PPP_ETHER:
        return emtl_pppoe_decode(at);
    default:
        return EMTL_SKIP_LINK_TYPE;
    }
}
