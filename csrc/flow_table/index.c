/* SPDX-License-Identifier: Apache-2.0 */
#include "flow_table/index.h"

#define BITS_MOST 15      /* 256 KiB: doubling one takes 0.1 ms */
#define SLOTS_SMALL 2048u /* of a segment; 1 MiB in all where there is room for a million flows */

/* The index for so many flows, at its largest at most half full: 2^bits slots. */
static unsigned bits_for(uint32_t flows)
{
    unsigned bits = EMTL_SLOT_BITS;
    while ((uint64_t)1 << bits < 2 * (uint64_t)flows)
        bits++;
    return bits;
}

uint64_t emtl_index_bytes_most(uint32_t flows)
{
    return (uint64_t)sizeof(emtl_slot) << bits_for(flows);
}

int emtl_index_new(emtl_index *index, uint32_t flows)
{
    const unsigned bits = bits_for(flows);
    index->bits = bits < BITS_MOST ? bits : BITS_MOST;
    index->segment_bits = bits - index->bits;
    const size_t segments = (size_t)1 << index->segment_bits;
    index->slots = emtl_pages_new((uint64_t)1 << bits, sizeof *index->slots);
    index->segments = emtl_pages_new(segments, sizeof *index->segments);
    if (index->slots == NULL || index->segments == NULL) {
        emtl_index_free(index);
        return EMTL_E_NOMEM;
    }
    for (size_t i = 0; i < segments; i++)
        index->segments[i].mask = ((uint32_t)1 << EMTL_SLOT_BITS) - 1;
    return EMTL_OK;
}

void emtl_index_free(emtl_index *index)
{
    const unsigned bits = index->bits + index->segment_bits;
    emtl_pages_free(index->slots, (uint64_t)1 << bits, sizeof *index->slots);
    emtl_pages_free(index->segments, (uint64_t)1 << index->segment_bits, sizeof *index->segments);
    *index = (emtl_index){0};
}

uint64_t emtl_index_bytes(const emtl_index *index)
{
    uint64_t slots = 0;
    for (size_t i = 0; i < (size_t)1 << index->segment_bits; i++)
        slots += (uint64_t)index->segments[i].mask + 1;
    return slots * sizeof *index->slots;
}

static void put(emtl_index *index, size_t segment, emtl_slot slot)
{
    const uint32_t mask = index->segments[segment].mask;
    uint32_t i = slot.hash & mask;
    while (emtl_index_slot(index, segment, i)->flow != EMTL_NO_FLOW)
        i = (i + 1) & mask;
    *emtl_index_slot(index, segment, i) = slot;
}

/* Doubles a segment in place. From behind an empty slot on, each slot in turn is emptied and put
 * where it belongs now. That is at most as far behind its run's beginning as it was, in the old
 * half or in the new one: no probe meets a slot whose turn is still to come. */
static void grow(emtl_index *index, size_t segment)
{
    const uint32_t old_mask = index->segments[segment].mask;
    uint32_t start = 0;
    while (emtl_index_slot(index, segment, start)->flow != EMTL_NO_FLOW)
        start++;
    index->segments[segment].mask = 2 * old_mask + 1;
    for (uint32_t i = 1; i <= old_mask; i++) {
        emtl_slot *from = emtl_index_slot(index, segment, (start + i) & old_mask);
        const emtl_slot slot = *from;
        from->flow = EMTL_NO_FLOW;
        if (slot.flow != EMTL_NO_FLOW)
            put(index, segment, slot);
    }
}

/* Seven eighths: probes stay short. Half is the share of a segment, and chance that a keyed hash
 * gives one so much more is below 10^-20. */
bool emtl_index_has_room(const emtl_index *index, uint32_t hash)
{
    const uint32_t most = (uint32_t)7 << (index->bits - 3);
    return index->segments[emtl_index_segment(index, hash)].used < most;
}

/* Whether a segment is full enough to double: from three to five eighths, at a point of its own, or
 * all of them would double within a few thousand flows of each other. A small one has half as many
 * flows: memory is no matter there, and how many slots a search takes is hard to predict. */
static bool wants_to_grow(const emtl_index *index, size_t segment)
{
    const uint32_t slots = index->segments[segment].mask + 1;
    const uint32_t own = (uint32_t)((slots / 4 * (uint64_t)segment) >> index->segment_bits);
    const uint32_t most = (slots / 8 * 3 + own) / (slots < SLOTS_SMALL ? 2 : 1);
    return index->segments[segment].used > most && slots < (uint32_t)1 << index->bits;
}

void emtl_index_add(emtl_index *index, uint32_t hash, uint32_t flow)
{
    const size_t segment = emtl_index_segment(index, hash);
    if (wants_to_grow(index, segment))
        grow(index, segment);
    put(index, segment, (emtl_slot){hash, flow});
    index->segments[segment].used++;
}

void emtl_index_remove(emtl_index *index, uint32_t hash, uint32_t flow)
{
    const size_t segment = emtl_index_segment(index, hash);
    const uint32_t mask = index->segments[segment].mask;
    uint32_t at = hash & mask;
    while (emtl_index_slot(index, segment, at)->flow != flow)
        at = (at + 1) & mask;
    emtl_slot *hole = emtl_index_slot(index, segment, at);
    /* Each later slot of the run moves into the hole if the hole is on its way. */
    for (uint32_t i = (at + 1) & mask;; i = (i + 1) & mask) {
        emtl_slot *slot = emtl_index_slot(index, segment, i);
        if (slot->flow == EMTL_NO_FLOW)
            break;
        const uint32_t home = slot->hash & mask;
        if (((i - home) & mask) >= ((i - at) & mask)) {
            *hole = *slot;
            hole = slot;
            at = i;
        }
    }
    hole->flow = EMTL_NO_FLOW;
    index->segments[segment].used--;
}
