/* SPDX-License-Identifier: Apache-2.0 */
#include "flow_table/index.h"

#define BITS_LEAST 9 /* a segment begins with a page of 4 KiB */
#define BITS_MOST 15 /* 256 KiB: doubling one takes 0.1 ms */

/* The index for so many flows, at its largest at most half full: 2^bits slots. */
static unsigned bits_for(uint32_t flows)
{
    unsigned bits = BITS_LEAST;
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
        index->segments[i].mask = ((uint32_t)1 << BITS_LEAST) - 1;
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

static void put(emtl_slot *slots, uint32_t mask, emtl_slot slot)
{
    uint32_t i = slot.hash & mask;
    while (slots[i].flow != EMTL_NO_FLOW)
        i = (i + 1) & mask;
    slots[i] = slot;
}

/* Doubles a segment in place. From behind an empty slot on, each slot in turn is emptied and put
 * where it belongs now. That is at most as far behind its run's beginning as it was, in the old
 * half or in the new one: no probe meets a slot whose turn is still to come. */
static void grow(emtl_slot *slots, emtl_segment *segment)
{
    const uint32_t old_mask = segment->mask;
    uint32_t start = 0;
    while (slots[start].flow != EMTL_NO_FLOW)
        start++;
    segment->mask = 2 * old_mask + 1;
    for (uint32_t i = 1; i <= old_mask; i++) {
        emtl_slot *from = &slots[(start + i) & old_mask];
        const emtl_slot slot = *from;
        if (slot.flow == EMTL_NO_FLOW)
            continue;
        from->flow = EMTL_NO_FLOW;
        put(slots, segment->mask, slot);
    }
}

/* Seven eighths: probes stay short. Half is the share of a segment, and chance that a keyed hash
 * gives one so much more is below 10^-20. */
bool emtl_index_has_room(const emtl_index *index, uint32_t hash)
{
    const uint32_t most = (uint32_t)7 << (index->bits - 3);
    return index->segments[emtl_index_segment(index, hash)].used < most;
}

void emtl_index_add(emtl_index *index, uint32_t hash, uint32_t flow)
{
    const size_t number = emtl_index_segment(index, hash);
    emtl_segment *segment = &index->segments[number];
    emtl_slot *slots = emtl_index_slots(index, number);
    if (segment->used > segment->mask / 2 && segment->mask + 1 < (uint32_t)1 << index->bits)
        grow(slots, segment);
    put(slots, segment->mask, (emtl_slot){hash, flow});
    segment->used++;
}

void emtl_index_remove(emtl_index *index, uint32_t hash, uint32_t flow)
{
    const size_t number = emtl_index_segment(index, hash);
    emtl_segment *segment = &index->segments[number];
    emtl_slot *slots = emtl_index_slots(index, number);
    const uint32_t mask = segment->mask;
    uint32_t hole = hash & mask;
    while (slots[hole].flow != flow)
        hole = (hole + 1) & mask;
    /* Each later slot of the run moves into the hole if the hole is on its way. */
    for (uint32_t i = (hole + 1) & mask; slots[i].flow != EMTL_NO_FLOW; i = (i + 1) & mask) {
        const uint32_t home = slots[i].hash & mask;
        if (((i - home) & mask) >= ((i - hole) & mask)) {
            slots[hole] = slots[i];
            hole = i;
        }
    }
    slots[hole].flow = EMTL_NO_FLOW;
    segment->used--;
}
