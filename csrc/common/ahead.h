/* Memory that is read in order, asked for ahead of its reader. SPDX-License-Identifier: Apache-2.0
 * A few cache lines at each step of other work: memory answers meanwhile. All at once would have
 * the processor wait, and what tells where the next packet begins lies in memory too. */
#ifndef EMTL_COMMON_AHEAD_H
#define EMTL_COMMON_AHEAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/memory.h"

#define EMTL_AHEAD_LINE 64u       /* bytes; most processors' */
#define EMTL_AHEAD_BYTES 16384u   /* ahead of the reader */
#define EMTL_AHEAD_STEP_MAX 1152u /* bytes; waiting costs less than fetching more */

/* All 0: nothing is asked for. */
typedef struct {
    const uint8_t *next, *end; /* not asked for yet */
    const uint8_t *stop;       /* a step that begins before this stays inside */
    size_t step;               /* bytes to ask for at each step: whole lines */
} emtl_ahead;

static inline emtl_ahead emtl_ahead_start(const uint8_t *data, size_t size)
{
    return (emtl_ahead){data, data + size, data, 0};
}

/* The reader stands at `at`, between next's place at first and end, and will read `bytes` more
 * after `steps` > 0 steps. */
static inline void emtl_ahead_plan(emtl_ahead *ahead, const uint8_t *at, size_t bytes, size_t steps)
{
    const size_t left = (size_t)(ahead->end - at);
    const size_t aim = left > bytes + EMTL_AHEAD_BYTES ? bytes + EMTL_AHEAD_BYTES : left;
    if (ahead->next < at)
        ahead->next = at;
    const size_t done = (size_t)(ahead->next - at);
    const size_t missing = aim > done ? (aim - done) / EMTL_AHEAD_LINE : 0;
    const size_t lines = bytes / steps > EMTL_AHEAD_STEP_MAX ? 0 : (missing + steps - 1) / steps;
    ahead->step = lines * EMTL_AHEAD_LINE;
    const bool fits = lines > 0 && left - done >= ahead->step;
    ahead->stop = fits ? ahead->end - ahead->step + 1 : ahead->next;
}

static inline void emtl_ahead_step(emtl_ahead *ahead)
{
    const uint8_t *line = ahead->next;
    if (line >= ahead->stop)
        return;
    ahead->next += ahead->step;
    for (; line < ahead->next; line += EMTL_AHEAD_LINE)
        emtl_prefetch_once(line);
}

#endif
