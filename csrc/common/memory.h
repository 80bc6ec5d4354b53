/* Large arrays. SPDX-License-Identifier: Apache-2.0
 * They are zero, and the system hands out each page when it is first used: room for the worst case
 * costs address space alone. */
#ifndef EMTL_COMMON_MEMORY_H
#define EMTL_COMMON_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* NULL: there is no room, or n * size bytes cannot be told in size_t. */
void *emtl_pages_new(uint64_t n, size_t size);
/* n and size as they were given to emtl_pages_new; pages may be NULL. */
void emtl_pages_free(void *pages, uint64_t n, size_t size);

/* Has the system hand out the next pages of an array, so that its user need not wait: at most one
 * huge page a call, where those in the first `ready` bytes were handed out and fewer than `need`.
 * Whether anything was done. */
bool emtl_pages_touch(void *pages, size_t size, size_t need, size_t *ready);

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

/* The same, for what is read once: where processors can, it takes no room in the far caches. */
static inline void emtl_prefetch_once(const void *p)
{
#if defined(__GNUC__)
    __builtin_prefetch(p, 0, 0);
    __asm__ __volatile__("");
#else
    (void)p;
#endif
}

#endif
