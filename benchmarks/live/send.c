/* send INTERFACE PACKETS RATE FLOWS: so many UDP packets, so many a second, of so many flows in
 * turn; their sizes are mixed, 620 bytes on average. Prints the packets sent and the seconds taken.
 * SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE /* sendmmsg */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

enum { BATCH = 64, HEADERS = 42, FRAME_MAX = 1514 };

static double now(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void store16(uint8_t *p, unsigned value)
{
    p[0] = (uint8_t)(value >> 8);
    p[1] = (uint8_t)value;
}

/* Ethernet, IPv4 and UDP of flow i; the receiver checks no sums. */
static size_t build(uint8_t *frame, unsigned flow)
{
    static const uint8_t start[] = {2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0, 0x45};
    static const unsigned sizes[] = {60, 60, 100, 590, 1000, 1514, 1016}; /* mean 620 */
    const unsigned size = sizes[flow % (sizeof sizes / sizeof *sizes)];
    memset(frame, 0, HEADERS);
    memcpy(frame, start, sizeof start);
    store16(frame + 16, size - 14);
    frame[22] = 64;
    frame[23] = 17;
    frame[26] = frame[30] = 10;
    frame[27] = 1; /* from 10.1.x.x to 10.0.0.1 */
    store16(frame + 28, flow >> 8);
    frame[33] = 1;
    store16(frame + 34, 1024 + (flow & 0xff));
    store16(frame + 36, 443);
    store16(frame + 38, size - 34);
    return size;
}

static int open_socket(const char *name)
{
    const int one = 1;
    const struct sockaddr_ll address = {.sll_family = AF_PACKET,
                                        .sll_ifindex = (int)if_nametoindex(name)};
    const int fd = socket(AF_PACKET, SOCK_RAW, 0);
    if (fd < 0 || bind(fd, (const struct sockaddr *)&address, sizeof address) != 0)
        return -1;
    return setsockopt(fd, SOL_PACKET, PACKET_QDISC_BYPASS, &one, sizeof one) == 0 ? fd : -1;
}

int main(int argc, char **argv)
{
    static uint8_t frames[BATCH][FRAME_MAX];
    static struct iovec parts[BATCH];
    static struct mmsghdr messages[BATCH];
    const int fd = argc == 5 ? open_socket(argv[1]) : -1;
    if (fd < 0) {
        fprintf(stderr, "send INTERFACE PACKETS RATE FLOWS: %s\n", strerror(errno));
        return 2;
    }
    const unsigned long packets = strtoul(argv[2], NULL, 10), flows = strtoul(argv[4], NULL, 10);
    const double rate = strtod(argv[3], NULL), begun = now();
    unsigned long sent = 0;
    while (sent < packets) {
        unsigned n = 0;
        for (; n < BATCH && sent + n < packets; n++) {
            parts[n] = (struct iovec){frames[n], build(frames[n], (unsigned)((sent + n) % flows))};
            messages[n].msg_hdr = (struct msghdr){.msg_iov = &parts[n], .msg_iovlen = 1};
        }
        while (now() - begun < (double)sent / rate)
            ; /* sleeping would be too coarse */
        const int done = sendmmsg(fd, messages, n, 0);
        if (done < 0 && errno != ENOBUFS && errno != EAGAIN)
            return 1;
        sent += done > 0 ? (unsigned)done : 0;
    }
    printf("%lu %.6f\n", sent, now() - begun);
    return 0;
}
