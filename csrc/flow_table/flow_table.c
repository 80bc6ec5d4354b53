/* SPDX-License-Identifier: Apache-2.0 */
#include "flow_table/flow_table.h"

#include <stdlib.h>

#include "flow_table/columns.h"
#include "flow_table/index.h"
#include "flow_table/share.h"
#include "flow_table/split.h"

enum { TCP = 6 };
enum { FIN = 0x01, SYN = 0x02, RST = 0x04, ACK = 0x10 }; /* RFC 9293, section 3.1 */

struct emtl_flow_table {
    emtl_flow_config config;
    emtl_hash_key hash_key;
    int64_t list_timeout_us[EMTL_LISTS];
    int64_t idle_us, active_us;
    int64_t clock_us; /* of the latest packet */
    emtl_flows flows;
    emtl_index index;
    emtl_series series;
    uint32_t finishing; /* the place that finish comes to next */
    bool swept;         /* rule 1 was done for the packet that found the columns full */
    emtl_flow_counts counts;
};

static bool config_is_valid(const emtl_flow_config *config)
{
    return config->max_flows >= 1 && config->max_flows <= EMTL_FLOWS_MAX &&
           config->idle_timeout_s >= 1 && config->active_timeout_s >= 1 && config->packets >= 1 &&
           config->packets <= EMTL_PACKETS_MAX && config->tunnels <= EMTL_TUNNELS_OUTER &&
           config->protocols != 0 && config->protocols <= EMTL_PROTOCOLS &&
           (config->split_mtu == 0 || config->split_mtu >= EMTL_SPLIT_MIN) &&
           (config->max_memory == 0 || config->max_memory >= EMTL_MEMORY_MIN);
}

static int take_memory(emtl_flow_table *table)
{
    emtl_share share;
    int status = emtl_share_out(&table->config, &share);
    if (status == EMTL_OK)
        status = emtl_flows_new(&table->flows, share.flows);
    if (status == EMTL_OK)
        status = emtl_index_new(&table->index, share.flows);
    if (status == EMTL_OK)
        status = emtl_series_new(&table->series, share.chunks);
    return status;
}

int emtl_flow_table_new(const emtl_flow_config *config, emtl_hash_key hash_key,
                        emtl_flow_table **out)
{
    *out = NULL;
    if (!config_is_valid(config))
        return EMTL_E_ARG;
    emtl_flow_table *table = calloc(1, sizeof *table);
    if (table == NULL)
        return EMTL_E_NOMEM;
    table->config = *config;
    table->hash_key = hash_key;
    table->idle_us = (int64_t)config->idle_timeout_s * 1000000;
    table->active_us = (int64_t)config->active_timeout_s * 1000000;
    table->list_timeout_us[EMTL_LIST_ONE_WAY] = table->list_timeout_us[EMTL_LIST_TWO_WAY] =
        table->idle_us;
    table->list_timeout_us[EMTL_LIST_CLOSED] =
        table->idle_us < EMTL_LINGER_US ? table->idle_us : EMTL_LINGER_US;
    table->finishing = EMTL_FIRST_FLOW;
    const int status = take_memory(table);
    if (status != EMTL_OK)
        emtl_flow_table_free(table);
    else
        *out = table;
    return status;
}

void emtl_flow_table_free(emtl_flow_table *table)
{
    if (table == NULL)
        return;
    emtl_flows_free(&table->flows);
    emtl_index_free(&table->index);
    emtl_series_free(&table->series);
    free(table);
}

const emtl_flow_counts *emtl_flow_table_counts(const emtl_flow_table *table)
{
    return &table->counts;
}

uint32_t emtl_flow_table_open(const emtl_flow_table *table)
{
    return table->flows.count;
}

uint64_t emtl_flow_table_bytes(const emtl_flow_table *table)
{
    return emtl_flows_bytes(&table->flows) + emtl_index_bytes(&table->index) +
           emtl_series_bytes(&table->series);
}

static bool has_room_to_give(const emtl_flow_table *table, const emtl_flow_columns *columns)
{
    return emtl_columns_have_room(columns, table->config.packets);
}

static void give_flow(emtl_flow_table *table, uint32_t number, emtl_end_reason reason,
                      emtl_flow_columns *columns)
{
    emtl_columns_add(columns, &table->flows, &table->series, number, reason);
    table->counts.flows++;
    table->counts.evicted += reason == EMTL_END_LACK_OF_RESOURCES;
}

