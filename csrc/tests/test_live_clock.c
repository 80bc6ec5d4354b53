/* Live capture while somebody sets the wall clock: by injected clocks, and a ring that is filled
 * here. SPDX-License-Identifier: Apache-2.0 */
#include "live/clock.h"
#include "live/live.h"
#include "tests/support.h"

#define SECOND INT64_C(1000000)
#define YEARS (INT64_C(56) * 365 * 86400 * SECOND)

/* The world: the time that passed, and by how much the wall clock is ahead of it. */
static int64_t passed_us, ahead_us;

static emtl_live_moment look(void)
{
    return (emtl_live_moment){.wall_us = passed_us + ahead_us, .run_us = passed_us};
}

/* Steps of these sizes, forward and back; a frame from before each comes up to 0.19 s late. */
static void test_frames_around_a_step(void)
{
    static const int64_t steps[] = {SECOND / 4,  5 * SECOND,  YEARS,
                                    -SECOND / 4, -5 * SECOND, -YEARS};
    for (size_t i = 0; i < COUNT(steps); i++) {
        emtl_live_clock clock;
        passed_us = 90 * SECOND, ahead_us = YEARS + SECOND;
        const int64_t begun = passed_us + ahead_us, before = begun + 10 * SECOND;
        emtl_live_clock_begin(&clock, look());
        passed_us += 10 * SECOND;
        emtl_live_clock_look(&clock, look());
        CHECK_INT(clock.now_us, before);
        ahead_us += steps[i];
        passed_us += 190000;
        emtl_live_clock_look(&clock, look());
        CHECK_INT(clock.now_us, before + 190000);
        CHECK_INT(clock.stepped_us, steps[i]);
        CHECK_INT(emtl_live_clock_steady(&clock, before), before);
        CHECK_INT(emtl_live_clock_steady(&clock, before + 190000 + steps[i]), before + 190000);
        passed_us += 2 * SECOND; /* nothing is from before any more, however old it is */
        emtl_live_clock_look(&clock, look());
        CHECK_INT(emtl_live_clock_steady(&clock, before + steps[i]), before);
        CHECK_INT(emtl_live_clock_steady(&clock, begun + steps[i]), begun);
    }
}

static void test_steps_add_up_and_jitter_is_none(void)
{
    emtl_live_clock clock;
    passed_us = ahead_us = SECOND;
    emtl_live_clock_begin(&clock, look());
    for (int i = 0; i < 1000; i++) {
        ahead_us += i % 2 ? 900 : -900;
        emtl_live_clock_look(&clock, look());
        CHECK_INT(clock.stepped_us, 0);
    }
    for (int i = 0; i < 10; i++) {
        ahead_us += 5000;
        emtl_live_clock_look(&clock, look());
    }
    CHECK_INT(clock.stepped_us, 50000);
    CHECK_INT(clock.now_us, 2 * SECOND);
    CHECK_INT(emtl_live_clock_steady(&clock, 2 * SECOND + 50000), 2 * SECOND);
}

#if defined(__linux__)

#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define FRAME 512u

/* Hands the reader a block of n frames, a millisecond after each other, the last just now. */
static void fill_block(emtl_live *live, uint32_t n)
{
    struct tpacket_block_desc *block = (void *)(live->ring + (size_t)live->next * EMTL_LIVE_BLOCK);
    memset(block, 0, EMTL_LIVE_BLOCK);
    block->hdr.bh1.num_pkts = n;
    block->hdr.bh1.offset_to_first_pkt = FRAME;
    for (uint32_t i = 0; i < n; i++) {
        struct tpacket3_hdr *frame = (void *)((uint8_t *)block + (i + 1) * FRAME);
        const int64_t stamp_us = passed_us + ahead_us - (n - 1 - i) * 1000;
        *frame = (struct tpacket3_hdr){.tp_next_offset = FRAME,
                                       .tp_sec = (uint32_t)(stamp_us / SECOND),
                                       .tp_nsec = (uint32_t)(stamp_us % SECOND * 1000),
                                       .tp_snaplen = 60,
                                       .tp_len = 60,
                                       .tp_mac = 128};
    }
    block->hdr.bh1.block_status = TP_STATUS_USER;
}

static emtl_live *open_fake(void)
{
    emtl_live *live = calloc(1, sizeof *live);
    CHECK(live != NULL);
    live->fd = socket(AF_INET, SOCK_DGRAM, 0);
    live->index = 1; /* lo */
    live->link_type = EMTL_LIVE_ETHERNET;
    live->blocks = 2;
    live->ring = calloc(2, EMTL_LIVE_BLOCK);
    CHECK(live->ring != NULL);
    live->look = look;
    emtl_live_clock_begin(&live->clock, look());
    return live;
}

/* A router comes up in 1970; NTP sets its clock, too far, and then back. */
static void test_times_go_on_while_the_wall_clock_is_set(void)
{
    static const int64_t steps[] = {0, YEARS, -3600 * SECOND, 0, -YEARS};
    passed_us = 7200 * SECOND, ahead_us = 0;
    emtl_live *live = open_fake();
    int64_t want = passed_us, clock_us = 0, stepped_us = 0;
    for (size_t i = 0; i < COUNT(steps); i++) {
        emtl_record records[8];
        size_t n = 0;
        passed_us += 5 * SECOND, want += 5 * SECOND;
        fill_block(live, 3); /* stamped before the step, and read after it */
        ahead_us += steps[i], stepped_us += steps[i];
        passed_us += 60000;
        CHECK_INT(emtl_live_read(live, 0, records, 8, &n, &clock_us), EMTL_OK);
        CHECK_INT(n, 3);
        CHECK_INT(records[0].ts_us, want - 2000);
        CHECK_INT(records[2].ts_us, want);
        CHECK_INT(clock_us, want);
        passed_us += 1000, want += 61000;
        fill_block(live, 1); /* stamped after it */
        CHECK_INT(emtl_live_read(live, 0, records, 8, &n, &clock_us), EMTL_OK);
        CHECK_INT(n, 1);
        CHECK_INT(records[0].ts_us, want);
        passed_us += 5 * SECOND, want += 5 * SECOND;
        CHECK_INT(emtl_live_read(live, 0, records, 8, &n, &clock_us), EMTL_OK);
        CHECK_INT(n, 0);
        CHECK_INT(clock_us, want - EMTL_LIVE_LATENCY_US); /* silence moves it, too */
        emtl_live_stats stats;
        emtl_live_stats_get(live, &stats);
        CHECK_INT(stats.stepped_us, stepped_us);
    }
    (void)close(live->fd);
    free(live->ring);
    free(live);
}

static void test_the_clocks_of_the_system(void)
{
    const emtl_live_moment first = emtl_live_now(), second = emtl_live_now();
    CHECK(second.run_us >= first.run_us && first.run_us > 0);
    CHECK(first.wall_us > first.run_us);
}

#endif

int main(void)
{
    test_frames_around_a_step();
    test_steps_add_up_and_jitter_is_none();
#if defined(__linux__)
    test_times_go_on_while_the_wall_clock_is_set();
    test_the_clocks_of_the_system();
#endif
    puts("test_live_clock: fine");
    return 0;
}
