/* A stopwatch, for the benchmark's C programs. */
#ifndef BENCHMARK_STOPWATCH_H
#define BENCHMARK_STOPWATCH_H

#include <stdint.h>
#include <stdio.h>
#include <time.h>

typedef struct {
    double wall_s, cpu_s; /* cpu_s: of all threads, user and system */
} stopwatch;

static inline double clock_s(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static inline stopwatch stopwatch_start(void)
{
    return (stopwatch){clock_s(CLOCK_MONOTONIC), clock_s(CLOCK_PROCESS_CPUTIME_ID)};
}

static inline stopwatch stopwatch_read(const stopwatch *start)
{
    return (stopwatch){clock_s(CLOCK_MONOTONIC) - start->wall_s,
                       clock_s(CLOCK_PROCESS_CPUTIME_ID) - start->cpu_s};
}

#endif
