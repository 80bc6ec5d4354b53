/* Packets come in. SPDX-License-Identifier: Apache-2.0 */
#include "flow_table/join.h"

#define NEIGHBOURS_AHEAD 16u /* packets: more of them would take the nearest cache from others */

/* Whether the packet is as nearly all are: narrow, and its flow's latest. */
static inline bool is_plain(const emtl_flow *flow, const emtl_packet *packet)
{
    const int64_t iat_us = packet->ts_us - flow->latest_us;
    return (uint64_t)iat_us <= INT32_MAX /* nor negative */ && !(flow->flags & EMTL_FLOW_BEHIND) &&
           !emtl_series_is_wide(iat_us, packet->length - packet->payload, packet->payload);
}

static inline bool gives(const emtl_flow_config *config, const emtl_flow *flow)
{
    return config->early && flow->packets < config->packets &&
           emtl_gives(config, (uint32_t)flow->packets, (uint32_t)flow->packets + 1);
}

/* Joins a packet to the flow guessed, where that is the whole way: it was one packet on the wire,
 * nothing ends, and room is there. */
static inline bool goes_on(emtl_flow_table *table, const emtl_packet *packet,
                           const emtl_lookup *lookup, uint32_t guess)
{
    const emtl_flow *flow = &table->flows.flow[guess];
    if (!emtl_table_is_quiet(table, packet->ts_us) || table->swept ||
        emtl_segment_of(packet, table->config.split_mtu) != 0 ||
        !emtl_flow_is(&table->flows, guess, lookup) || !is_plain(flow, packet) ||
        emtl_reason_to_end(table, flow, packet) != EMTL_END_NONE || gives(&table->config, flow))
        return false;
    const emtl_chunk *chunk = &table->series.chunks[flow->last_chunk];
    if (chunk->is_wide)
        return false;
    if (chunk->count < EMTL_NARROW)
        emtl_join_plain(table, packet, lookup, guess);
    else if (table->series.left > 0)
        emtl_table_join_in_next(table, packet, lookup, guess);
    else
        return false;
    return true;
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
    const uintptr_t flow = (uintptr_t)&table->flows.flow[guess];
    const uintptr_t ends6 = (uintptr_t)&table->flows.ends6[guess];
    const uintptr_t if_6 = 0 - (uintptr_t)emtl_key_is_6(&lookup->key); /* all bits, or none */
    emtl_prefetch((const void *)flow);
    emtl_prefetch(&table->flows.links[guess]);
    emtl_prefetch((const void *)(flow ^ ((flow ^ ends6) & if_6))); /* no branch: they come mixed */
    return guess;
}

static inline void fetch_neighbours(const emtl_flow_table *table, uint32_t guess)
{
    const emtl_flow_links *links = table->flows.links;
    emtl_prefetch(&table->series.chunks[table->flows.flow[guess].last_chunk]);
    emtl_prefetch(&links[links[guess].older]);
    emtl_prefetch(&links[links[guess].newer]);
}

/* Each packet goes through three steps before it is accounted, so that memory answers meanwhile:
 * the whole batch through the first, then through the second. They guess: the packets before may
 * start and end flows. */
static int add(emtl_flow_table *table, const emtl_packet *packets, size_t n,
               emtl_flow_columns *columns, emtl_ahead *ahead, size_t *done)
{
    emtl_lookup lookups[EMTL_BATCH];
    uint32_t guesses[EMTL_BATCH];
    for (size_t i = 0; i < n; i++) {
        emtl_ahead_step(ahead);
        look_up(table, &packets[i], &lookups[i]);
    }
    for (size_t i = 0; i < n; i++) {
        emtl_ahead_step(ahead);
        guesses[i] = fetch_flow(table, &lookups[i]);
    }
    for (size_t i = 0; i < n && i < NEIGHBOURS_AHEAD; i++)
        fetch_neighbours(table, guesses[i]);
    size_t i = 0;
    for (; i < n; i++) {
        emtl_ahead_step(ahead);
        if (i + NEIGHBOURS_AHEAD < n)
            fetch_neighbours(table, guesses[i + NEIGHBOURS_AHEAD]);
        if (!goes_on(table, &packets[i], &lookups[i], guesses[i]) &&
            emtl_table_account(table, &packets[i], &lookups[i], columns) != EMTL_OK)
            break;
    }
    *done = i;
    return i == n ? EMTL_OK : EMTL_E_FULL;
}

int emtl_flow_table_add(emtl_flow_table *table, const emtl_packet *packets, size_t n,
                        emtl_flow_columns *columns, emtl_ahead *ahead, size_t *done)
{
    *done = 0;
    if (n > EMTL_BATCH)
        return EMTL_E_ARG;
    if (n > 0)
        emtl_table_grow(table);
    const int status = add(table, packets, n, columns, ahead, done);
    table->counts.packets += *done;
    if (*done > 0)
        table->clock_us = packets[*done - 1].ts_us;
    return status;
}
