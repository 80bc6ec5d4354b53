/* What the fuzz targets share. SPDX-License-Identifier: Apache-2.0
 *
 * A target takes any bytes and ends the program (CHECK) where a promise of emtl.h is broken. With
 * libFuzzer it looks for such bytes: `make fuzz SECONDS=60`. With replay.c it is a plain program
 * that reads files, the seeds and what once was a finding: part of `make test`. */
#ifndef EMTL_FUZZ_FUZZ_H
#define EMTL_FUZZ_FUZZ_H

#include "emtl.h"
#include "tests/support.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What is left of an input. The front of one often says what is done with the rest. */
typedef struct {
    const uint8_t *data;
    size_t size;
} fuzz_input;

/* The next byte; 0 behind the end. */
static inline uint8_t take8(fuzz_input *input)
{
    if (input->size == 0)
        return 0;
    input->size--;
    return *input->data++;
}

static inline uint16_t take16(fuzz_input *input)
{
    const unsigned high = take8(input);
    return (uint16_t)(high << 8 | take8(input));
}

/* A copy in memory of its own, so that ASan sees a read behind it; the caller frees it. */
uint8_t *exact_copy(const uint8_t *data, size_t size);

/* FNV-1a: a number that two equal sequences share, and two others do not. */
#define DIGEST_START UINT64_C(0xcbf29ce484222325)
uint64_t digest_bytes(uint64_t digest, const void *data, size_t size);
uint64_t digest_number(uint64_t digest, int64_t number);

#endif
