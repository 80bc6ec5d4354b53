/* SPDX-License-Identifier: Apache-2.0 */
#include "flow_table/series.h"

int emtl_series_new(emtl_series *series, uint32_t room)
{
    *series = (emtl_series){.room = room, .left = room, .free = EMTL_NO_CHUNK};
    series->chunks = emtl_pages_new((uint64_t)room + 1, sizeof *series->chunks);
    return series->chunks != NULL ? EMTL_OK : EMTL_E_NOMEM;
}

void emtl_series_free(emtl_series *series)
{
    emtl_pages_free(series->chunks, (uint64_t)series->room + 1, sizeof *series->chunks);
    *series = (emtl_series){0};
}

/* At worst a narrow chunk of one packet and a full wide chunk take turns. */
uint64_t emtl_series_chunks_most(uint32_t packets)
{
    return 2 * (packets / (1 + EMTL_WIDE) + (uint64_t)1);
}

uint64_t emtl_series_bytes(const emtl_series *series)
{
    return series->used * (uint64_t)sizeof *series->chunks;
}

static uint32_t take_chunk(emtl_series *series)
{
    series->left--;
    if (series->free == EMTL_NO_CHUNK)
        return ++series->used;
    const uint32_t number = series->free;
    series->free = series->chunks[number].next;
    return number;
}

emtl_chunk *emtl_series_extend(emtl_series *series, emtl_flows *flows, uint32_t number,
                               bool is_wide)
{
    emtl_flow *flow = &flows->flow[number];
    const uint32_t taken = take_chunk(series);
    emtl_chunk *chunk = &series->chunks[taken];
    chunk->next = EMTL_NO_CHUNK;
    chunk->is_wide = is_wide;
    chunk->count = 0;
    chunk->reverse = 0;
    if (flow->last_chunk == EMTL_NO_CHUNK)
        flow->first_chunk = taken;
    else
        series->chunks[flow->last_chunk].next = taken;
    flow->last_chunk = taken;
    return chunk;
}

/* Where the next packet of a series goes in the columns. */
typedef struct {
    int64_t *restrict iat_us;
    int32_t *restrict length, *restrict payload; /* payload may be NULL */
    int8_t *restrict direction;
} destination;

/* Loops of their own, and n known where the call is inlined: compilers turn them into vectors. */
static inline void copy_narrow(const emtl_chunk *chunk, unsigned n, destination to)
{
    for (unsigned i = 0; i < n; i++)
        to.iat_us[i] = chunk->as.narrow.iat_us[i];
    for (unsigned i = 0; i < n; i++)
        to.length[i] = chunk->as.narrow.length[i];
    for (unsigned i = 0; to.payload != NULL && i < n; i++)
        to.payload[i] = chunk->as.narrow.length[i] - chunk->as.narrow.headers[i];
    for (unsigned i = 0; i < n; i++)
        to.direction[i] = (int8_t)(1 - 2 * (chunk->reverse >> i & 1));
}

static void copy_wide(const emtl_chunk *chunk, destination to)
{
    for (unsigned i = 0; i < chunk->count; i++) {
        to.iat_us[i] = chunk->as.wide.iat_us[i];
        to.length[i] = (int32_t)chunk->as.wide.length[i];
        if (to.payload != NULL)
            to.payload[i] = (int32_t)chunk->as.wide.payload[i];
        to.direction[i] = (int8_t)(1 - 2 * (chunk->reverse >> i & 1));
    }
}

size_t emtl_series_copy(const emtl_series *series, uint32_t first, int64_t *iat_us, int32_t *length,
                        int32_t *payload, int8_t *direction)
{
    size_t at = 0;
    for (uint32_t number = first; number != EMTL_NO_CHUNK; number = series->chunks[number].next) {
        const emtl_chunk *chunk = &series->chunks[number];
        const destination to = {iat_us + at, length + at, payload == NULL ? NULL : payload + at,
                                direction + at};
        if (chunk->is_wide)
            copy_wide(chunk, to);
        else if (chunk->count == EMTL_NARROW)
            copy_narrow(chunk, EMTL_NARROW, to);
        else
            copy_narrow(chunk, chunk->count, to);
        at += chunk->count;
    }
    return at;
}

void emtl_series_drop(emtl_series *series, emtl_flows *flows, uint32_t number)
{
    emtl_flow *flow = &flows->flow[number];
    uint32_t last = flow->first_chunk;
    if (last == EMTL_NO_CHUNK)
        return;
    for (series->left++; series->chunks[last].next != EMTL_NO_CHUNK; series->left++)
        last = series->chunks[last].next;
    series->chunks[last].next = series->free;
    series->free = flow->first_chunk;
    flow->last_chunk = flow->first_chunk = EMTL_NO_CHUNK;
}
