/* AYIYA (draft-massar-v6ops-ayiya-02, section 4). SPDX-License-Identifier: Apache-2.0 */
#include "packet/packet.h"

enum { FORWARD = 1 };

emtl_skip emtl_ayiya_decode(emtl_cursor *at)
{
    if (at->n < 8)
        return EMTL_SKIP_TRUNCATED;
    const size_t identity = (size_t)1 << (at->p[0] >> 4), signature = (size_t)(at->p[1] >> 4) * 4;
    if ((at->p[2] & 0x0f) != FORWARD || at->p[3] != EMTL_IP_IPV6)
        return EMTL_SKIP_NOT_IP;
    return emtl_cursor_pass(at, 8 + identity + signature, EMTL_NEXT_IPV6);
}
