/* The bare walk of a pcap file: each next record from the last one's length, nothing kept. What
 * reading costs when nothing is done with the packets.
 *
 * walk mmap CAPTURE: the file is mapped, its pages already there. walk read CAPTURE: by read(2), in
 * blocks. Prints one line of JSON. The file is little-endian, as the benchmark writes it. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "stopwatch.h"

enum { FILE_HEADER = 24, RECORD_HEADER = 16, BLOCK = 1 << 18 };

/* Counts the whole records in data[*at, size), and moves *at behind them. */
static uint64_t walk(const uint8_t *data, size_t size, size_t *at)
{
    uint64_t packets = 0;
    while (size - *at >= RECORD_HEADER) {
        uint32_t captured;
        memcpy(&captured, data + *at + 8, sizeof captured);
        if (captured > size - *at - RECORD_HEADER)
            break;
        *at += RECORD_HEADER + captured;
        packets++;
    }
    return packets;
}

/* MAP_POPULATE costs less than one page fault after the other. */
static int walk_mapped(int file, size_t size, uint64_t *packets)
{
    uint8_t *data = mmap(NULL, size, PROT_READ, MAP_PRIVATE | MAP_POPULATE, file, 0);
    if (data == MAP_FAILED)
        return -1;
    size_t at = FILE_HEADER;
    *packets = walk(data, size, &at);
    munmap(data, size);
    return at == size ? 0 : -1;
}

static int walk_read(int file, uint64_t *packets)
{
    static uint8_t block[BLOCK];
    size_t have = 0, at = FILE_HEADER;
    ssize_t n;
    while ((n = read(file, block + have, BLOCK - have)) > 0) {
        have += (size_t)n;
        *packets += walk(block, have, &at);
        have -= at;
        memmove(block, block + at, have);
        at = 0;
    }
    return n == 0 && have == 0 ? 0 : -1;
}

int main(int argc, char **argv)
{
    if (argc != 3) {
        fprintf(stderr, "usage: walk mmap|read CAPTURE\n");
        return 2;
    }
    const stopwatch watch = stopwatch_start();
    const int file = open(argv[2], O_RDONLY);
    struct stat facts;
    uint64_t packets = 0;
    int status = file < 0 || fstat(file, &facts) != 0 || facts.st_size < FILE_HEADER ? -1 : 0;
    if (status == 0)
        status = strcmp(argv[1], "mmap") == 0 ? walk_mapped(file, (size_t)facts.st_size, &packets)
                                              : walk_read(file, &packets);
    const stopwatch time = stopwatch_read(&watch);
    if (status != 0) {
        fprintf(stderr, "walk: %s: can't be read, or ends inside a record\n", argv[2]);
        return 1;
    }
    printf("{\"packets\": %llu, \"wall_s\": %.9f, \"cpu_s\": %.9f}\n", (unsigned long long)packets,
           time.wall_s, time.cpu_s);
    return 0;
}
