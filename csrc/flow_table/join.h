/* What a packet does to its flow. SPDX-License-Identifier: Apache-2.0
 *
 * Here is what is done for all of them; account.c has the whole way, whatever the packet, and add.c
 * the short way of most. */
#ifndef EMTL_FLOW_TABLE_JOIN_H
#define EMTL_FLOW_TABLE_JOIN_H

#include "flow_table/split.h"
#include "flow_table/table.h"

enum { EMTL_FIN = 0x01, EMTL_SYN = 0x02, EMTL_RST = 0x04, EMTL_ACK = 0x10 }; /* RFC 9293, 3.1 */

/* Rule 2: why the flow ends before this packet. */
static inline emtl_end_reason emtl_reason_to_end(const emtl_flow_table *table,
                                                 const emtl_flow *flow, const emtl_packet *packet)
{
    if (packet->ts_us - flow->latest_us > table->timeout_us[flow->list])
        return EMTL_END_IDLE;
    if (packet->ts_us - flow->start_us > table->active_us)
        return EMTL_END_ACTIVE;
    if (flow->list != EMTL_LIST_CLOSED)
        return EMTL_END_NONE;
    const bool opens = (packet->tcp_flags & (EMTL_SYN | EMTL_ACK)) == EMTL_SYN;
    return opens ? EMTL_END_OF_FLOW : EMTL_END_NONE;
}

/* Whether a series that grows gets to glance packets, or twice, four times as many, and so on. */
static inline bool emtl_is_shown(uint32_t glance, uint32_t before, uint32_t after)
{
    uint64_t count = glance;
    while (count != 0 && count <= before)
        count *= 2;
    return count != 0 && count <= after;
}

/* Whether a flow whose series grows from `before` to `after` packets is given out, or shown, early.
 */
static inline bool emtl_gives(const emtl_flow_config *config, uint32_t before, uint32_t after)
{
    return config->early && before < after &&
           (after == config->packets || emtl_is_shown(config->glance, before, after));
}

static inline bool emtl_is_reverse(const emtl_flow *flow, const emtl_lookup *lookup)
{
    return lookup->swapped != (flow->flags / EMTL_FLOW_SWAPPED % 2);
}

/* The flow's state behind a packet of these flags. */
static inline uint8_t emtl_flags_after(uint8_t flags, uint8_t tcp_flags, bool reverse)
{
    enum { FINS = EMTL_FLOW_FIN_FORWARD | EMTL_FLOW_FIN_REVERSE };
    flags |= (uint8_t)(EMTL_FLOW_TWO_WAY * reverse); /* no branch to mispredict */
    if (tcp_flags & (EMTL_FIN | EMTL_RST)) {
        if (tcp_flags & EMTL_FIN)
            flags |= reverse ? EMTL_FLOW_FIN_REVERSE : EMTL_FLOW_FIN_FORWARD;
        if (tcp_flags & EMTL_RST || (flags & FINS) == FINS)
            flags |= EMTL_FLOW_CLOSED;
    }
    return flags;
}

/* count: how many packets it was on the wire. */
static inline void emtl_count(emtl_flow_table *table, const emtl_packet *packet, uint32_t count)
{
    if (packet->tunnels != 0)
        table->counts.tunnelled++;
    if (count > 1) {
        table->counts.split++;
        table->counts.segments += count;
    } else if (packet->length > table->mtu) {
        table->counts.oversized++;
    }
}

/* Rule 3 for a packet that goes on in its flow, in the order of time, of a narrow kind, and one on
 * the wire. The last chunk of the series has room for it, or the series is full. */
static inline void emtl_join_plain(emtl_flow_table *table, const emtl_packet *packet,
                                   const emtl_lookup *lookup, uint32_t number)
{
    emtl_flow *flow = &table->flows.flow[number];
    const bool reverse = emtl_is_reverse(flow, lookup);
    emtl_series_put_narrow(&table->series.chunks[flow->last_chunk], packet->ts_us - flow->latest_us,
                           packet->length - packet->payload, packet->payload, reverse,
                           flow->last_chunk != EMTL_NO_CHUNK);
    flow->latest_us = packet->ts_us;
    flow->bytes += packet->length;
    flow->flags = emtl_flags_after(flow->flags, packet->tcp_flags, reverse);
    flow->packets++;
    if (flow->packets == table->config.packets)
        flow->last_chunk = EMTL_NO_CHUNK;
    emtl_list_move(&table->flows, emtl_list_of(flow->flags, flow->packets), number);
    emtl_count(table, packet, 1);
}

#endif
