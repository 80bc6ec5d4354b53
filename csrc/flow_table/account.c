/* Packets join their flows. SPDX-License-Identifier: Apache-2.0 */
#include "flow_table/split.h"
#include "flow_table/table.h"

enum { TCP = 6 };
enum { FIN = 0x01, SYN = 0x02, RST = 0x04, ACK = 0x10 }; /* RFC 9293, section 3.1 */

#define STEP 16u

/* A packet, and what it adds to its flow. */
typedef struct {
    const emtl_packet *packet;
    uint32_t number; /* of its flow; EMTL_NO_FLOW: it starts one */
    emtl_wire_packets wire;
    int64_t iat_us;
    bool reverse, is_wide;
    uint32_t spare;   /* entries that the flow's last chunk still takes */
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
    const bool opens = (packet->tcp_flags & (SYN | ACK)) == SYN;
    return flow->list == EMTL_LIST_CLOSED && opens ? EMTL_END_OF_FLOW : EMTL_END_NONE;
}

/* What the packet adds to its flow as it is now. */
static inline joining measure(const emtl_flow_table *table, const emtl_packet *packet,
                              const emtl_lookup *lookup, uint32_t number)
{
    joining join = {
        .packet = packet, .number = number, .wire = emtl_split(packet, table->config.split_mtu)};
    const emtl_flow *flow = &table->flows.flow[number];
    uint32_t left = table->config.packets;
    if (number != EMTL_NO_FLOW) {
        const int64_t before_us =
            flow->flags & EMTL_FLOW_BEHIND ? table->flows.rest[number].before_us : flow->latest_us;
        join.iat_us = packet->ts_us - before_us;
        join.reverse = lookup->swapped != ((flow->flags & EMTL_FLOW_SWAPPED) != 0);
        left -= flow->kept;
    }
    join.entries = join.wire.count < left ? join.wire.count : left;
    join.fills = join.entries == left && left > 0;
    join.is_wide = emtl_series_is_wide(join.iat_us, join.wire.headers, join.wire.segment);
    join.spare = emtl_series_spare(&table->series, flow, join.is_wide);
    return join;
}

/* Whether chunks for the packet are there. */
static inline bool has_chunks(const emtl_flow_table *table, const joining *join)
{
    if (join->entries <= join->spare)
        return true;
    const uint32_t more = join->entries - join->spare - 1;
    return (join->is_wide ? more / EMTL_WIDE : more / EMTL_NARROW) < table->series.left;
}

/* And, where it starts a flow, place and slot for that. */
static bool has_room(const emtl_flow_table *table, const joining *join, uint32_t hash)
{
    if (join->number == EMTL_NO_FLOW &&
        (table->flows.count == table->flows.room || !emtl_index_has_room(&table->index, hash)))
        return false;
    return has_chunks(table, join);
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
    emtl_chunk *chunk =
        join->spare > 0
            ? &table->series.chunks[table->flows.flow[join->number].last_chunk]
            : emtl_series_extend(&table->series, &table->flows, join->number, join->is_wide);
    emtl_series_put(chunk, &table->flows.flow[join->number], join->iat_us, join->wire.headers,
                    join->wire.segment, join->reverse);
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
    flags |= (uint8_t)(EMTL_FLOW_TWO_WAY * join->reverse); /* no branch to mispredict */
    if (tcp_flags & (FIN | RST)) {
        if (tcp_flags & FIN)
            flags |= join->reverse ? EMTL_FLOW_FIN_REVERSE : EMTL_FLOW_FIN_FORWARD;
        if (tcp_flags & RST || (flags & FINS) == FINS)
            flags |= EMTL_FLOW_CLOSED;
    }
    return flags;
}

static inline void move_in_time(emtl_flows *flows, uint32_t number, int64_t t, uint8_t flags)
{
    emtl_flow *flow = &flows->flow[number];
    if (t >= flow->latest_us) {
        flow->latest_us = t;
        flow->flags = flags & (uint8_t)~EMTL_FLOW_BEHIND;
    } else {
        flows->rest[number].before_us = t;
        flow->flags = flags | EMTL_FLOW_BEHIND;
    }
    flow->list = emtl_list_of(flags);
    emtl_list_remove(flows, number);
    emtl_list_append(flows, flow->list, number);
}

static inline void count_packet(emtl_flow_table *table, const joining *join)
{
    emtl_flow_counts *counts = &table->counts;
    counts->packets++;
    if (join->iat_us < 0)
        counts->clock_back++;
    if (join->packet->tunnels != 0)
        counts->tunnelled++;
    if (join->wire.count > 1) {
        counts->split++;
        counts->segments += join->wire.count;
    } else if (join->packet->length > table->mtu) {
        counts->oversized++;
    }
}

