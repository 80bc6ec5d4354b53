/* SPDX-License-Identifier: Apache-2.0 */
#define _DEFAULT_SOURCE /* MAP_ANONYMOUS */
#include "tests/support.h"

#include <sys/mman.h>
#include <unistd.h>

guarded guarded_new(size_t most)
{
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);
    const size_t size = (most + page - 1) / page * page;
    uint8_t *pages =
        mmap(NULL, size + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(pages != MAP_FAILED);
    CHECK(mprotect(pages + size, page, PROT_NONE) == 0);
    return (guarded){pages + size, pages, size + page};
}

void guarded_free(guarded *room)
{
    CHECK(munmap(room->pages, room->size) == 0);
}

const uint8_t *guarded_put(guarded *room, const void *data, size_t n)
{
    if (n > 0)
        memcpy(room->data - n, data, n);
    return room->data - n;
}

void put_bytes(bytes *b, const void *data, size_t n)
{
    CHECK(n <= sizeof b->data - b->n);
    memcpy(b->data + b->n, data, n);
    b->n += n;
}

void put8(bytes *b, unsigned value)
{
    const uint8_t byte = (uint8_t)value;
    put_bytes(b, &byte, 1);
}

void put16(bytes *b, unsigned value, bool big)
{
    put8(b, big ? value >> 8 : value);
    put8(b, big ? value : value >> 8);
}

void put32(bytes *b, uint32_t value, bool big)
{
    put16(b, big ? value >> 16 : value & 0xffff, big);
    put16(b, big ? value & 0xffff : value >> 16, big);
}

void put64(bytes *b, uint64_t value, bool big)
{
    put32(b, (uint32_t)(big ? value >> 32 : value), big);
    put32(b, (uint32_t)(big ? value : value >> 32), big);
}

void put_hex(bytes *b, const char *hex)
{
    for (; *hex != '\0'; hex++) {
        if (*hex == ' ')
            continue;
        const char pair[3] = {hex[0], hex[1], '\0'};
        put8(b, (unsigned)strtoul(pair, NULL, 16));
        hex++;
    }
}

uint8_t *read_file(const char *name, size_t *size)
{
    FILE *file = fopen(name, "rb");
    CHECK(file != NULL && fseek(file, 0, SEEK_END) == 0);
    const long end = ftell(file);
    CHECK(end >= 0);
    rewind(file);
    *size = (size_t)end;
    uint8_t *data = malloc(*size > 0 ? *size : 1); /* ASan guards its end */
    CHECK(data != NULL && fread(data, 1, *size, file) == *size);
    (void)fclose(file);
    return data;
}

uint32_t next_random(uint32_t *state) /* G. Marsaglia, "Xorshift RNGs", 2003 */
{
    *state ^= *state << 13;
    *state ^= *state >> 17;
    *state ^= *state << 5;
    return *state;
}
