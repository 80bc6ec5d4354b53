/* From hash to flow. SPDX-License-Identifier: Apache-2.0
 *
 * Open addressing with linear probing; deletion shifts back, so there are no tombstones, and probes
 * stay short however many flows come and go. A slot repeats the hash: growing and deleting touch no
 * flow. The index is cut into segments, told apart by the highest bits of the hash; each doubles on
 * its own, in place, so that none of it takes long. Their pages take turns in the array, so that
 * its front is full before more of it is touched. */
#ifndef EMTL_FLOW_TABLE_INDEX_H
#define EMTL_FLOW_TABLE_INDEX_H

#include "flow_table/flows.h"

struct emtl_slot {
    uint32_t hash, flow; /* flow EMTL_NO_FLOW: empty */
};

/* Slots of a segment that lie side by side, and with which it begins: a page of 4 KiB. */
#define EMTL_SLOT_BITS 9

typedef struct {
    uint32_t used, mask; /* flows in it; its slots - 1 */
} emtl_segment;

typedef struct {
    emtl_slot *slots;
    emtl_segment *segments;
    unsigned bits;         /* a segment has at most 2^bits slots */
    unsigned segment_bits; /* there are 2^segment_bits */
} emtl_index;

/* For at most `flows` flows. */
int emtl_index_new(emtl_index *index, uint32_t flows);
void emtl_index_free(emtl_index *index);

/* Bytes that an index for so many flows takes at most. */
uint64_t emtl_index_bytes_most(uint32_t flows);
/* Bytes of the slots in use, empty ones between them included. */
uint64_t emtl_index_bytes(const emtl_index *index);

/* Whether a flow of this hash fits in. It does, unless its segment has twice its share. */
bool emtl_index_has_room(const emtl_index *index, uint32_t hash);
/* Adds a flow; there must be room. */
void emtl_index_add(emtl_index *index, uint32_t hash, uint32_t flow);
/* Removes a flow that is there. */
void emtl_index_remove(emtl_index *index, uint32_t hash, uint32_t flow);

static inline size_t emtl_index_segment(const emtl_index *index, uint32_t hash)
{
    return (size_t)((uint64_t)hash >> (32 - index->segment_bits));
}

/* Slot i of a segment. */
static inline emtl_slot *emtl_index_slot(const emtl_index *index, size_t segment, uint32_t i)
{
    const size_t page = ((size_t)(i >> EMTL_SLOT_BITS) << index->segment_bits) + segment;
    return &index->slots[page << EMTL_SLOT_BITS | (i & ((1u << EMTL_SLOT_BITS) - 1))];
}

/* The slot where the search for this hash begins. */
static inline const emtl_slot *emtl_index_home(const emtl_index *index, uint32_t hash)
{
    const size_t segment = emtl_index_segment(index, hash);
    return emtl_index_slot(index, segment, hash & index->segments[segment].mask);
}

static inline bool emtl_flow_is(const emtl_flows *flows, uint32_t number, const emtl_lookup *lookup)
{
    const emtl_flow_key *key = &flows->flow[number].key;
    if (key->low != lookup->key.low || key->high != lookup->key.high)
        return false;
    if (!emtl_key_is_6(&lookup->key)) /* known sooner than the flow's, which is the same */
        return true;
    const emtl_ends6 *have = &flows->ends6[number], *want = &lookup->ends6;
    return have->low == want->low && have->high == want->high && have->low_next == want->low_next &&
           have->high_next == want->high_next;
}

/* The flow, or EMTL_NO_FLOW. */
static inline uint32_t emtl_index_find(const emtl_index *index, const emtl_flows *flows,
                                       const emtl_lookup *lookup)
{
    const size_t segment = emtl_index_segment(index, lookup->hash);
    const uint32_t mask = index->segments[segment].mask;
    for (uint32_t i = lookup->hash & mask;; i = (i + 1) & mask) {
        const emtl_slot *slot = emtl_index_slot(index, segment, i);
        if (slot->flow == EMTL_NO_FLOW ||
            (slot->hash == lookup->hash && emtl_flow_is(flows, slot->flow, lookup)))
            return slot->flow;
    }
}

/* Whether a search for this hash may end here: the flow is EMTL_NO_FLOW, which is 0, or the hash is
 * the same. Which of both is too hard to predict for a branch. */
static inline bool emtl_slot_ends(const emtl_slot *slot, uint32_t hash)
{
    return (uint64_t)slot->flow * (slot->hash ^ hash) == 0;
}

/* A flow of this hash, most likely the one of the packet, or EMTL_NO_FLOW. Touches no flow. */
static inline uint32_t emtl_index_guess(const emtl_index *index, const emtl_lookup *lookup)
{
    if (emtl_slot_ends(lookup->home, lookup->hash))
        return lookup->home->flow;
    const size_t segment = emtl_index_segment(index, lookup->hash);
    const uint32_t mask = index->segments[segment].mask;
    for (uint32_t i = lookup->hash + 1;; i++) {
        const emtl_slot *slot = emtl_index_slot(index, segment, i & mask);
        if (emtl_slot_ends(slot, lookup->hash))
            return slot->flow;
    }
}

#endif
