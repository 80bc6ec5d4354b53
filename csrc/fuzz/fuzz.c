/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz/fuzz.h"

uint8_t *exact_copy(const uint8_t *data, size_t size)
{
    uint8_t *copy = malloc(size > 0 ? size : 1);
    CHECK(copy != NULL);
    if (size > 0)
        memcpy(copy, data, size);
    return copy;
}

uint64_t digest_bytes(uint64_t digest, const void *data, size_t size)
{
    const uint8_t *p = data;
    for (size_t i = 0; i < size; i++)
        digest = (digest ^ p[i]) * UINT64_C(0x100000001b3);
    return digest;
}

uint64_t digest_number(uint64_t digest, int64_t number)
{
    return digest_bytes(digest, &number, sizeof number);
}