static void drop_series(emtl_flow_table *table, uint32_t number)
{
    emtl_series_drop(&table->series, &table->flows.flow[number], &table->flows.rest[number]);
}

/* Ends a flow for this reason, or as a closed one. EMTL_E_FULL: not yet. */
static int end_flow(emtl_flow_table *table, uint32_t number, emtl_end_reason reason,
                    emtl_flow_columns *columns)
{
    const uint8_t flags = table->flows.flow[number].flags;
    if (!(flags & EMTL_FLOW_GIVEN)) {
        if (!has_room_to_give(table, columns))
            return EMTL_E_FULL;
        give_flow(table, number, flags & EMTL_FLOW_CLOSED ? EMTL_END_OF_FLOW : reason, columns);
        drop_series(table, number);
    }
    emtl_index_remove(&table->index, table->flows.rest[number].hash, number);
    emtl_flows_release(&table->flows, number);
    return EMTL_OK;
}

/* Rule 1: ends what is over at time t. EMTL_E_FULL: not all of it. */
static int end_overdue(emtl_flow_table *table, int64_t t, emtl_flow_columns *columns)
{
    for (unsigned list = 0; list < EMTL_LISTS; list++) {
        uint32_t front;
        while ((front = emtl_list_front(&table->flows, list)) != EMTL_NO_FLOW &&
               t - table->flows.flow[front].latest_us > table->list_timeout_us[list])
            if (end_flow(table, front, EMTL_END_IDLE, columns) != EMTL_OK)
                return EMTL_E_FULL;
    }
    return EMTL_OK;
}

/* Rule 2: why the flow ends before this packet. */
static emtl_end_reason reason_to_end(const emtl_flow_table *table, const emtl_flow *flow,
                                     const emtl_packet *packet)
{
    const int64_t silent_us = packet->ts_us - flow->latest_us;
    if (silent_us > table->list_timeout_us[emtl_flow_list(flow)])
        return EMTL_END_IDLE;
    if (packet->ts_us - flow->start_us > table->active_us)
        return EMTL_END_ACTIVE;
    const bool opens = packet->protocol == TCP && (packet->tcp_flags & (SYN | ACK)) == SYN;
    return flow->flags & EMTL_FLOW_CLOSED && opens ? EMTL_END_OF_FLOW : EMTL_END_NONE;
}

/* A packet on its way into its flow. */
typedef struct {
    const emtl_packet *packet;
    const emtl_lookup *lookup;
    uint32_t number; /* of its flow; EMTL_NO_FLOW: it starts one */
    emtl_wire_packets wire;
    emtl_series_packet entry; /* the first of those for its series */
    uint32_t entries;         /* how many: fewer than wire.count where the series gets full */
    bool is_wide;
} joining;

/* Finds the packet's flow as it is now, and says what the packet adds to its series. */
static void prepare(const emtl_flow_table *table, joining *join)
{
    const emtl_packet *packet = join->packet;
    emtl_series_packet *entry = &join->entry;
    const emtl_flow *flow = &table->flows.flow[join->number];
    uint32_t kept = 0;
    *entry = (emtl_series_packet){.length = join->wire.headers + join->wire.segment,
                                  .payload = join->wire.segment};
    if (join->number != EMTL_NO_FLOW) {
        const bool behind = flow->flags & EMTL_FLOW_BEHIND;
        entry->iat_us =
            packet->ts_us - (behind ? table->flows.rest[join->number].before_us : flow->latest_us);
        entry->reverse = join->lookup->swapped != ((flow->flags & EMTL_FLOW_SWAPPED) != 0);
        kept = flow->kept;
    }
    const uint32_t spare = table->config.packets - kept;
    join->entries = join->wire.count < spare ? join->wire.count : spare;
    join->is_wide = emtl_series_is_wide(entry);
}

/* Whether flow, slot and chunks for the packet are there. */
static bool has_room(const emtl_flow_table *table, const joining *join)
{
    uint32_t spare = 0;
    if (join->number != EMTL_NO_FLOW)
        spare = emtl_series_spare(&table->series, &table->flows.flow[join->number], join->is_wide);
    else if (table->flows.count == table->flows.room ||
             !emtl_index_has_room(&table->index, join->lookup->hash))
        return false;
    if (join->entries <= spare)
        return true;
    const uint32_t each = join->is_wide ? EMTL_WIDE : EMTL_NARROW;
    return (join->entries - spare + each - 1) / each <= table->series.left;
}

