/* The flow table's inside. SPDX-License-Identifier: Apache-2.0
 *
 * Flows stand in a slab and are named by their number in it; an index finds them by key; two lists
 * keep them in the order of their latest packets; their PPI series hang on them in chunks. All of
 * it grows with use, up to max_flows. emtl.h says when a flow ends. */
#ifndef EMTL_FLOW_TABLE_FLOW_TABLE_H
#define EMTL_FLOW_TABLE_FLOW_TABLE_H

#include <stdbool.h>

#include "common/siphash.h"
#include "emtl.h"

#define EMTL_NO_FLOW UINT32_MAX
#define EMTL_NO_CHUNK UINT32_MAX
#define EMTL_BATCH 64 /* packets that are accounted in one go */

/* Both directions of a flow have one key: the smaller address and port stand first. No padding,
 * so that keys can be compared and hashed as bytes. */
typedef struct {
    uint8_t low[16], high[16];
    uint16_t low_port, high_port;
    uint16_t vlan;
    uint8_t version, protocol;
} emtl_flow_key;

/* *swapped: whether the packet's source is the high end. */
emtl_flow_key emtl_flow_key_of(const emtl_packet *packet, bool by_vlan, bool *swapped);
uint32_t emtl_flow_key_hash(emtl_hash_key hash_key, const emtl_flow_key *key);

/* One flow in the making: two cache lines. */
typedef struct {
    emtl_flow_key key;
    int64_t start_us, latest_us;
    int64_t before_us; /* of its packet before, in capture order */
    int64_t bytes, packets;
    uint64_t born;                    /* counts flows: the order of first packets */
    uint32_t first_chunk, last_chunk; /* of its series */
    uint32_t older, newer;            /* in its list; newer also links free flows */
    uint32_t hash;
    uint16_t kept; /* packets in its series */
    uint16_t vlan; /* of its first packet */
    bool swapped;  /* whether the source of its first packet is the high end */
    bool closed;   /* RST, or FIN from both sides */
    bool fin[2];   /* seen: forward, reverse */
} emtl_open_flow;

/* Part of a PPI series: one cache line. */
#define EMTL_CHUNK_PACKETS 5
typedef struct {
    int64_t iat_us[EMTL_CHUNK_PACKETS];
    int32_t signed_length[EMTL_CHUNK_PACKETS]; /* length times direction */
    uint32_t next;
} emtl_chunk;

/* Chunks of all flows. */
typedef struct {
    emtl_chunk *chunks;
    uint32_t used, room; /* used: ever handed out */
    uint32_t free;       /* first of those given back */
} emtl_series;

void emtl_series_free(emtl_series *series);
/* Appends the packet to the flow's series. EMTL_E_NOMEM: nothing changed. */
int emtl_series_append(emtl_series *series, emtl_open_flow *flow, int64_t iat_us, uint32_t length,
                       bool reverse);
/* Writes the flow's series, flow->kept packets, to three columns. */
void emtl_series_copy(const emtl_series *series, const emtl_open_flow *flow, int64_t *iat_us,
                      int32_t *length, int8_t *direction);
void emtl_series_drop(emtl_series *series, emtl_open_flow *flow);

/* From hash to flow: open addressing with linear probing. */
typedef struct {
    uint32_t hash, flow; /* flow == EMTL_NO_FLOW: empty */
} emtl_slot;

typedef struct {
    emtl_slot *slots;
    uint32_t used;
    unsigned bits; /* 2^bits slots */
} emtl_index;

int emtl_index_new(emtl_index *index);
void emtl_index_free(emtl_index *index);
void emtl_index_prefetch(const emtl_index *index, uint32_t hash);
/* The flow of this key, or EMTL_NO_FLOW. */
uint32_t emtl_index_find(const emtl_index *index, const emtl_open_flow *flows, uint32_t hash,
                         const emtl_flow_key *key);
int emtl_index_add(emtl_index *index, uint32_t hash, uint32_t flow);
void emtl_index_remove(emtl_index *index, uint32_t hash, uint32_t flow);

/* Flows in the order of their latest packets, oldest first. */
typedef struct {
    uint32_t oldest, newest;
} emtl_flow_list;

void emtl_flow_list_append(emtl_flow_list *list, emtl_open_flow *flows, uint32_t flow);
void emtl_flow_list_remove(emtl_flow_list *list, emtl_open_flow *flows, uint32_t flow);

/* Ended flows in columns, of fixed room. */
typedef struct {
    size_t n, packets;
    size_t room, packets_room;
    emtl_flow *flows;
    int64_t *offsets, *iat_us;
    int32_t *length;
    int8_t *direction;
} emtl_ended;

int emtl_ended_new(emtl_ended *ended, uint32_t packets);
void emtl_ended_free(emtl_ended *ended);
/* Whether `flows` flows of `packets` kept packets each fit in. */
bool emtl_ended_has_room(const emtl_ended *ended, size_t flows, uint32_t packets);
void emtl_ended_add(emtl_ended *ended, const emtl_open_flow *flow, const emtl_series *series,
                    emtl_end_reason reason);

typedef struct emtl_flow_table emtl_flow_table;

typedef struct {
    uint64_t flows, evicted, clock_back, packets;
} emtl_flow_counts;

int emtl_flow_table_new(const emtl_flow_config *config, emtl_hash_key hash_key,
                        emtl_flow_table **out);
void emtl_flow_table_free(emtl_flow_table *table);
/* Accounts packets[0, n), n <= EMTL_BATCH; flows that end go to `ended`. *done: how many.
 * EMTL_E_FULL: empty `ended`, then go on from *done. EMTL_E_NOMEM: packet *done was not taken. */
int emtl_flow_table_add(emtl_flow_table *table, const emtl_packet *packets, size_t n,
                        emtl_ended *ended, size_t *done);
/* Ends every flow. EMTL_E_FULL: empty `ended` and call again. */
int emtl_flow_table_finish(emtl_flow_table *table, emtl_ended *ended);
const emtl_flow_counts *emtl_flow_table_counts(const emtl_flow_table *table);

#endif
