/* Memory is handed out ahead of its use. SPDX-License-Identifier: Apache-2.0
 *
 * The system clears a page when it is first touched, which takes it up to 3 ms where the page is
 * huge. The arrays of a table grow together: without this, one packet may wait for several. */
#include "flow_table/table.h"

#define AHEAD                                                                                      \
    ((size_t)1 << 17) /* bytes: those of 2,000 flows, in which every array has its turn            \
                       */
#define SLOTS_AHEAD                                                                                \
    44u /* bytes of the index a flow: two slots of 8 at three eighths, see index.c */

void emtl_table_grow(emtl_flow_table *table)
{
    const emtl_flows *flows = &table->flows;
    const emtl_index *index = &table->index;
    const size_t places = (size_t)flows->room + EMTL_FIRST_FLOW;
    const struct {
        void *pages;
        size_t item, room, used;
    } arrays[EMTL_ARRAYS] = {
        {flows->flow, sizeof *flows->flow, places, flows->used},
        {flows->links, sizeof *flows->links, places, flows->used},
        {flows->rest, sizeof *flows->rest, places, flows->used},
        {flows->ends6, sizeof *flows->ends6, places, flows->used6},
        {table->series.chunks, sizeof(emtl_chunk), (size_t)table->series.room + 1,
         table->series.used},
        {index->slots, sizeof(emtl_slot), (size_t)1 << (index->bits + index->segment_bits),
         (size_t)flows->count * SLOTS_AHEAD / sizeof(emtl_slot)},
    };
    for (size_t i = 0; i < EMTL_ARRAYS; i++)
        if (arrays[i].used != 0 &&
            emtl_pages_touch(arrays[i].pages, arrays[i].room * arrays[i].item,
                             arrays[i].used * arrays[i].item + AHEAD, &table->ready[i]))
            return;
}