/* Rule 3, first half. The packet's own flow may have to go. */
static int make_room(emtl_flow_table *table, joining *join, emtl_flow_columns *columns)
{
    prepare(table, join);
    while (!has_room(table, join)) {
        uint32_t front = EMTL_NO_FLOW;
        for (unsigned list = 0; front == EMTL_NO_FLOW; list++)
            front = emtl_list_front(&table->flows, list);
        if (end_flow(table, front, EMTL_END_LACK_OF_RESOURCES, columns) != EMTL_OK)
            return EMTL_E_FULL;
        if (front == join->number) {
            join->number = EMTL_NO_FLOW;
            prepare(table, join);
        }
    }
    return EMTL_OK;
}

static void append_series(emtl_flow_table *table, const joining *join)
{
    emtl_flow *flow = &table->flows.flow[join->number];
    emtl_flow_rest *rest = &table->flows.rest[join->number];
    emtl_series_packet entry = join->entry;
    for (uint32_t i = 0; i < join->entries; i++) {
        if (i == join->wire.count - 1) {
            entry.length = join->wire.headers + join->wire.last;
            entry.payload = join->wire.last;
        }
        emtl_series_append(&table->series, flow, rest, &entry, join->is_wide);
        entry.iat_us = 0;
    }
}

static void move_in_time(emtl_flow_table *table, const joining *join)
{
    emtl_flow *flow = &table->flows.flow[join->number];
    const int64_t t = join->packet->ts_us;
    if (t >= flow->latest_us) {
        flow->latest_us = t;
        flow->flags &= (uint8_t)~EMTL_FLOW_BEHIND;
    } else {
        table->flows.rest[join->number].before_us = t;
        flow->flags |= EMTL_FLOW_BEHIND;
    }
}

static uint8_t flags_of(const joining *join)
{
    const bool reverse = join->entry.reverse;
    uint8_t flags = reverse ? EMTL_FLOW_TWO_WAY : 0;
    if (join->packet->tcp_flags & FIN)
        flags |= reverse ? EMTL_FLOW_FIN_REVERSE : EMTL_FLOW_FIN_FORWARD;
    if (join->packet->tcp_flags & RST)
        flags |= EMTL_FLOW_CLOSED;
    return flags;
}

static void count_packet(emtl_flow_counts *counts, const joining *join, uint32_t mtu)
{
    counts->packets++;
    counts->clock_back += join->entry.iat_us < 0;
    counts->tunnelled += join->packet->tunnels != 0;
    if (join->wire.count > 1) {
        counts->split++;
        counts->segments += join->wire.count;
    } else {
        counts->oversized += join->packet->length > mtu;
    }
}

/* Rule 3, second half: accounts the packet. */
static void join_flow(emtl_flow_table *table, const joining *join)
{
    enum { FINS = EMTL_FLOW_FIN_FORWARD | EMTL_FLOW_FIN_REVERSE };
    emtl_flow *flow = &table->flows.flow[join->number];
    const uint32_t split_mtu = table->config.split_mtu;
    append_series(table, join);
    move_in_time(table, join);
    flow->packets += join->wire.count;
    flow->bytes += (uint64_t)join->wire.headers * join->wire.count + join->packet->payload;
    flow->flags |= flags_of(join);
    if ((flow->flags & FINS) == FINS)
        flow->flags |= EMTL_FLOW_CLOSED;
    emtl_list_remove(table->flows.flow, join->number);
    emtl_list_append(table->flows.flow, emtl_flow_list(flow), join->number);
    count_packet(&table->counts, join, split_mtu != 0 ? split_mtu : EMTL_MTU);
}

/* Whether the packet makes its flow's series full, which is then given out early. */
static bool fills(const emtl_flow_table *table, const joining *join)
{
    const uint32_t kept = join->number == EMTL_NO_FLOW ? 0 : table->flows.flow[join->number].kept;
    return table->config.early && join->entries > 0 &&
           kept + join->entries == table->config.packets;
}

/* A packet that found the columns full starts over. Rule 1 alone is not done again: a flow that
 * ended since may have stood in front of others that are over. */
