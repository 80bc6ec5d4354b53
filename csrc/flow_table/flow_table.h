/* Packets to bidirectional flows: when a flow starts, goes on and ends. SPDX-License-Identifier:
 * Apache-2.0
 * emtl.h has the rules. Flows stand in a slab (flows.h), are found by an index (index.h), and their
 * PPI series hang on them in chunks (series.h). */
#ifndef EMTL_FLOW_TABLE_FLOW_TABLE_H
#define EMTL_FLOW_TABLE_FLOW_TABLE_H

#include "common/ahead.h"
#include "common/siphash.h"
#include "emtl.h"

#ifndef EMTL_BATCH
#define EMTL_BATCH 64u
#endif /* packets that are accounted in one go */

typedef struct emtl_flow_table emtl_flow_table;

/* As in emtl_meter_stats; packets: flow_packets there. */
typedef struct {
    uint64_t packets, flows, evicted, clock_back, tunnelled, oversized, split, segments;
} emtl_flow_counts;

int emtl_flow_table_new(const emtl_flow_config *config, emtl_hash_key hash_key,
                        emtl_flow_table **out);
void emtl_flow_table_free(emtl_flow_table *table);

/* Accounts packets[0, n), n <= EMTL_BATCH; flows that end go to the columns. *done: how many.
 * Three steps of `ahead` with each packet.
 * EMTL_E_FULL: empty the columns, then go on from *done. */
int emtl_flow_table_add(emtl_flow_table *table, const emtl_packet *packets, size_t n,
                        emtl_flow_columns *columns, emtl_ahead *ahead, size_t *done);
/* Ends what is over at now_us. EMTL_E_FULL: empty the columns and call again. */
int emtl_flow_table_tick(emtl_flow_table *table, int64_t now_us, emtl_flow_columns *columns);
/* Ends every flow; nothing can be added afterwards. EMTL_E_FULL: empty the columns, call again. */
int emtl_flow_table_finish(emtl_flow_table *table, emtl_flow_columns *columns);

const emtl_flow_counts *emtl_flow_table_counts(const emtl_flow_table *table);
/* Flows in the table now. */
uint32_t emtl_flow_table_open(const emtl_flow_table *table);
/* Bytes that its flows and series took at most. */
uint64_t emtl_flow_table_bytes(const emtl_flow_table *table);

#endif
