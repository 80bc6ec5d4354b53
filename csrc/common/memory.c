/* SPDX-License-Identifier: Apache-2.0 */
#define _DEFAULT_SOURCE /* MAP_ANONYMOUS, madvise */
#include "common/memory.h"

#include <stdlib.h>

#if defined(__unix__) || defined(__APPLE__)
#include <sys/mman.h>
#endif

#if defined(MAP_ANONYMOUS) && defined(MAP_PRIVATE)

#ifndef MAP_NORESERVE /* then the system reserves nothing anyway */
#define MAP_NORESERVE 0
#endif

void *emtl_pages_new(uint64_t n, size_t size)
{
    if (n > SIZE_MAX / size)
        return NULL;
    void *pages = mmap(NULL, (size_t)n * size, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    return pages == MAP_FAILED ? NULL : pages;
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