static int account(emtl_flow_table *table, const emtl_packet *packet, const emtl_lookup *lookup,
                   emtl_flow_columns *columns)
{
    joining join = {
        .packet = packet, .lookup = lookup, .wire = emtl_split(packet, table->config.split_mtu)};
    table->clock_us = packet->ts_us;
    if (!table->swept && end_overdue(table, packet->ts_us, columns) != EMTL_OK)
        return EMTL_E_FULL;
    table->swept = true;
    join.number = emtl_index_find(&table->index, &table->flows, lookup);
    if (join.number != EMTL_NO_FLOW) {
        const emtl_end_reason reason =
            reason_to_end(table, &table->flows.flow[join.number], packet);
        if (reason != EMTL_END_NONE) {
            if (end_flow(table, join.number, reason, columns) != EMTL_OK)
                return EMTL_E_FULL;
            join.number = EMTL_NO_FLOW;
        }
    }
    if (make_room(table, &join, columns) != EMTL_OK)
        return EMTL_E_FULL;
    const bool gives = fills(table, &join);
    if (gives && !has_room_to_give(table, columns))
        return EMTL_E_FULL;
    if (join.number == EMTL_NO_FLOW) {
        join.number = emtl_flows_start(&table->flows, packet, lookup);
        emtl_index_add(&table->index, lookup->hash, join.number);
    }
    join_flow(table, &join);
    if (gives) {
        give_flow(table, join.number, EMTL_END_NONE, columns);
        drop_series(table, join.number);
        table->flows.flow[join.number].flags |= EMTL_FLOW_GIVEN;
    }
    table->swept = false;
    return EMTL_OK;
}

int emtl_flow_table_add(emtl_flow_table *table, const emtl_packet *packets, size_t n,
                        emtl_flow_columns *columns, size_t *done)
{
    emtl_lookup lookups[EMTL_BATCH];
    *done = 0;
    if (n > EMTL_BATCH)
        return EMTL_E_ARG;
    for (size_t i = 0; i < n; i++) { /* memory answers while the next ones are hashed */
        emtl_lookup_of(&lookups[i], &packets[i], table->config.by_vlan ? packets[i].vlan : 0,
                       table->hash_key);
        emtl_prefetch(emtl_index_home(&table->index, lookups[i].hash));
    }
    for (; *done < n; ++*done)
        if (account(table, &packets[*done], &lookups[*done], columns) != EMTL_OK)
            return EMTL_E_FULL;
    return EMTL_OK;
}

/* Why a flow ends where nothing came for it. */
static emtl_end_reason silent_reason(const emtl_flow_table *table, const emtl_flow *flow, int64_t t,
                                     emtl_end_reason otherwise)
{
    if (flow->flags & EMTL_FLOW_CLOSED)
        return EMTL_END_OF_FLOW;
    return t - flow->latest_us > table->idle_us ? EMTL_END_IDLE : otherwise;
}

static int end_active(emtl_flow_table *table, int64_t now_us, emtl_flow_columns *columns)
{
    uint32_t eldest;
    while ((eldest = table->flows.rest[EMTL_BIRTHS].younger) != EMTL_BIRTHS &&
           now_us - table->flows.flow[eldest].start_us > table->active_us) {
        const emtl_end_reason reason =
            silent_reason(table, &table->flows.flow[eldest], now_us, EMTL_END_ACTIVE);
        if (end_flow(table, eldest, reason, columns) != EMTL_OK)
            return EMTL_E_FULL;
    }
    return EMTL_OK;
}

/* Each of the two may uncover work for the other, where clocks stepped back. */
int emtl_flow_table_tick(emtl_flow_table *table, int64_t now_us, emtl_flow_columns *columns)
{
    uint32_t before;
    do {
        before = table->flows.count;
        if (end_overdue(table, now_us, columns) != EMTL_OK ||
            end_active(table, now_us, columns) != EMTL_OK)
            return EMTL_E_FULL;
    } while (table->flows.count != before);
    return EMTL_OK;
}

/* In the order of places, which memory likes best. They need not be given back. */
int emtl_flow_table_finish(emtl_flow_table *table, emtl_flow_columns *columns)
{
    for (; table->finishing < table->flows.used; table->finishing++) {
        const emtl_flow *flow = &table->flows.flow[table->finishing];
        if (!(flow->flags & EMTL_FLOW_LIVE))
            continue;
        if (!(flow->flags & EMTL_FLOW_GIVEN)) {
            if (!has_room_to_give(table, columns))
                return EMTL_E_FULL;
            give_flow(table, table->finishing,
                      silent_reason(table, flow, table->clock_us, EMTL_END_FORCED), columns);
        }
        table->flows.count--;
    }
    return EMTL_OK;
}
