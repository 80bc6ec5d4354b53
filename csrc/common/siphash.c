/* SPDX-License-Identifier: Apache-2.0 */
#include "common/siphash.h"

#include "common/bytes.h"

emtl_hash_key emtl_hash_key_load(const uint8_t bytes[16])
{
    return (emtl_hash_key){load_le64(bytes), load_le64(bytes + 8)};
}

uint64_t emtl_siphash13(emtl_hash_key key, const uint8_t *data, size_t n)
{
    emtl_sip s = emtl_sip_begin(key);
    uint64_t last = (uint64_t)n << 56;
    for (; n >= 8; data += 8, n -= 8)
        emtl_sip_word(&s, load_le64(data));
    for (size_t i = 0; i < n; i++)
        last |= (uint64_t)data[i] << 8 * i;
    emtl_sip_word(&s, last);
    return emtl_sip_end(&s);
}
