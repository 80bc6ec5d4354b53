/* The flow table's inside. SPDX-License-Identifier: Apache-2.0 */
#ifndef EMTL_FLOW_TABLE_TABLE_H
#define EMTL_FLOW_TABLE_TABLE_H

#include "flow_table/columns.h"
#include "flow_table/flow_table.h"
#include "flow_table/index.h"

#define EMTL_ARRAYS 6 /* that grow: of flows four, chunks, slots */

struct emtl_flow_table {
    emtl_flow_config config;
    emtl_sip hash;                  /* keyed, nothing hashed yet */
    int64_t timeout_us[EMTL_LISTS]; /* of each list's flows */
    int64_t active_us;
    int64_t clock_us; /* of the latest packet */
    uint32_t mtu;     /* longer packets are oversized */
    emtl_flows flows;
    emtl_index index;
    emtl_series series;
    uint32_t fetched[EMTL_LISTS]; /* flows to end before memory is asked for more of a list */
    size_t ready[EMTL_ARRAYS];    /* bytes whose pages were handed out */
    uint32_t finishing;           /* the place that finish comes to next */
    bool swept;                   /* rule 1 was done for the packet that found the columns full */
    emtl_flow_counts counts;
};

static inline bool emtl_table_can_give(const emtl_flow_table *table,
                                       const emtl_flow_columns *columns)
{
    return emtl_columns_have_room(columns, table->config.packets);
}

/* Has the system hand out memory that the next packets may need, a little at each call. */
void emtl_table_grow(emtl_flow_table *table);
/* Accounts a packet, whatever that takes. EMTL_E_FULL: not yet. */
int emtl_table_account(emtl_flow_table *table, const emtl_packet *packet, const emtl_lookup *lookup,
                       emtl_flow_columns *columns);
/* emtl_join_plain where a chunk is to be taken first; one is left. Apart, so that the compiler need
 * not save what it knows of most packets for this one's sake. */
void emtl_table_join_in_next(emtl_flow_table *table, const emtl_packet *packet,
                             const emtl_lookup *lookup, uint32_t number);
/* Gives out, to columns that have room, a flow that goes on: it keeps its place, and when its
 * series is full it is not given out again. */
void emtl_table_give_early(emtl_flow_table *table, uint32_t number, bool is_full,
                           emtl_flow_columns *columns);
/* Gives a flow out for this reason, or as a closed one, or not at all when it was given out early;
 * and forgets it. EMTL_E_FULL: not yet. */
int emtl_table_end(emtl_flow_table *table, uint32_t number, emtl_end_reason reason,
                   emtl_flow_columns *columns);
/* Ends the flow that is the first to make room; there must be one. EMTL_E_FULL: not yet. */
int emtl_table_evict(emtl_flow_table *table, uint32_t *evicted, emtl_flow_columns *columns);
/* Rule 1 of emtl.h at time t. EMTL_E_FULL: not all that is over was ended. */
int emtl_table_pass_time(emtl_flow_table *table, int64_t t, emtl_flow_columns *columns);

/* Whether it is known that rule 1 ends nothing at time t. */
static inline bool emtl_table_is_quiet(const emtl_flow_table *table, int64_t t)
{
    return t <= table->flows.quiet_us;
}

#endif
