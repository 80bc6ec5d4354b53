/* What the benchmark's C programs share: a stopwatch and a mapped file. */
#ifndef BENCHMARK_CLOCK_H
#define BENCHMARK_CLOCK_H

#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

typedef struct {
    double wall_s, cpu_s; /* cpu_s: of all threads, user and system */
} stopwatch;

static inline double seconds(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static inline stopwatch stopwatch_start(void)
{
    return (stopwatch){seconds(CLOCK_MONOTONIC), seconds(CLOCK_PROCESS_CPUTIME_ID)};
}

static inline stopwatch stopwatch_read(const stopwatch *start)
{
    return (stopwatch){seconds(CLOCK_MONOTONIC) - start->wall_s,
                       seconds(CLOCK_PROCESS_CPUTIME_ID) - start->cpu_s};
}

typedef struct {
    const uint8_t *data;
    size_t size;
} mapped;

/* Maps a whole file, its pages already there (MAP_POPULATE: faster than one fault after the other).
 */
static inline int map_file(const char *path, mapped *out)
{
    struct stat facts;
    const int file = open(path, O_RDONLY);
    if (file < 0 || fstat(file, &facts) != 0 || facts.st_size < 24) {
        fprintf(stderr, "%s: can't be read, or is no capture\n", path);
        return -1;
    }
    void *data = mmap(NULL, (size_t)facts.st_size, PROT_READ, MAP_PRIVATE | MAP_POPULATE, file, 0);
    close(file);
    if (data == MAP_FAILED) {
        fprintf(stderr, "%s: can't be mapped\n", path);
        return -1;
    }
    *out = (mapped){data, (size_t)facts.st_size};
    return 0;
}

static inline void unmap_file(const mapped *file)
{
    munmap((void *)(uintptr_t)file->data, file->size);
}

#endif
