/* What of a mapped file lies in memory. SPDX-License-Identifier: Apache-2.0 */
#ifndef EDGEMTL_MAPPED_H
#define EDGEMTL_MAPPED_H

#include <stddef.h>
#include <stdint.h>

#if defined(__linux__)
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/vfs.h>
#include <unistd.h>

enum {
    MAPPED_AROUND = 1 << 16, /* bytes that Linux maps around one (fault-around) */
    MAPPED_HUGE = 1 << 21,   /* … or, of a file that lies in memory in huge pages, this many */
    MAPPED_PAGE_MIN = 4096,
    MAPPED_POPULATE_READ = 22 /* MADV_POPULATE_READ; C libraries of before 2021 lack the name */
};

/* File systems whose files change by this system alone: ext2 to 4, XFS, Btrfs, F2FS, tmpfs. */
static int mapped_is_local(int fd)
{
    struct statfs about;
    if (fstatfs(fd, &about) != 0)
        return 0;
    switch ((unsigned long)about.f_type) {
    case 0xef53:
    case 0x58465342:
    case 0x9123683e:
    case 0xf2f52010:
    case 0x01021994:
        return 1;
    default:
        return 0;
    }
}

/* The next multiple of so many bytes, a power of two. */
static uintptr_t mapped_next(uintptr_t at, uintptr_t bytes)
{
    return (at | (bytes - 1)) + 1;
}

/* Whether all of these bytes are in memory: at most MAPPED_HUGE. */
static int mapped_is_here(uintptr_t at, size_t size, size_t page)
{
    unsigned char here[MAPPED_HUGE / MAPPED_PAGE_MIN];
    if (mincore((void *)at, size, here) != 0)
        return 0;
    for (size_t i = 0; i < (size + page - 1) / page; i++)
        if (!(here[i] & 1))
            return 0;
    return 1;
}

/* Whether a byte can be read without a fault (Linux, Documentation/admin-guide/mm/pagemap). */
static int mapped_is_present(int pagemap, uintptr_t at, size_t page)
{
    uint64_t entry;
    const off_t where = (off_t)(at / page * sizeof entry);
    return pread(pagemap, &entry, sizeof entry, where) == sizeof entry && entry >> 63;
}

/* Makes pages readable; fails where touching them would end the process (Linux 5.14). */
static int mapped_populate(uintptr_t at, size_t size)
{
    return madvise((void *)at, size, MAPPED_POPULATE_READ);
}

/* Brings a stretch into memory that begins with a page and lies in one huge page, if in any. To ask
 * for every page costs as much again as to map it, so one of those that come together is asked for,
 * and all where that was not enough. */
static int mapped_bring(int pagemap, uintptr_t at, size_t size, size_t page)
{
    if (mapped_populate(at, page) != 0)
        return -1;
    const int whole = mapped_is_present(pagemap, at + size / 2, page);
    uintptr_t one = mapped_next(at, MAPPED_AROUND);
    for (; !whole && one < at + size; one = mapped_next(one, MAPPED_AROUND))
        if (mapped_populate(one, page) != 0)
            return -1;
    return mapped_is_here(at, size, page) ? 0 : mapped_populate(at, size);
}

/* Brings bytes into memory, at least one; 0 where all of them can be read. */
static int mapped_read(const uint8_t *data, size_t begin, size_t end)
{
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);
    const uintptr_t last = (uintptr_t)(data + end);
    uintptr_t at = (uintptr_t)(data + begin), next;
    /* Behind a file's new end a page may be in memory, but not to be read: the last one tells. */
    int status = mapped_populate((last - 1) & ~(uintptr_t)(page - 1), page);
    const int pagemap = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
    for (at -= at % page; at < last && status == 0; at = next) {
        next = mapped_next(at, MAPPED_HUGE);
        next = next < last ? next : last;
        status = mapped_bring(pagemap, at, next - at, page);
    }
    if (pagemap >= 0)
        (void)close(pagemap);
    return status;
}

/* Bytes need not stay in memory. */
static void mapped_drop(const uint8_t *data, size_t begin, size_t end)
{
    begin -= begin % (size_t)sysconf(_SC_PAGESIZE);
    (void)madvise((void *)(data + begin), end - begin, MADV_DONTNEED);
}

#else

static int mapped_is_local(int fd)
{
    (void)fd;
    return 0;
}

static int mapped_read(const uint8_t *data, size_t begin, size_t end)
{
    (void)data, (void)begin, (void)end;
    return -1;
}

static void mapped_drop(const uint8_t *data, size_t begin, size_t end)
{
    (void)data, (void)begin, (void)end;
}

#endif
#endif
