/* edgemtl's C core alone: a pcap file to ended flows, which are counted and dropped.
 *
 * core CAPTURE PACKETS MAX_FLOWS [PIECE]: keeps PACKETS of each flow's series; prints one line of
 * JSON. With PIECE the file is given in pieces of so many bytes, and each call is timed, in the CPU
 * time of this thread, which neighbours on the machine don't lengthen; at the end the clock is
 * moved past the idle timeout, so that all flows end at once, call by call. The file is µs pcap,
 * little- endian, of less than an hour, as the benchmark writes it. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "emtl.h"
#include "stopwatch.h"

enum { FILE_HEADER = 24, BLOCK = 1 << 18 };
enum { ROOM = 1024, SERIES_ROOM = 1 << 17 }; /* flows, packets: what one call gives at most */

typedef struct {
    emtl_meter *meter;
    emtl_flow_columns columns;
    uint64_t packets, bytes, kept; /* of the flows taken so far */
    uint32_t first_s;              /* time of the first packet; 0: not read yet */
    double *steps;                 /* seconds of each timed call; NULL: they are not timed */
    size_t n, room;
} work;

static void *must(void *memory)
{
    if (memory == NULL) {
        fprintf(stderr, "core: no memory\n");
        exit(1);
    }
    return memory;
}

static void columns_new(emtl_flow_columns *c)
{
    *c = (emtl_flow_columns){.room = ROOM, .series_room = SERIES_ROOM};
    c->start_us = must(malloc(ROOM * sizeof *c->start_us));
    c->duration_us = must(malloc(ROOM * sizeof *c->duration_us));
    c->packets = must(malloc(ROOM * sizeof *c->packets));
    c->bytes = must(malloc(ROOM * sizeof *c->bytes));
    c->src = must(malloc(ROOM * 16));
    c->dst = must(malloc(ROOM * 16));
    c->src_port = must(malloc(ROOM * sizeof *c->src_port));
    c->dst_port = must(malloc(ROOM * sizeof *c->dst_port));
    c->vlan = must(malloc(ROOM * sizeof *c->vlan));
    c->version = must(malloc(ROOM));
    c->protocol = must(malloc(ROOM));
    c->end_reason = must(malloc(ROOM));
    c->offsets = must(malloc((ROOM + 1) * sizeof *c->offsets));
    c->iat_us = must(malloc(SERIES_ROOM * sizeof *c->iat_us));
    c->length = must(malloc(SERIES_ROOM * sizeof *c->length));
    c->direction = must(malloc(SERIES_ROOM));
}

/* Counts the ended flows and empties the columns. */
static void take(work *w)
{
    const emtl_flow_columns *c = &w->columns;
    for (size_t i = 0; i < c->n; i++) {
        w->packets += (uint64_t)c->packets[i];
        w->bytes += (uint64_t)c->bytes[i];
    }
    if (c->n > 0)
        w->kept += (uint64_t)c->offsets[c->n];
    w->columns.n = 0;
}

static double thread_s(const work *w)
{
    return w->steps != NULL ? clock_s(CLOCK_THREAD_CPUTIME_ID) : 0;
}

static void note(work *w, double start_s)
{
    if (w->steps == NULL)
        return;
    if (w->n == w->room)
        w->steps = must(realloc(w->steps, (w->room *= 2) * sizeof *w->steps));
    w->steps[w->n++] = clock_s(CLOCK_THREAD_CPUTIME_ID) - start_s;
}

/* Feeds the records of a block, piece by piece; *used: the bytes of the whole ones. */
static int feed_block(work *w, const uint8_t *block, size_t n, size_t piece, size_t *used)
{
    size_t size = piece;
    for (*used = 0; *used < n;) {
        size_t step = 0;
        if (size > n - *used)
            size = n - *used;
        const double start_s = thread_s(w);
        const int status = emtl_meter_feed(w->meter, block + *used, size, &step, &w->columns);
        note(w, start_s);
        *used += step;
        if (status == EMTL_E_FULL)
            take(w);
        else if (status != EMTL_OK)
            return status;
        else if (step == 0 && size == n - *used)
            break;
        size = status == EMTL_OK && step == 0 ? 2 * size : piece; /* a record longer than a piece */
    }
    return EMTL_OK;
}

