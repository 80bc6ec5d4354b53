/* Time that goes on where the wall clock is set. SPDX-License-Identifier: Apache-2.0
 *
 * The kernel stamps frames by the wall clock. Where that is set, as NTP does on a router that comes
 * up in 1970, flows must neither be over at once nor wait for the old time to come again. So times
 * become steady: those that the wall clock would tell had nobody set it since the beginning. */
#ifndef EMTL_LIVE_CLOCK_H
#define EMTL_LIVE_CLOCK_H

#include <stdint.h>

#define EMTL_LIVE_JITTER_US 1000 /* between looks at two clocks; less is no step */

/* What two clocks told at once. */
typedef struct {
    int64_t wall_us; /* since 1970; may be set */
    int64_t run_us;  /* since the machine came up, its sleep included; nobody sets it */
} emtl_live_moment;

typedef struct {
    int64_t now_us;     /* steady time of the last look */
    int64_t stepped_us; /* by how much the wall clock was set since the beginning, in sum */
    int64_t before_us;  /* the same, without the last time */
    int64_t set_us;     /* steady time at which that was seen */
    int64_t offset_us;  /* wall_us - run_us of the last look */
} emtl_live_clock;

void emtl_live_clock_begin(emtl_live_clock *clock, emtl_live_moment moment);
void emtl_live_clock_look(emtl_live_clock *clock, emtl_live_moment moment);

/* Of a frame that was stamped with wall_us, not after the last look. */
int64_t emtl_live_clock_steady(const emtl_live_clock *clock, int64_t wall_us);

#endif
