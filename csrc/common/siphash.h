/* SipHash-1-3, a keyed hash. SPDX-License-Identifier: Apache-2.0
 * Without the key nobody can choose packets that fall into one bucket of a table.
 *
 * J.-P. Aumasson, D. J. Bernstein, "SipHash: a fast short-input PRF", Indocrypt 2012, with one
 * compression round and three at the end, as CPython and Rust use it for their tables. */
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

/* The steps, for input whose size is known where it is hashed: compilers unroll them. */
typedef struct {
    uint64_t v0, v1, v2, v3;
} emtl_sip;

static inline uint64_t emtl_rotl(uint64_t x, int bits)
{
    return x << bits | x >> (64 - bits);
}

static inline void emtl_sip_round(emtl_sip *s)
{
    s->v0 += s->v1;
    s->v1 = emtl_rotl(s->v1, 13) ^ s->v0;
    s->v0 = emtl_rotl(s->v0, 32);
    s->v2 += s->v3;
    s->v3 = emtl_rotl(s->v3, 16) ^ s->v2;
    s->v0 += s->v3;
    s->v3 = emtl_rotl(s->v3, 21) ^ s->v0;
    s->v2 += s->v1;
    s->v1 = emtl_rotl(s->v1, 17) ^ s->v2;
    s->v2 = emtl_rotl(s->v2, 32);
}

static inline emtl_sip emtl_sip_begin(emtl_hash_key key)
{
    return (emtl_sip){key.k0 ^ 0x736f6d6570736575u, key.k1 ^ 0x646f72616e646f6du,
                      key.k0 ^ 0x6c7967656e657261u, key.k1 ^ 0x7465646279746573u};
}

static inline void emtl_sip_word(emtl_sip *s, uint64_t word)
{
    s->v3 ^= word;
    emtl_sip_round(s);
    s->v0 ^= word;
}

static inline uint64_t emtl_sip_end(emtl_sip *s)
{
    s->v2 ^= 0xff;
    for (int i = 0; i < 3; i++)
        emtl_sip_round(s);
    return s->v0 ^ s->v1 ^ s->v2 ^ s->v3;
}

/* The hash of the bytes in n words, in little-endian order, less the highest of the last word,
 * which must be their number: 8 n - 1. s: as from emtl_sip_begin. */
static inline uint64_t emtl_siphash13_words(emtl_sip s, const uint64_t *words, size_t n)
{
    for (size_t i = 0; i < n; i++)
        emtl_sip_word(&s, words[i]);
    return emtl_sip_end(&s);
}

#endif
