/* From hash to flow. SPDX-License-Identifier: Apache-2.0
 *
 * Open addressing, linear probing, at most half full, deletion by shifting back: no tombstones, so
 * probes stay short however many flows come and go. A slot repeats the hash: growing and deleting
 * touch no flow. */
#include <stdlib.h>
#include <string.h>

#include "flow_table/flow_table.h"

#define BITS_MIN 10
#define BITS_MAX 27 /* 2 * EMTL_FLOWS_MAX slots */

static uint32_t mask_of(const emtl_index *index)
{
    return ((uint32_t)1 << index->bits) - 1;
}

static emtl_slot *make_slots(unsigned bits)
{
    const size_t n = (size_t)1 << bits;
    emtl_slot *slots = n > SIZE_MAX / sizeof *slots ? NULL : malloc(n * sizeof *slots);
    if (slots != NULL)
        memset(slots, 0xff, n * sizeof *slots); /* EMTL_NO_FLOW */
    return slots;
}

int emtl_index_new(emtl_index *index)
{
    *index = (emtl_index){make_slots(BITS_MIN), 0, BITS_MIN};
    return index->slots == NULL ? EMTL_E_NOMEM : EMTL_OK;
}

void emtl_index_free(emtl_index *index)
{
    free(index->slots);
}

void emtl_index_prefetch(const emtl_index *index, uint32_t hash)
{
#if defined(__GNUC__)
    __builtin_prefetch(&index->slots[hash & mask_of(index)]);
#else
    (void)index;
    (void)hash;
#endif
}

uint32_t emtl_index_find(const emtl_index *index, const emtl_open_flow *flows, uint32_t hash,
                         const emtl_flow_key *key)
{
    const uint32_t mask = mask_of(index);
    for (uint32_t i = hash & mask; index->slots[i].flow != EMTL_NO_FLOW; i = (i + 1) & mask) {
        const emtl_slot *slot = &index->slots[i];
        if (slot->hash == hash && memcmp(&flows[slot->flow].key, key, sizeof *key) == 0)
            return slot->flow;
    }
    return EMTL_NO_FLOW;
}

static void put(emtl_index *index, emtl_slot slot)
{
    const uint32_t mask = mask_of(index);
    uint32_t i = slot.hash & mask;
    while (index->slots[i].flow != EMTL_NO_FLOW)
        i = (i + 1) & mask;
    index->slots[i] = slot;
}

static int grow(emtl_index *index)
{
    const emtl_index old = *index;
    emtl_slot *slots = old.bits == BITS_MAX ? NULL : make_slots(old.bits + 1);
    if (slots == NULL)
        return EMTL_E_NOMEM;
    index->slots = slots;
    index->bits = old.bits + 1;
    for (size_t i = 0; i < (size_t)1 << old.bits; i++)
        if (old.slots[i].flow != EMTL_NO_FLOW)
            put(index, old.slots[i]);
    free(old.slots);
    return EMTL_OK;
}

int emtl_index_add(emtl_index *index, uint32_t hash, uint32_t flow)
{
    if (index->used >= (uint32_t)1 << (index->bits - 1)) {
        const int status = grow(index);
        if (status != EMTL_OK)
            return status;
    }
    put(index, (emtl_slot){hash, flow});
    index->used++;
    return EMTL_OK;
}

void emtl_index_remove(emtl_index *index, uint32_t hash, uint32_t flow)
{
    const uint32_t mask = mask_of(index);
    uint32_t hole = hash & mask;
    while (index->slots[hole].flow != flow)
        hole = (hole + 1) & mask;
    /* Each later slot of the run moves into the hole if the hole is on its way. */
    for (uint32_t i = (hole + 1) & mask; index->slots[i].flow != EMTL_NO_FLOW; i = (i + 1) & mask) {
        const uint32_t home = index->slots[i].hash & mask;
        if (((i - home) & mask) >= ((i - hole) & mask)) {
            index->slots[hole] = index->slots[i];
            hole = i;
        }
    }
    index->slots[hole].flow = EMTL_NO_FLOW;
    index->used--;
}
