/* SPDX-License-Identifier: Apache-2.0 */
#include "live/clock.h"

#include <stdbool.h>

#include "emtl.h"

#define SETTLED_US 1000000 /* after so long no frame comes that was stamped before the step */

void emtl_live_clock_begin(emtl_live_clock *clock, emtl_live_moment moment)
{
    *clock = (emtl_live_clock){.now_us = moment.wall_us,
                               .set_us = moment.wall_us,
                               .offset_us = moment.wall_us - moment.run_us};
}

void emtl_live_clock_look(emtl_live_clock *clock, emtl_live_moment moment)
{
    const int64_t offset_us = moment.wall_us - moment.run_us;
    const int64_t step_us = offset_us - clock->offset_us;
    if (step_us > EMTL_LIVE_JITTER_US || step_us < -EMTL_LIVE_JITTER_US) {
        clock->before_us = clock->stepped_us;
        clock->stepped_us += step_us;
        clock->offset_us = offset_us;
        clock->set_us = moment.wall_us - clock->stepped_us;
    }
    clock->now_us = moment.wall_us - clock->stepped_us;
}

/* Frames that were stamped before the step, and after it, come for a while: of the two times that
 * one may mean, the later is right unless it lies in the future, as long as frames are younger than
 * the step is wide. Within smaller ones nothing can be told, and little is lost. */
int64_t emtl_live_clock_steady(const emtl_live_clock *clock, int64_t wall_us)
{
    const int64_t after = wall_us - clock->stepped_us, before = wall_us - clock->before_us;
    const int64_t earlier = after < before ? after : before;
    const int64_t later = after < before ? before : after;
    const bool is_settled = clock->now_us - clock->set_us > SETTLED_US;
    if (is_settled || later - earlier < EMTL_LIVE_LATENCY_US)
        return after;
    return later <= clock->now_us + EMTL_LIVE_JITTER_US ? later : earlier;
}
