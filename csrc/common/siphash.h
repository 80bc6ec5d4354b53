/* SipHash-1-3, a keyed hash. SPDX-License-Identifier: Apache-2.0
 * Without the key nobody can choose packets that fall into one bucket of a table. */
#ifndef EMTL_COMMON_SIPHASH_H
#define EMTL_COMMON_SIPHASH_H

#include <stddef.h>
#include <stdint.h>

typedef struct {
    uint64_t k0, k1;
} emtl_hash_key;

/* The key from 16 random bytes. */
emtl_hash_key emtl_hash_key_load(const uint8_t bytes[16]);

uint64_t emtl_siphash13(emtl_hash_key key, const uint8_t *data, size_t n);

#endif
