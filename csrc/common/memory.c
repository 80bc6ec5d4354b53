/* SPDX-License-Identifier: Apache-2.0 */
#define _DEFAULT_SOURCE /* MAP_ANONYMOUS, madvise */
#include "common/memory.h"

#include <stdlib.h>

#if defined(__unix__) || defined(__APPLE__)
#include <sys/mman.h>
#endif

#if defined(MAP_ANONYMOUS) && defined(MAP_PRIVATE)

#define SMALL ((size_t)1 << 20)

#ifndef MAP_NORESERVE /* then the system reserves nothing anyway */
#define MAP_NORESERVE 0
#endif

/* Where an array is large, huge pages save most of the page faults and of the look-ups of pages.
 * Its front is left out, so that a small one takes what it uses. */
static void want_huge_pages(void *pages, size_t size)
{
#if defined(MADV_HUGEPAGE)
    if (size > SMALL)
        (void)madvise((char *)pages + SMALL, size - SMALL, MADV_HUGEPAGE);
#else
    (void)pages;
    (void)size;
#endif
}

void *emtl_pages_new(uint64_t n, size_t size)
{
    if (n > SIZE_MAX / size)
        return NULL;
    void *pages = mmap(NULL, (size_t)n * size, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (pages == MAP_FAILED)
        return NULL;
    want_huge_pages(pages, (size_t)n * size);
    return pages;
}

void emtl_pages_free(void *pages, uint64_t n, size_t size)
{
    if (pages != NULL)
        (void)munmap(pages, (size_t)n * size);
}

#else

void *emtl_pages_new(uint64_t n, size_t size)
{
    return n > SIZE_MAX / size ? NULL : calloc((size_t)n, size);
}

void emtl_pages_free(void *pages, uint64_t n, size_t size)
{
    (void)n;
    (void)size;
    free(pages);
}

#endif

#define HUGE ((size_t)1 << 21) /* where pages are smaller, most of them wait for their user */

bool emtl_pages_touch(void *pages, size_t size, size_t need, size_t *ready)
{
    if (need <= *ready || *ready >= size)
        return false;
    volatile uint8_t *byte = (uint8_t *)pages + *ready;
    *byte = *byte; /* the array may be in use behind this as well */
    *ready += HUGE - ((uintptr_t)byte & (HUGE - 1));
    return true;
}