/* Rule 3, second half. */
static inline void join_flow(emtl_flow_table *table, const joining *join)
{
    emtl_flow *flow = &table->flows.flow[join->number];
    append_series(table, join);
    flow->packets += join->wire.count;
    flow->bytes += (uint64_t)join->wire.headers * join->wire.count + join->packet->payload;
    move_in_time(&table->flows, join->number, join->packet->ts_us, flags_after(flow->flags, join));
    count_packet(table, join);
}

/* The flow that the packet is to join, or EMTL_NO_FLOW: rule 2. */
static int find_flow(emtl_flow_table *table, const emtl_packet *packet, const emtl_lookup *lookup,
                     uint32_t *number, emtl_flow_columns *columns)
{
    *number = emtl_index_find(&table->index, &table->flows, lookup);
    if (*number == EMTL_NO_FLOW)
        return EMTL_OK;
    const emtl_end_reason reason = reason_to_end(table, &table->flows.flow[*number], packet);
    if (reason == EMTL_END_NONE)
        return EMTL_OK;
    const int status = emtl_table_end(table, *number, reason, columns);
    *number = EMTL_NO_FLOW;
    return status;
}

/* Rules 1 to 3, up to the flow that the packet joins, with room for it. A packet that found the
 * columns full starts over. Rule 1 alone is not done again: a flow that ended since may have stood
 * in front of others that are over. */
static int prepare(emtl_flow_table *table, const emtl_packet *packet, const emtl_lookup *lookup,
                   uint32_t *number, emtl_flow_columns *columns)
{
    if (!table->swept && emtl_table_pass_time(table, packet->ts_us, columns) != EMTL_OK)
        return EMTL_E_FULL;
    table->swept = true;
    if (find_flow(table, packet, lookup, number, columns) != EMTL_OK)
        return EMTL_E_FULL;
    joining join;
    while (join = measure(table, packet, lookup, *number), !has_room(table, &join, lookup->hash)) {
        uint32_t evicted;
        if (emtl_table_evict(table, &evicted, columns) != EMTL_OK)
            return EMTL_E_FULL;
        if (evicted == *number)
            *number = EMTL_NO_FLOW;
    }
    if (join.fills && table->config.early && !emtl_table_can_give(table, columns))
        return EMTL_E_FULL;
    if (*number == EMTL_NO_FLOW) {
        *number = emtl_flows_start(&table->flows, packet, lookup);
        emtl_index_add(&table->index, lookup->hash, *number);
    }
    return EMTL_OK;
}

/* Whether rules 1 and 2 do nothing, and the flow guessed is the packet's. */
static inline bool goes_on(const emtl_flow_table *table, const emtl_packet *packet,
                           const emtl_lookup *lookup, uint32_t guess)
{
    return emtl_table_is_quiet(table, packet->ts_us) &&
           emtl_flow_is(&table->flows, guess, lookup) &&
           reason_to_end(table, &table->flows.flow[guess], packet) == EMTL_END_NONE;
}

/* Most packets join the flow guessed, and nothing has to be prepared. */
static inline int account(emtl_flow_table *table, const emtl_packet *packet,
                          const emtl_lookup *lookup, uint32_t guess, emtl_flow_columns *columns)
{
    joining join = measure(table, packet, lookup, guess);
    table->clock_us = packet->ts_us;
    if (!goes_on(table, packet, lookup, guess) || !has_chunks(table, &join) ||
        (join.fills && table->config.early)) {
        uint32_t number;
        if (prepare(table, packet, lookup, &number, columns) != EMTL_OK)
            return EMTL_E_FULL;
        join = measure(table, packet, lookup, number);
        table->swept = false;
    }
    join_flow(table, &join);
    if (join.fills && table->config.early)
        emtl_table_give_early(table, join.number, columns);
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

static inline size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Each packet goes through three steps before it is accounted, STEP packets and more apart, so that
 * memory answers meanwhile. They guess: the packets between may start and end flows. */
int emtl_flow_table_add(emtl_flow_table *table, const emtl_packet *packets, size_t n,
                        emtl_flow_columns *columns, size_t *done)
{
    emtl_lookup lookups[EMTL_BATCH];
    uint32_t guesses[EMTL_BATCH];
    size_t looked_up = 0, guessed = 0, near = 0;
    *done = 0;
    if (n > EMTL_BATCH)
        return EMTL_E_ARG;
    while (*done < n) {
        for (const size_t end = least(*done + 4 * STEP, n); looked_up < end; looked_up++)
            look_up(table, &packets[looked_up], &lookups[looked_up]);
        for (const size_t end = least(*done + 3 * STEP, n); guessed < end; guessed++)
            guesses[guessed] = fetch_flow(table, &lookups[guessed]);
        for (const size_t end = least(*done + 2 * STEP, n); near < end; near++)
            fetch_neighbours(table, guesses[near]);
        for (const size_t end = least(*done + STEP, n); *done < end; ++*done)
            if (account(table, &packets[*done], &lookups[*done], guesses[*done], columns) !=
                EMTL_OK)
                return EMTL_E_FULL;
    }
    return EMTL_OK;
}
