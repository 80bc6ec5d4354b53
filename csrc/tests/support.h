/* What the C tests share. SPDX-License-Identifier: Apache-2.0 */
#ifndef EMTL_TESTS_SUPPORT_H
#define EMTL_TESTS_SUPPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Ends the program with the place and the claim that does not hold. */
#define CHECK(claim)                                                                               \
    do {                                                                                           \
        if (!(claim)) {                                                                            \
            fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__, #claim);             \
            exit(1);                                                                               \
        }                                                                                          \
    } while (0)

#define CHECK_INT(got, want)                                                                       \
    do {                                                                                           \
        const long long got_ = (long long)(got), want_ = (long long)(want);                        \
        if (got_ != want_) {                                                                       \
            fprintf(stderr, "%s:%d: %s is %lld, not %lld\n", __FILE__, __LINE__, #got, got_,       \
                    want_);                                                                        \
            exit(1);                                                                               \
        }                                                                                          \
    } while (0)

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/* A copy of n bytes that ends where an unreadable page begins: one byte too far is a crash. */
typedef struct {
    uint8_t *data;
    uint8_t *pages;
    size_t size;
} guarded;

guarded guarded_new(size_t most);
void guarded_free(guarded *room);
/* Places n <= most bytes at the end of the room. */
const uint8_t *guarded_put(guarded *room, const void *bytes, size_t n);

/* Bytes put together piece by piece. */
typedef struct {
    uint8_t data[65536];
    size_t n;
} bytes;

void put_hex(bytes *b, const char *hex); /* blanks are skipped */
void put8(bytes *b, unsigned value);
void put16(bytes *b, unsigned value, bool big);
void put32(bytes *b, uint32_t value, bool big);
void put64(bytes *b, uint64_t value, bool big);
void put_bytes(bytes *b, const void *data, size_t n);

/* A file's bytes, in memory of just that size; the caller frees them. */
uint8_t *read_file(const char *name, size_t *size);

/* Numbers that are the same on every run. */
uint32_t next_random(uint32_t *state);

#endif
