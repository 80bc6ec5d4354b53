/* The bare walk of a pcap file: each next record from the last one's length, nothing kept. What
 * reading costs when nothing is done with the packets. Mapping the file is in the time.
 *
 * walk CAPTURE: prints one line of JSON. The file is little-endian, as the benchmark writes it. */
#define _GNU_SOURCE
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "clock.h"

int main(int argc, char **argv)
{
    if (argc != 2)
        return 2;
    const stopwatch watch = stopwatch_start();
    mapped file;
    if (map_file(argv[1], &file) != 0)
        return 1;
    uint64_t packets = 0;
    size_t at = 24;
    while (file.size - at >= 16) {
        uint32_t captured;
        memcpy(&captured, file.data + at + 8, 4);
        if (captured > file.size - at - 16)
            break;
        at += 16 + captured;
        packets++;
    }
    const size_t size = file.size;
    unmap_file(&file);
    const stopwatch time = stopwatch_read(&watch);
    if (at != size) {
        fprintf(stderr, "walk: %s: cut at byte %zu\n", argv[1], at);
        return 1;
    }
    printf("{\"packets\": %llu, \"wall_s\": %.9f, \"cpu_s\": %.9f}\n", (unsigned long long)packets,
           time.wall_s, time.cpu_s);
    return 0;
}
