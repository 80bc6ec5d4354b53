/* A packet's whole way into its flow. SPDX-License-Identifier: Apache-2.0 */
#include "flow_table/join.h"

/* A packet, and what it adds to its flow. */
typedef struct {
    const emtl_packet *packet;
    emtl_wire_packets wire;
    uint32_t number; /* of its flow; EMTL_NO_FLOW: it starts one */
    bool reverse;
    int64_t iat_us;
    uint32_t entries; /* what its series takes: fewer than wire.count where it gets full */
    bool fills;       /* the series gets full */
    bool gives;       /* the flow is then given out, or shown, early */
    bool is_wide;     /* the entries are */
    uint32_t spare;   /* such entries that the flow's last chunk still takes */
} joining;

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

/* What the packet adds to its flow as it is now. */
static joining measure(const emtl_flow_table *table, const emtl_packet *packet,
                       emtl_wire_packets wire, const emtl_lookup *lookup, uint32_t number)
{
    joining join = {.packet = packet, .wire = wire, .number = number};
    const emtl_flow *flow = &table->flows.flow[number];
    uint32_t left = table->config.packets;
    if (number != EMTL_NO_FLOW) {
        const int64_t before_us =
            flow->flags & EMTL_FLOW_BEHIND ? table->flows.rest[number].before_us : flow->latest_us;
        join.iat_us = packet->ts_us - before_us;
        join.reverse = emtl_is_reverse(flow, lookup);
        left = flow->packets < left ? left - (uint32_t)flow->packets : 0;
    }
    join.entries = wire.count < left ? wire.count : left;
    join.fills = left > 0 && left <= wire.count;
    join.gives = emtl_gives(&table->config, table->config.packets - left,
                            table->config.packets - left + join.entries);
    join.is_wide = emtl_series_is_wide(join.iat_us, wire.headers, wire.segment);
    join.spare = emtl_series_spare(&table->series, flow, join.is_wide);
    return join;
}

/* Whether chunks for the packet are there. */
static bool has_chunks(const emtl_flow_table *table, const joining *join)
{
    if (join->entries <= join->spare)
        return true;
    const uint32_t more = join->entries - join->spare - 1;
    return (join->is_wide ? more / EMTL_WIDE : more / EMTL_NARROW) < table->series.left;
}

/* Whether flow, slot and chunks for the packet are there. */
static bool has_room(const emtl_flow_table *table, const joining *join, uint32_t hash)
{
    if (join->number == EMTL_NO_FLOW &&
        (table->flows.count == table->flows.room || !emtl_index_has_room(&table->index, hash)))
        return false;
    return has_chunks(table, join);
}

/* Rule 3, first half: measures the packet when there is room for it. */
static int make_room(emtl_flow_table *table, const emtl_packet *packet, const emtl_lookup *lookup,
                     uint32_t number, joining *join, emtl_flow_columns *columns)
{
    const emtl_wire_packets wire = emtl_split(packet, table->config.split_mtu);
    for (;;) {
        *join = measure(table, packet, wire, lookup, number);
        if (has_room(table, join, lookup->hash))
            return EMTL_OK;
        uint32_t evicted;
        if (emtl_table_evict(table, &evicted, columns) != EMTL_OK)
            return EMTL_E_FULL;
        if (evicted == number)
            number = EMTL_NO_FLOW;
    }
}

static void append(emtl_flow_table *table, const joining *join)
{
    const emtl_wire_packets *wire = &join->wire;
    emtl_series *series = &table->series;
    for (uint32_t i = 0; i < join->entries; i++) /* all at the same time */
        emtl_series_append(series, &table->flows, join->number, join->is_wide,
                           i == 0 ? join->iat_us : 0, wire->headers,
                           i == wire->count - 1 ? wire->last : wire->segment, join->reverse);
    if (join->fills)
        table->flows.flow[join->number].last_chunk = EMTL_NO_CHUNK;
}

static void move_in_time(emtl_flows *flows, uint32_t number, int64_t t, uint8_t flags)
{
    emtl_flow *flow = &flows->flow[number];
    emtl_list_move(flows, emtl_list_of(flags, flow->packets), number);
    if (t >= flow->latest_us) {
        flow->latest_us = t;
        flow->flags = flags & (uint8_t)~EMTL_FLOW_BEHIND;
    } else {
        flows->rest[number].before_us = t;
        flow->flags = flags | EMTL_FLOW_BEHIND;
    }
}

/* Rule 3, second half: chunks are there. */
static void join_flow(emtl_flow_table *table, const joining *join)
{
    const emtl_packet *packet = join->packet;
    emtl_flow *flow = &table->flows.flow[join->number];
    flow->packets += join->wire.count;
    flow->bytes += packet->length + (uint64_t)join->wire.headers * (join->wire.count - 1);
    move_in_time(&table->flows, join->number, packet->ts_us,
                 emtl_flags_after(flow->flags, packet->tcp_flags, join->reverse));
    append(table, join);
    table->counts.clock_back += join->iat_us < 0;
    emtl_count(table, packet, join->wire.count);
}

/* A packet that found the columns full starts over. Rule 1 alone is not done again: a flow that
 * ended since may have stood in front of others that are over. */
int emtl_table_account(emtl_flow_table *table, const emtl_packet *packet, const emtl_lookup *lookup,
                       emtl_flow_columns *columns)
{
    uint32_t number;
    joining join;
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
    join_flow(table, &join);
    if (join.gives)
        emtl_table_give_early(table, join.number, join.fills, columns);
    table->swept = false;
    return EMTL_OK;
}

void emtl_table_join_in_next(emtl_flow_table *table, const emtl_packet *packet,
                             const emtl_lookup *lookup, uint32_t number)
{
    (void)emtl_series_extend(&table->series, &table->flows, number, false);
    emtl_join_plain(table, packet, lookup, number);
}
