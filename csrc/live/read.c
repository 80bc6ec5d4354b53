/* Blocks of the ring to records. SPDX-License-Identifier: Apache-2.0 */
#define _DEFAULT_SOURCE /* clock_gettime, struct ifreq */
#include "live/live.h"

#if defined(__linux__)

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>

static int64_t time_us(clockid_t clock)
{
    struct timespec now;
    (void)clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* Again where this process was kept from running between the looks: that is no step. */
emtl_live_moment emtl_live_now(void)
{
    emtl_live_moment moment;
    int64_t after_us;
    int tries = 3;
    do {
        moment.run_us = time_us(CLOCK_BOOTTIME);
        moment.wall_us = time_us(CLOCK_REALTIME);
        after_us = time_us(CLOCK_BOOTTIME);
    } while (after_us - moment.run_us > EMTL_LIVE_JITTER_US && --tries > 0);
    return moment;
}

/* Takes the next block, if the kernel has handed it over. */
static bool take_block(emtl_live *live)
{
    struct tpacket_block_desc *block = (void *)(live->ring + (size_t)live->next * EMTL_LIVE_BLOCK);
    if (!(__atomic_load_n(&block->hdr.bh1.block_status, __ATOMIC_ACQUIRE) & TP_STATUS_USER))
        return false;
    live->block = block;
    live->next = (live->next + 1) % live->blocks;
    live->frames = block->hdr.bh1.num_pkts;
    live->frame = (void *)((uint8_t *)block + block->hdr.bh1.offset_to_first_pkt);
    emtl_live_clock_look(&live->clock, live->look());
    return true;
}

static void give_back(emtl_live *live)
{
    if (live->block != NULL)
        __atomic_store_n(&live->block->hdr.bh1.block_status, TP_STATUS_KERNEL, __ATOMIC_RELEASE);
    live->block = NULL;
}

/* The socket tells of an error: the interface went down, which passes, or away. */
static void note_error(emtl_live *live)
{
    int error = 0;
    socklen_t size = sizeof error;
    (void)getsockopt(live->fd, SOL_SOCKET, SO_ERROR, &error, &size); /* clears it, too */
    live->stats.downs++;
}

/* The socket does not tell when an interface that is down already is removed. */
static bool is_removed(const emtl_live *live)
{
    struct ifreq request = {.ifr_ifindex = live->index};
    return ioctl(live->fd, SIOCGIFNAME, &request) != 0 && errno == ENODEV;
}

/* Waits for a block. Where none comes, those that the kernel is filling hold nothing that is older
 * than EMTL_LIVE_LATENCY_US: it hands each over after twice EMTL_LIVE_RETIRE_MS at the latest. */
static int wait_for_block(emtl_live *live, int timeout_ms, int64_t *clock_us)
{
    const bool was_gone = live->gone;
    struct pollfd socket = {.fd = live->fd, .events = POLLIN};
    (void)poll(&socket, 1, timeout_ms); /* revents stays 0 where it fails */
    if (socket.revents & POLLERR)
        note_error(live);
    if (!(socket.revents & POLLIN))
        live->gone = is_removed(live);
    emtl_live_clock_look(&live->clock, live->look());
    /* before the look at the ring: this process may be stopped */
    *clock_us = live->clock.now_us - EMTL_LIVE_LATENCY_US;
    if (take_block(live) || !was_gone)
        return EMTL_OK;
    return emtl_live_fail(live->error, EMTL_E_SYSTEM, "%s: was removed while in use", live->name);
}

static int64_t stamp_us(const struct tpacket3_hdr *frame)
{
    return (int64_t)frame->tp_sec * 1000000 + frame->tp_nsec / 1000;
}

int emtl_live_read(emtl_live *live, int timeout_ms, emtl_record *records, size_t max, size_t *n,
                   int64_t *clock_us)
{
    *n = 0;
    if (live->frames == 0) {
        give_back(live);
        if (!take_block(live)) {
            const int status = wait_for_block(live, timeout_ms, clock_us);
            if (live->frames == 0)
                return status;
        }
    }
    for (; live->frames > 0 && *n < max; live->frames--) {
        live->latest_us = emtl_live_clock_steady(&live->clock, stamp_us(live->frame));
        *n += emtl_live_record(live, live->frame, &records[*n]);
        live->frame = (void *)((uint8_t *)live->frame + live->frame->tp_next_offset);
    }
    *clock_us = live->latest_us;
    return EMTL_OK;
}

const char *emtl_live_error(const emtl_live *live)
{
    return live->error;
}

void emtl_live_stats_get(emtl_live *live, emtl_live_stats *stats)
{
    struct tpacket_stats_v3 fresh = {0};
    socklen_t size = sizeof fresh;
    /* The kernel counts anew after each look. */
    if (getsockopt(live->fd, SOL_PACKET, PACKET_STATISTICS, &fresh, &size) == 0) {
        live->stats.packets += fresh.tp_packets;
        live->stats.dropped += fresh.tp_drops;
    }
    live->stats.stepped_us = live->clock.stepped_us;
    *stats = live->stats;
}

#endif
