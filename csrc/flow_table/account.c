/* A packet's whole way into its flow. SPDX-License-Identifier: Apache-2.0 */
#include "flow_table/join.h"

/* Rule 2: the flow that goes on with this packet, or EMTL_NO_FLOW. */
static int find_flow(emtl_flow_table *table, const emtl_packet *packet, const emtl_lookup *lookup,
                     uint32_t *number, emtl_flow_columns *columns)
{
    *number = emtl_index_find(&table->index, &table->flows, lookup);
    if (*number == EMTL_NO_FLOW)
        return EMTL_OK;
    const emtl_end_reason reason = emtl_reason_to_end(table, &table->flows.flow[*number], packet);
    if (reason == EMTL_END_NONE)
        return EMTL_OK;
    const int status = emtl_table_end(table, *number, reason, columns);
    *number = EMTL_NO_FLOW;
    return status;
}

/* Whether flow, slot and chunks for the packet are there. */
static bool has_room(const emtl_flow_table *table, const emtl_joining *join, uint32_t hash)
{
    if (join->number == EMTL_NO_FLOW &&
        (table->flows.count == table->flows.room || !emtl_index_has_room(&table->index, hash)))
        return false;
    return emtl_has_chunks(table, join);
}

/* Rule 3, first half: measures the packet when there is room for it. */
static int make_room(emtl_flow_table *table, const emtl_packet *packet, const emtl_lookup *lookup,
                     uint32_t number, emtl_joining *join, emtl_flow_columns *columns)
{
    const emtl_wire_packets wire = emtl_split(packet, table->config.split_mtu);
    for (;;) {
        *join = emtl_measure(table, packet, wire, lookup, number);
        if (has_room(table, join, lookup->hash))
            return EMTL_OK;
        uint32_t evicted;
        if (emtl_table_evict(table, &evicted, columns) != EMTL_OK)
            return EMTL_E_FULL;
        if (evicted == number)
            number = EMTL_NO_FLOW;
    }
}

/* A packet that found the columns full starts over. Rule 1 alone is not done again: a flow that
 * ended since may have stood in front of others that are over. */
int emtl_table_account(emtl_flow_table *table, const emtl_packet *packet, const emtl_lookup *lookup,
                       emtl_flow_columns *columns)
{
    uint32_t number;
    emtl_joining join;
    if (!table->swept && emtl_table_pass_time(table, packet->ts_us, columns) != EMTL_OK)
        return EMTL_E_FULL;
    table->swept = true;
    if (find_flow(table, packet, lookup, &number, columns) != EMTL_OK ||
        make_room(table, packet, lookup, number, &join, columns) != EMTL_OK)
        return EMTL_E_FULL;
    if (join.gives && !emtl_table_can_give(table, columns))
        return EMTL_E_FULL;
    if (join.number == EMTL_NO_FLOW) {
        join.number = emtl_flows_start(&table->flows, packet, lookup);
        emtl_index_add(&table->index, lookup->hash, join.number);
    }
    emtl_join(table, &join);
    if (join.gives)
        emtl_table_give_early(table, join.number, join.fills, columns);
    table->swept = false;
    return EMTL_OK;
}
