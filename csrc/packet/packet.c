/* Why packets are skipped. SPDX-License-Identifier: Apache-2.0 */
#include "packet/packet.h"

const char *emtl_skip_name(emtl_skip skip)
{
    switch (skip) {
    case EMTL_SKIP_LINK_TYPE:
        return "link_type";
    case EMTL_SKIP_NOT_IP:
        return "not_ip";
    case EMTL_SKIP_OTHER_PROTOCOL:
        return "other_protocol";
    case EMTL_SKIP_TRUNCATED:
        return "truncated";
    case EMTL_SKIP_MALFORMED:
        return "malformed";
    case EMTL_SKIP_FRAGMENT:
        return "fragment";
    case EMTL_SKIP_ICMP:
        return "icmp";
    case EMTL_SKIP_SCTP:
        return "sctp";
    case EMTL_SKIP_UDP_LITE:
        return "udp_lite";
    default:
        return NULL;
    }
}
