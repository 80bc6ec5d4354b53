/* What a packet does to its flow. SPDX-License-Identifier: Apache-2.0
 *
 * Inline: for most packets the compiler is to know that they were one on the wire. */
#ifndef EMTL_FLOW_TABLE_JOIN_H
#define EMTL_FLOW_TABLE_JOIN_H

#include "flow_table/split.h"
#include "flow_table/table.h"

enum { EMTL_FIN = 0x01, EMTL_SYN = 0x02, EMTL_RST = 0x04, EMTL_ACK = 0x10 }; /* RFC 9293, 3.1 */

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
} emtl_joining;

/* Rule 2: why the flow ends before this packet. */
static inline emtl_end_reason emtl_reason_to_end(const emtl_flow_table *table,
                                                 const emtl_flow *flow, const emtl_packet *packet)
{
    if (packet->ts_us - flow->latest_us > table->timeout_us[flow->list])
        return EMTL_END_IDLE;
    if (packet->ts_us - flow->start_us > table->active_us)
        return EMTL_END_ACTIVE;
    const bool opens = (packet->tcp_flags & (EMTL_SYN | EMTL_ACK)) == EMTL_SYN;
    return flow->list == EMTL_LIST_CLOSED && opens ? EMTL_END_OF_FLOW : EMTL_END_NONE;
}

/* Whether a series that grows gets to glance packets, or twice, four times as many, and so on. */
static inline bool emtl_is_shown(uint32_t glance, uint32_t before, uint32_t after)
{
    uint64_t count = glance;
    while (count != 0 && count <= before)
        count *= 2;
    return count != 0 && count <= after;
}

/* What the packet adds to its flow as it is now. */
static inline emtl_joining emtl_measure(const emtl_flow_table *table, const emtl_packet *packet,
                                        emtl_wire_packets wire, const emtl_lookup *lookup,
                                        uint32_t number)
{
    emtl_joining join = {.packet = packet, .wire = wire, .number = number};
    const emtl_flow *flow = &table->flows.flow[number];
    uint32_t left = table->config.packets;
    if (number != EMTL_NO_FLOW) {
        const int64_t before_us =
            flow->flags & EMTL_FLOW_BEHIND ? table->flows.rest[number].before_us : flow->latest_us;
        join.iat_us = packet->ts_us - before_us;
        join.reverse = lookup->swapped != (flow->flags / EMTL_FLOW_SWAPPED % 2);
        left = (left - (uint32_t)flow->packets) * (flow->packets < left); /* no branch, as above */
    }
    join.entries = wire.count < left ? wire.count : left;
    join.fills = left > 0 && left <= wire.count;
    join.gives = table->config.early &&
                 (join.fills || emtl_is_shown(table->config.glance, table->config.packets - left,
                                              table->config.packets - left + join.entries));
    join.is_wide = emtl_series_is_wide(join.iat_us, wire.headers, wire.segment);
    join.spare = emtl_series_spare(&table->series, flow, join.is_wide);
    return join;
}

/* Whether chunks for the packet are there. */
static inline bool emtl_has_chunks(const emtl_flow_table *table, const emtl_joining *join)
{
    if (join->entries <= join->spare)
        return true;
    const uint32_t more = join->entries - join->spare - 1;
    return (join->is_wide ? more / EMTL_WIDE : more / EMTL_NARROW) < table->series.left;
}

static inline void emtl_append(emtl_flow_table *table, const emtl_joining *join)
{
    const emtl_wire_packets *wire = &join->wire;
    const emtl_flow *flow = &table->flows.flow[join->number];
    const bool fits = join->spare >= (join->entries > 0);
    emtl_chunk *chunk =
        fits ? &table->series.chunks[flow->last_chunk]
             : emtl_series_extend(&table->series, &table->flows, join->number, join->is_wide);
    emtl_series_put(chunk, join->iat_us, wire->headers, wire->segment, join->reverse,
                    join->entries > 0);
    for (uint32_t i = 1; i < wire->count && i < join->entries; i++) /* at the same time */
        emtl_series_append(&table->series, &table->flows, join->number, join->is_wide, 0,
                           wire->headers, i == wire->count - 1 ? wire->last : wire->segment,
                           join->reverse);
    if (join->fills)
        table->flows.flow[join->number].last_chunk = EMTL_NO_CHUNK;
}

/* The flow's state behind the packet. */
static inline uint8_t emtl_flags_after(uint8_t flags, const emtl_joining *join)
{
    enum { FINS = EMTL_FLOW_FIN_FORWARD | EMTL_FLOW_FIN_REVERSE };
    const uint8_t tcp_flags = join->packet->tcp_flags;
    flags |= (uint8_t)(EMTL_FLOW_TWO_WAY * join->reverse); /* no branch to mispredict */
    if (tcp_flags & (EMTL_FIN | EMTL_RST)) {
        if (tcp_flags & EMTL_FIN)
            flags |= join->reverse ? EMTL_FLOW_FIN_REVERSE : EMTL_FLOW_FIN_FORWARD;
        if (tcp_flags & EMTL_RST || (flags & FINS) == FINS)
            flags |= EMTL_FLOW_CLOSED;
    }
    return flags;
}

static inline void emtl_move_in_time(emtl_flows *flows, uint32_t number, int64_t t, uint8_t flags)
{
    emtl_flow *flow = &flows->flow[number];
    const uint8_t list = emtl_list_of(flags, flow->packets);
    emtl_list_remove(flows, number);
    emtl_list_append(flows, list, number);
    if (list != flow->list) {
        flows->lengths[flow->list]--;
        flows->lengths[list]++;
        flow->list = list;
    }
    if (t >= flow->latest_us) {
        flow->latest_us = t;
        flow->flags = flags & (uint8_t)~EMTL_FLOW_BEHIND;
    } else {
        flows->rest[number].before_us = t;
        flow->flags = flags | EMTL_FLOW_BEHIND;
    }
}

static inline void emtl_count(emtl_flow_counts *counts, const emtl_joining *join, uint32_t mtu)
{
    if (join->iat_us < 0)
        counts->clock_back++;
    if (join->packet->tunnels != 0)
        counts->tunnelled++;
    if (join->wire.count > 1) {
        counts->split++;
        counts->segments += join->wire.count;
    } else if (join->packet->length > mtu) {
        counts->oversized++;
    }
}

/* Rule 3, second half: chunks are there. */
static inline void emtl_join(emtl_flow_table *table, const emtl_joining *join)
{
    const emtl_packet *packet = join->packet;
    emtl_flow *flow = &table->flows.flow[join->number];
    flow->packets += join->wire.count;
    flow->bytes += packet->length + (uint64_t)join->wire.headers * (join->wire.count - 1);
    emtl_move_in_time(&table->flows, join->number, packet->ts_us,
                      emtl_flags_after(flow->flags, join));
    emtl_append(table, join);
    emtl_count(&table->counts, join, table->mtu);
}

#endif