static int feed(work *w, int file, size_t piece)
{
    uint8_t *block = must(malloc(BLOCK));
    size_t have = 0, used = 0;
    ssize_t n = 0;
    int status = EMTL_OK;
    while (status == EMTL_OK && (n = read(file, block + have, BLOCK - have)) > 0) {
        have += (size_t)n;
        if (w->first_s == 0)
            memcpy(&w->first_s, block + FILE_HEADER, sizeof w->first_s);
        status = feed_block(w, block, have, piece, &used);
        have -= used;
        memmove(block, block + used, have);
    }
    free(block);
    return status == EMTL_OK && (n < 0 || have > 0) ? EMTL_E_MALFORMED : status;
}

/* All flows end: by the clock where calls are timed, else because the capture is over. */
static int end(work *w)
{
    int status;
    while (w->steps != NULL) {
        const double start_s = thread_s(w);
        status = emtl_meter_tick(w->meter, ((int64_t)w->first_s + 3600) * 1000000, &w->columns);
        note(w, start_s);
        take(w);
        if (status != EMTL_E_FULL)
            break;
    }
    while ((status = emtl_meter_finish(w->meter, &w->columns)) == EMTL_E_FULL)
        take(w);
    take(w);
    return status;
}

static int by_size(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void print_steps(work *w)
{
    qsort(w->steps, w->n, sizeof *w->steps, by_size);
    printf("\"steps\": %zu, \"p50_us\": %.3f, \"p999_us\": %.3f, \"longest_us\": %.3f, ", w->n,
           1e6 * w->steps[w->n / 2], 1e6 * w->steps[w->n - 1 - w->n / 1000],
           1e6 * w->steps[w->n - 1]);
}

/* Bytes of this process that are no file's: from /proc/self/statm, resident less shared. */
static uint64_t anonymous_bytes(void)
{
    unsigned long long size = 0, resident = 0, shared = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    if (file == NULL || fscanf(file, "%llu %llu %llu", &size, &resident, &shared) != 3)
        resident = shared = 0;
    if (file != NULL)
        fclose(file);
    return (resident - shared) * (uint64_t)sysconf(_SC_PAGESIZE);
}

int main(int argc, char **argv)
{
    if (argc != 4 && argc != 5) {
        fprintf(stderr, "usage: core CAPTURE PACKETS MAX_FLOWS [PIECE]\n");
        return 2;
    }
    const size_t piece = argc == 5 ? (size_t)strtoull(argv[4], NULL, 10) : BLOCK;
    const emtl_flow_config config = {.max_flows = (uint32_t)strtoul(argv[3], NULL, 10),
                                     .idle_timeout_s = 120,
                                     .active_timeout_s = 1800,
                                     .packets = (uint32_t)strtoul(argv[2], NULL, 10),
                                     .protocols = EMTL_PROTOCOL_TCP | EMTL_PROTOCOL_UDP};
    const uint8_t key[EMTL_HASH_KEY] = "any 16 bytes do";
    work w = {.room = 1 << 20};
    if (argc == 5) {
        w.steps = must(malloc(w.room * sizeof *w.steps));
        memset(w.steps, 0, w.room * sizeof *w.steps); /* so that no step waits for a page of it */
    }
    const uint64_t before = anonymous_bytes();
    const stopwatch watch = stopwatch_start();
    const int file = open(argv[1], O_RDONLY);
    columns_new(&w.columns);
    int status = emtl_meter_new(&config, key, &w.meter);
    if (status == EMTL_OK)
        status = feed(&w, file, piece);
    const uint64_t grown = anonymous_bytes() - before;
    emtl_meter_stats stats;
    if (status == EMTL_OK) {
        emtl_meter_stats_get(w.meter, &stats);
        status = end(&w);
    }
    if (status != EMTL_OK) {
        fprintf(stderr, "core: %s: %s\n", argv[1], emtl_strerror(status));
        return 1;
    }
    const uint64_t open_flows = stats.open_flows;
    emtl_meter_stats_get(w.meter, &stats);
    emtl_meter_free(w.meter);
    close(file);
    const stopwatch time = stopwatch_read(&watch);
    printf("{");
    if (w.steps != NULL)
        print_steps(&w);
    printf(
        "\"packets\": %llu, \"flows\": %llu, \"bytes\": %llu, \"kept\": %llu, "
        "\"open_flows\": %llu, \"evicted\": %llu, \"memory_bytes\": %llu, \"grown_bytes\": %llu, "
        "\"wall_s\": %.9f, \"cpu_s\": %.9f}\n",
        (unsigned long long)w.packets, (unsigned long long)stats.flows, (unsigned long long)w.bytes,
        (unsigned long long)w.kept, (unsigned long long)open_flows,
        (unsigned long long)stats.evicted, (unsigned long long)stats.memory_bytes,
        (unsigned long long)grown, time.wall_s, time.cpu_s);
    return 0;
}
