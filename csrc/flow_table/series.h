/* PPI series in chunks of one cache line. SPDX-License-Identifier: Apache-2.0
 *
 * Nearly all packets fit the narrow kind; what does not, whatever the reason, makes a wide one. */
#ifndef EMTL_FLOW_TABLE_SERIES_H
#define EMTL_FLOW_TABLE_SERIES_H

#include "flow_table/flows.h"

#define EMTL_NO_CHUNK 0u /* a place that is never full, and takes what nobody reads */
#define EMTL_NARROW 8u   /* packets in a narrow chunk */
#define EMTL_WIDE 3u     /* and in a wide one */

typedef struct {
    union {
        struct {
            int32_t iat_us[EMTL_NARROW];
            uint16_t length[EMTL_NARROW];
            uint8_t headers[EMTL_NARROW]; /* length less payload */
        } narrow;
        struct {
            int64_t iat_us[EMTL_WIDE];
            uint32_t length[EMTL_WIDE], payload[EMTL_WIDE];
        } wide;
    } as;
    uint32_t next;
    uint8_t is_wide, count;
    uint8_t reverse; /* bit i: packet i */
} emtl_chunk;

/* Chunks of all flows. */
typedef struct {
    emtl_chunk *chunks;
    uint32_t room; /* chunks[1..room] */
    uint32_t left; /* of them, free */
    uint32_t used; /* ever handed out */
    uint32_t free; /* first of those given back */
} emtl_series;

/* room < UINT32_MAX. */
int emtl_series_new(emtl_series *series, uint32_t room);
void emtl_series_free(emtl_series *series);

/* Chunks that a series of so many packets takes at most. */
uint64_t emtl_series_chunks_most(uint32_t packets);
/* Bytes of the chunks that were handed out. */
uint64_t emtl_series_bytes(const emtl_series *series);

/* Whether a packet of so many bytes needs a wide chunk. */
static inline bool emtl_series_is_wide(int64_t iat_us, uint32_t headers, uint32_t payload)
{
    return iat_us < INT32_MIN || iat_us > INT32_MAX || headers > UINT8_MAX ||
           payload > UINT16_MAX - UINT8_MAX;
}

/* Packets of this kind that the flow's last chunk still takes. */
static inline uint32_t emtl_series_spare(const emtl_series *series, const emtl_flow *flow,
                                         bool is_wide)
{
    const emtl_chunk *last = &series->chunks[flow->last_chunk];
    if (flow->last_chunk == EMTL_NO_CHUNK)
        return 0;
    if (last->is_wide)
        return EMTL_WIDE - last->count;
    return is_wide ? 0 : EMTL_NARROW - last->count;
}

/* A new last chunk for the flow. One must be left. */
emtl_chunk *emtl_series_extend(emtl_series *series, emtl_flows *flows, uint32_t number,
                               bool is_wide);

/* Puts a packet into a narrow chunk that is not full; or, where it is not kept, into EMTL_NO_CHUNK:
 * whether a series is full is too hard to predict for a branch. */
static inline void emtl_series_put_narrow(emtl_chunk *chunk, int64_t iat_us, uint32_t headers,
                                          uint32_t payload, bool reverse, bool kept)
{
    const unsigned at = chunk->count;
    chunk->as.narrow.iat_us[at] = (int32_t)iat_us;
    chunk->as.narrow.length[at] = (uint16_t)(headers + payload);
    chunk->as.narrow.headers[at] = (uint8_t)headers;
    chunk->reverse |= (uint8_t)(reverse << at);
    chunk->count = (uint8_t)(at + kept);
}

static inline void emtl_series_put_wide(emtl_chunk *chunk, int64_t iat_us, uint32_t headers,
                                        uint32_t payload, bool reverse)
{
    const unsigned at = chunk->count++;
    chunk->as.wide.iat_us[at] = iat_us;
    chunk->as.wide.length[at] = headers + payload;
    chunk->as.wide.payload[at] = payload;
    chunk->reverse |= (uint8_t)(reverse << at);
}

/* Appends a packet; is_wide as told by emtl_series_is_wide, or true. When the last chunk has no
 * room for it, one must be left. */
static inline void emtl_series_append(emtl_series *series, emtl_flows *flows, uint32_t number,
                                      bool is_wide, int64_t iat_us, uint32_t headers,
                                      uint32_t payload, bool reverse)
{
    const emtl_flow *flow = &flows->flow[number];
    emtl_chunk *chunk = emtl_series_spare(series, flow, is_wide) > 0
                            ? &series->chunks[flow->last_chunk]
                            : emtl_series_extend(series, flows, number, is_wide);
    if (chunk->is_wide)
        emtl_series_put_wide(chunk, iat_us, headers, payload, reverse);
    else
        emtl_series_put_narrow(chunk, iat_us, headers, payload, reverse, true);
}

/* Writes the series that begins at this chunk to four columns; payload may be NULL. How many
 * packets it has. */
size_t emtl_series_copy(const emtl_series *series, uint32_t first, int64_t *iat_us, int32_t *length,
                        int32_t *payload, int8_t *direction);
/* Gives the flow's chunks back. */
void emtl_series_drop(emtl_series *series, emtl_flows *flows, uint32_t number);

#endif
