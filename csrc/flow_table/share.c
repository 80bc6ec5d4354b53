/* SPDX-License-Identifier: Apache-2.0 */
#include "flow_table/share.h"

#define BYTES_PER_FLOW 512u /* of max_memory: with series of 40 packets and more, on average */

/* What a process can take where the config sets no limit: on 32 bits no more than this. */
#define MEMORY_MOST (SIZE_MAX > UINT32_MAX ? UINT64_MAX : (uint64_t)SIZE_MAX / 16)

static uint32_t smaller(uint64_t a, uint64_t b)
{
    const uint64_t least = a < b ? a : b;
    return (uint32_t)(least < UINT32_MAX ? least : UINT32_MAX - 1);
}

int emtl_share_out(const emtl_flow_config *config, emtl_share *out)
{
    const uint64_t memory = config->max_memory != 0 ? config->max_memory : MEMORY_MOST;
    const uint64_t series = emtl_series_chunks_most(config->packets);
    out->flows = smaller(config->max_flows, memory / BYTES_PER_FLOW);
    const uint64_t fixed = ((uint64_t)out->flows + EMTL_FIRST_FLOW) * EMTL_FLOW_BYTES +
                           emtl_index_bytes_most(out->flows);
    out->chunks = smaller(out->flows * series, (memory - fixed) / sizeof(emtl_chunk) - 1);
    return out->chunks < series ? EMTL_E_ARG : EMTL_OK;
}
