/* SPDX-License-Identifier: Apache-2.0 */
#include "flow_table/series.h"

int emtl_series_new(emtl_series *series, uint32_t room)
{
    *series = (emtl_series){.room = room, .left = room, .free = EMTL_NO_CHUNK};
    series->chunks = emtl_pages_new((uint64_t)room + 1, sizeof *series->chunks);
    return series->chunks == NULL ? EMTL_E_NOMEM : EMTL_OK;
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

static emtl_chunk *add_chunk(emtl_series *series, emtl_flow *flow, emtl_flow_rest *rest,
                             bool is_wide)
{
    const uint32_t number = take_chunk(series);
    emtl_chunk *chunk = &series->chunks[number];
    chunk->next = EMTL_NO_CHUNK;
    chunk->is_wide = is_wide;
    chunk->count = 0;
    chunk->reverse = 0;
    if (flow->last_chunk == EMTL_NO_CHUNK)
        rest->first_chunk = number;
    else
        series->chunks[flow->last_chunk].next = number;
    flow->last_chunk = number;
    return chunk;
}

void emtl_series_append(emtl_series *series, emtl_flow *flow, emtl_flow_rest *rest,
                        const emtl_series_packet *packet, bool is_wide)
{
    emtl_chunk *chunk = emtl_series_spare(series, flow, is_wide) > 0
                            ? &series->chunks[flow->last_chunk]
                            : add_chunk(series, flow, rest, is_wide);
    const unsigned at = chunk->count++;
    chunk->reverse |= (uint8_t)(packet->reverse << at);
    flow->kept++;
    if (chunk->is_wide) {
        chunk->as.wide.iat_us[at] = packet->iat_us;
        chunk->as.wide.length[at] = packet->length;
        chunk->as.wide.payload[at] = packet->payload;
    } else {
        chunk->as.narrow.iat_us[at] = (int32_t)packet->iat_us;
        chunk->as.narrow.length[at] = (uint16_t)packet->length;
        chunk->as.narrow.headers[at] = (uint8_t)(packet->length - packet->payload);
    }
}

static void copy_narrow(const emtl_chunk *chunk, int64_t *iat_us, int32_t *length, int32_t *payload)
{
    for (unsigned i = 0; i < chunk->count; i++) {
        iat_us[i] = chunk->as.narrow.iat_us[i];
        length[i] = chunk->as.narrow.length[i];
        if (payload != NULL)
            payload[i] = chunk->as.narrow.length[i] - chunk->as.narrow.headers[i];
    }
}

static void copy_wide(const emtl_chunk *chunk, int64_t *iat_us, int32_t *length, int32_t *payload)
{
    for (unsigned i = 0; i < chunk->count; i++) {
        iat_us[i] = chunk->as.wide.iat_us[i];
        length[i] = (int32_t)chunk->as.wide.length[i];
        if (payload != NULL)
            payload[i] = (int32_t)chunk->as.wide.payload[i];
    }
}

void emtl_series_copy(const emtl_series *series, uint32_t first, int64_t *iat_us, int32_t *length,
                      int32_t *payload, int8_t *direction)
{
    for (uint32_t number = first; number != EMTL_NO_CHUNK; number = series->chunks[number].next) {
        const emtl_chunk *chunk = &series->chunks[number];
        if (chunk->is_wide)
            copy_wide(chunk, iat_us, length, payload);
        else
            copy_narrow(chunk, iat_us, length, payload);
        for (unsigned i = 0; i < chunk->count; i++)
            direction[i] = chunk->reverse >> i & 1 ? -1 : 1;
        iat_us += chunk->count;
        length += chunk->count;
        payload = payload == NULL ? NULL : payload + chunk->count;
        direction += chunk->count;
    }
}

void emtl_series_drop(emtl_series *series, emtl_flow *flow, emtl_flow_rest *rest)
{
    if (flow->last_chunk == EMTL_NO_CHUNK)
        return;
    for (uint32_t number = rest->first_chunk; number != EMTL_NO_CHUNK;
         number = series->chunks[number].next)
        series->left++;
    series->chunks[flow->last_chunk].next = series->free;
    series->free = rest->first_chunk;
    flow->last_chunk = rest->first_chunk = EMTL_NO_CHUNK;
}
