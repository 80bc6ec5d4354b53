/* Timestamps that Arista's switches write behind the addresses. SPDX-License-Identifier: Apache-2.0
 * arista.com, "Timestamping on Arista Switches": type (1: timestamp), version, time, Ethertype. */
#include "packet/ethernet.h"

emtl_skip emtl_arista_decode(emtl_cursor *at)
{
    if (at->n < 4)
        return EMTL_SKIP_TRUNCATED;
    if (load_be16(at->p) != 1)
        return EMTL_SKIP_NOT_IP;
    switch (at->p[3] >> 4) {
    case 1: /* 64 bits of time */
        return emtl_typed_decode(at, 14);
    case 2: /* 48 */
        return emtl_typed_decode(at, 12);
    default:
        return EMTL_SKIP_NOT_IP;
    }
}
