/* PPI series in chunks of one slab, given back through a free list. SPDX-License-Identifier:
 * Apache-2.0 */
#include <stdlib.h>

#include "flow_table/flow_table.h"

#define ROOM_MIN 1024u

void emtl_series_free(emtl_series *series)
{
    free(series->chunks);
}

static uint32_t take_chunk(emtl_series *series)
{
    if (series->free != EMTL_NO_CHUNK) {
        const uint32_t chunk = series->free;
        series->free = series->chunks[chunk].next;
        return chunk;
    }
    if (series->used == series->room) {
        const size_t room = series->room == 0 ? ROOM_MIN : (size_t)series->room * 2;
        if (room >= EMTL_NO_CHUNK || room > SIZE_MAX / sizeof(emtl_chunk))
            return EMTL_NO_CHUNK;
        emtl_chunk *more = realloc(series->chunks, room * sizeof *more);
        if (more == NULL)
            return EMTL_NO_CHUNK;
        series->chunks = more;
        series->room = (uint32_t)room;
    }
    return series->used++;
}

int emtl_series_append(emtl_series *series, emtl_open_flow *flow, int64_t iat_us, uint32_t length,
                       bool reverse)
{
    const unsigned at = flow->kept % EMTL_CHUNK_PACKETS;
    if (at == 0) {
        const uint32_t chunk = take_chunk(series);
        if (chunk == EMTL_NO_CHUNK)
            return EMTL_E_NOMEM;
        series->chunks[chunk].next = EMTL_NO_CHUNK;
        if (flow->first_chunk == EMTL_NO_CHUNK)
            flow->first_chunk = chunk;
        else
            series->chunks[flow->last_chunk].next = chunk;
        flow->last_chunk = chunk;
    }
    emtl_chunk *chunk = &series->chunks[flow->last_chunk];
    chunk->iat_us[at] = iat_us;
    chunk->signed_length[at] = reverse ? -(int32_t)length : (int32_t)length;
    flow->kept++;
    return EMTL_OK;
}

void emtl_series_copy(const emtl_series *series, const emtl_open_flow *flow, int64_t *iat_us,
                      int32_t *length, int8_t *direction)
{
    const emtl_chunk *chunk = NULL;
    for (unsigned i = 0; i < flow->kept; i++) {
        const unsigned at = i % EMTL_CHUNK_PACKETS;
        if (at == 0)
            chunk = &series->chunks[chunk == NULL ? flow->first_chunk : chunk->next];
        const int32_t length_way = chunk->signed_length[at];
        iat_us[i] = chunk->iat_us[at];
        length[i] = length_way < 0 ? -length_way : length_way;
        direction[i] = length_way < 0 ? -1 : 1; /* an IP packet is never 0 bytes long */
    }
}

void emtl_series_drop(emtl_series *series, emtl_open_flow *flow)
{
    if (flow->first_chunk == EMTL_NO_CHUNK)
        return;
    series->chunks[flow->last_chunk].next = series->free;
    series->free = flow->first_chunk;
    flow->first_chunk = flow->last_chunk = EMTL_NO_CHUNK;
}
