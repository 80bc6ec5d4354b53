/* Large arrays. SPDX-License-Identifier: Apache-2.0
 * They are zero, and the system hands out each page when it is first used: room for the worst case
 * costs address space alone. */
#ifndef EMTL_COMMON_MEMORY_H
#define EMTL_COMMON_MEMORY_H

#include <stddef.h>
#include <stdint.h>

/* NULL: there is no room, or n * size bytes cannot be told in size_t. */
void *emtl_pages_new(uint64_t n, size_t size);
/* n and size as they were given to emtl_pages_new; pages may be NULL. */
void emtl_pages_free(void *pages, uint64_t n, size_t size);

/* Asks for the cache line at p, which will be needed soon. */
static inline void emtl_prefetch(const void *p)
{
#if defined(__GNUC__)
    __builtin_prefetch(p);
    __asm__ __volatile__(""); /* or gcc takes a function that prefetches alone for one of no use */
#else
    (void)p;
#endif
}

#endif
