/* Packets join their flows. SPDX-License-Identifier: Apache-2.0 */
#include "flow_table/split.h"
#include "flow_table/table.h"

enum { TCP = 6 };
enum { FIN = 0x01, SYN = 0x02, RST = 0x04, ACK = 0x10 }; /* RFC 9293, section 3.1 */

#define AHEAD 8u

/* A packet on its way into its flow. */
typedef struct {
    const emtl_packet *packet;
    const emtl_lookup *lookup;
    uint32_t number; /* of its flow; EMTL_NO_FLOW: it starts one */
    emtl_wire_packets wire;
    int64_t iat_us;
    bool reverse, is_wide;
    uint32_t entries; /* what its series takes: fewer than wire.count where it gets full */
    bool fills;       /* the series gets full */
} joining;

/* Rule 2: why the flow ends before this packet. */
static emtl_end_reason reason_to_end(const emtl_flow_table *table, const emtl_flow *flow,
                                     const emtl_packet *packet)
{
    if (packet->ts_us - flow->latest_us > table->timeout_us[flow->list])
        return EMTL_END_IDLE;
    if (packet->ts_us - flow->start_us > table->active_us)
        return EMTL_END_ACTIVE;
    const bool opens = packet->protocol == TCP && (packet->tcp_flags & (SYN | ACK)) == SYN;
    return opens && flow->list == EMTL_LIST_CLOSED ? EMTL_END_OF_FLOW : EMTL_END_NONE;
}

/* The flow of a packet, which is probably the one guessed, or EMTL_NO_FLOW. */
static inline uint32_t find_flow(const emtl_flow_table *table, const emtl_lookup *lookup,
                                 uint32_t guess)
{
    if (table->flows.flow[guess].flags & EMTL_FLOW_LIVE &&
        emtl_flow_is(&table->flows, guess, lookup))
        return guess;
    return emtl_index_find(&table->index, &table->flows, lookup);
}

/* What the packet adds to its flow as it is now. */
static inline void measure(const emtl_flow_table *table, joining *join)
{
    uint32_t spare = table->config.packets;
    join->iat_us = 0;
    join->reverse = false;
    if (join->number != EMTL_NO_FLOW) {
        const emtl_flow *flow = &table->flows.flow[join->number];
        const int64_t before_us = flow->flags & EMTL_FLOW_BEHIND
                                      ? table->flows.rest[join->number].before_us
                                      : flow->latest_us;
        join->iat_us = join->packet->ts_us - before_us;
        join->reverse = join->lookup->swapped != ((flow->flags & EMTL_FLOW_SWAPPED) != 0);
        spare -= flow->kept;
    }
    join->entries = join->wire.count < spare ? join->wire.count : spare;
    join->fills = join->entries == spare && spare > 0;
    join->is_wide = emtl_series_is_wide(join->iat_us, join->wire.headers, join->wire.segment);
}

/* Whether flow, slot and chunks for the packet are there. */
static inline bool has_room(const emtl_flow_table *table, const joining *join)
{
    uint32_t spare = 0;
    if (join->number != EMTL_NO_FLOW)
        spare = emtl_series_spare(&table->series, &table->flows.flow[join->number], join->is_wide);
    else if (table->flows.count == table->flows.room ||
             !emtl_index_has_room(&table->index, join->lookup->hash))
        return false;
    if (join->entries <= spare)
        return true;
    const uint32_t more = join->entries - spare - 1;
    return (join->is_wide ? more / EMTL_WIDE : more / EMTL_NARROW) < table->series.left;
}

/* The packets of the wire from the second on, at the same time as the first. */
static void append_rest(emtl_flow_table *table, const joining *join)
{
    const emtl_wire_packets *wire = &join->wire;
    for (uint32_t i = 1; i < join->entries; i++)
        emtl_series_append(&table->series, &table->flows, join->number, join->is_wide, 0,
                           wire->headers, i == wire->count - 1 ? wire->last : wire->segment,
                           join->reverse);
}

static inline void append_series(emtl_flow_table *table, const joining *join)
{
    if (join->entries == 0)
        return;
    emtl_series_append(&table->series, &table->flows, join->number, join->is_wide, join->iat_us,
                       join->wire.headers, join->wire.segment, join->reverse);
    if (join->entries > 1) {
        const joining copy = *join; /* leaves join itself in registers */
        append_rest(table, &copy);
    }
}

/* The flow's state behind the packet. */
static inline uint8_t flags_after(uint8_t flags, const joining *join)
{
    enum { FINS = EMTL_FLOW_FIN_FORWARD | EMTL_FLOW_FIN_REVERSE };
    const uint8_t tcp_flags = join->packet->tcp_flags;
    if (join->reverse)
        flags |= EMTL_FLOW_TWO_WAY;
    if (tcp_flags & FIN)
        flags |= join->reverse ? EMTL_FLOW_FIN_REVERSE : EMTL_FLOW_FIN_FORWARD;
    if (tcp_flags & RST || (flags & FINS) == FINS)
        flags |= EMTL_FLOW_CLOSED;
    return flags;
}

static inline void move_in_time(emtl_flows *flows, uint32_t number, int64_t t)
{
    emtl_flow *flow = &flows->flow[number];
    if (t >= flow->latest_us) {
        flow->latest_us = t;
        flow->flags &= (uint8_t)~EMTL_FLOW_BEHIND;
    } else {
        flows->rest[number].before_us = t;
        flow->flags |= EMTL_FLOW_BEHIND;
    }
}

