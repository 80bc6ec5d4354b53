/* Systems without Linux's packet sockets. SPDX-License-Identifier: Apache-2.0 */
#include "live/live.h"

#if !defined(__linux__)

#include <stdio.h>

int emtl_live_open(const emtl_live_config *config, char error[EMTL_LIVE_ERROR], emtl_live **out)
{
    *out = NULL;
    (void)snprintf(error, EMTL_LIVE_ERROR,
                   "%s: live capture is for Linux alone: give a capture file, or - and a pipe from "
                   "tcpdump -w -",
                   config->name);
    return EMTL_E_UNSUPPORTED;
}

void emtl_live_close(emtl_live *live)
{
    (void)live;
}

int emtl_live_read(emtl_live *live, int timeout_ms, emtl_record *records, size_t max, size_t *n,
                   int64_t *clock_us)
{
    (void)live, (void)timeout_ms, (void)records, (void)max, (void)clock_us;
    *n = 0;
    return EMTL_E_UNSUPPORTED;
}

const char *emtl_live_error(const emtl_live *live)
{
    (void)live;
    return "";
}

void emtl_live_stats_get(emtl_live *live, emtl_live_stats *stats)
{
    (void)live;
    *stats = (emtl_live_stats){0};
}

#endif