static inline void count_packet(emtl_flow_table *table, const joining *join)
{
    emtl_flow_counts *counts = &table->counts;
    counts->packets++;
    counts->clock_back += join->iat_us < 0;
    counts->tunnelled += join->packet->tunnels != 0;
    if (join->wire.count > 1) {
        counts->split++;
        counts->segments += join->wire.count;
    } else {
        counts->oversized += join->packet->length > table->mtu;
    }
}

/* Rule 3, second half. */
static inline void join_flow(emtl_flow_table *table, const joining *join)
{
    const uint32_t number = join->number;
    emtl_flow *flow = &table->flows.flow[number];
    append_series(table, join);
    flow->packets += join->wire.count;
    flow->bytes += (uint64_t)join->wire.headers * join->wire.count + join->packet->payload;
    const uint8_t flags = flags_after(flow->flags, join);
    flow->flags = flags;
    flow->list = emtl_list_of(flags);
    move_in_time(&table->flows, number, join->packet->ts_us);
    emtl_list_remove(table->flows.flow, number);
    emtl_list_append(table->flows.flow, flow->list, number);
    count_packet(table, join);
}

/* A packet that found the columns full starts over. Rule 1 alone is not done again: a flow that
 * ended since may have stood in front of others that are over. */
static int account(emtl_flow_table *table, const emtl_packet *packet, const emtl_lookup *lookup,
                   uint32_t guess, emtl_flow_columns *columns)
{
    joining join = {
        .packet = packet, .lookup = lookup, .wire = emtl_split(packet, table->config.split_mtu)};
    table->clock_us = packet->ts_us;
    if (!table->swept && emtl_table_pass_time(table, packet->ts_us, columns) != EMTL_OK)
        return EMTL_E_FULL;
    table->swept = true;
    join.number = find_flow(table, lookup, guess);
    if (join.number != EMTL_NO_FLOW) {
        const emtl_end_reason reason =
            reason_to_end(table, &table->flows.flow[join.number], packet);
        if (reason != EMTL_END_NONE) {
            if (emtl_table_end(table, join.number, reason, columns) != EMTL_OK)
                return EMTL_E_FULL;
            join.number = EMTL_NO_FLOW;
        }
    }
    for (;;) {
        measure(table, &join);
        if (has_room(table, &join))
            break;
        uint32_t evicted;
        if (emtl_table_evict(table, &evicted, columns) != EMTL_OK)
            return EMTL_E_FULL;
        if (evicted == join.number)
            join.number = EMTL_NO_FLOW;
    }
    const bool gives = join.fills && table->config.early;
    if (gives && !emtl_table_can_give(table, columns))
        return EMTL_E_FULL;
    if (join.number == EMTL_NO_FLOW) {
        join.number = emtl_flows_start(&table->flows, packet, lookup);
        emtl_index_add(&table->index, lookup->hash, join.number);
    }
    join_flow(table, &join);
    if (gives)
        emtl_table_give_early(table, join.number, columns);
    table->swept = false;
    return EMTL_OK;
}

static inline void look_up(const emtl_flow_table *table, const emtl_packet *packet,
                           emtl_lookup *lookup)
{
    emtl_lookup_of(lookup, packet, table->config.by_vlan ? packet->vlan : 0, table->hash);
    lookup->home = emtl_index_home(&table->index, lookup->hash);
    emtl_prefetch(lookup->home);
}

static inline uint32_t fetch_flow(const emtl_flow_table *table, const emtl_lookup *lookup)
{
    const uint32_t guess = emtl_index_guess(&table->index, lookup);
    emtl_prefetch(&table->flows.flow[guess]);
    if (emtl_key_is_6(&lookup->key))
        emtl_prefetch(&table->flows.ends6[guess]);
    return guess;
}

static inline void fetch_neighbours(const emtl_flow_table *table, uint32_t guess)
{
    const emtl_flow *flow = &table->flows.flow[guess];
    emtl_prefetch(&table->series.chunks[flow->last_chunk]);
    emtl_prefetch(&table->flows.flow[flow->older]);
    emtl_prefetch(&table->flows.flow[flow->newer]);
}

/* Each packet goes through three steps before it is accounted, AHEAD packets apart, so that memory
 * answers meanwhile. They guess: the packets between may start and end flows. */
int emtl_flow_table_add(emtl_flow_table *table, const emtl_packet *packets, size_t n,
                        emtl_flow_columns *columns, emtl_ahead *ahead, size_t *done)
{
    emtl_lookup lookups[EMTL_BATCH];
    uint32_t guesses[EMTL_BATCH];
    *done = 0;
    if (n > EMTL_BATCH)
        return EMTL_E_ARG;
    for (size_t i = 0; *done < n; i++) { /* i - x wraps around, beyond n, where i < x */
        const size_t to_guess = i - AHEAD, to_near = i - 2 * AHEAD, to_account = i - 3 * AHEAD;
        emtl_ahead_step(ahead);
        if (i < n)
            look_up(table, &packets[i], &lookups[i]);
        if (to_guess < n)
            guesses[to_guess] = fetch_flow(table, &lookups[to_guess]);
        if (to_near < n)
            fetch_neighbours(table, guesses[to_near]);
        if (to_account >= n)
            continue;
        if (account(table, &packets[to_account], &lookups[to_account], guesses[to_account],
                    columns) != EMTL_OK)
            return EMTL_E_FULL;
        *done = to_account + 1;
    }
    return EMTL_OK;
}
