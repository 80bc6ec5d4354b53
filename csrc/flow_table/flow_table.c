/* Packets to bidirectional flows: when a flow starts, goes on and ends. emtl.h has the rules.
 * SPDX-License-Identifier: Apache-2.0 */
#include "flow_table/flow_table.h"

#include <stdlib.h>
#include <string.h>

#define ROOM_MIN 256u

enum { TCP = 6 };
enum { FIN = 0x01, SYN = 0x02, RST = 0x04, ACK = 0x10 }; /* RFC 9293, section 3.1 */

struct emtl_flow_table {
    emtl_flow_config config;
    emtl_hash_key hash_key;
    int64_t idle_us, active_us, linger_us;
    int64_t clock_us; /* of the latest packet */

    emtl_open_flow *flows;
    uint32_t count;      /* flows in the making */
    uint32_t used, room; /* of the slab; used: ever handed out */
    uint32_t free;       /* first of those given back */
    emtl_index index;
    emtl_series series;
    emtl_flow_list open, closed;
    uint64_t born;

    uint32_t *leaving; /* at the end: all flows in the order of their first packets */
    uint32_t left;     /* how many of them have gone */
    emtl_flow_counts counts;
};

static bool config_is_valid(const emtl_flow_config *config)
{
    return config->max_flows >= 1 && config->max_flows <= EMTL_FLOWS_MAX &&
           config->idle_timeout_s >= 1 && config->active_timeout_s >= 1 && config->packets >= 1 &&
           config->packets <= EMTL_PACKETS_MAX;
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
    table->linger_us = table->idle_us < EMTL_LINGER_US ? table->idle_us : EMTL_LINGER_US;
    table->free = EMTL_NO_FLOW;
    table->series.free = EMTL_NO_CHUNK;
    table->open = table->closed = (emtl_flow_list){EMTL_NO_FLOW, EMTL_NO_FLOW};
    if (emtl_index_new(&table->index) != EMTL_OK) {
        free(table);
        return EMTL_E_NOMEM;
    }
    *out = table;
    return EMTL_OK;
}

void emtl_flow_table_free(emtl_flow_table *table)
{
    if (table == NULL)
        return;
    emtl_index_free(&table->index);
    emtl_series_free(&table->series);
    free(table->flows);
    free(table->leaving);
    free(table);
}

const emtl_flow_counts *emtl_flow_table_counts(const emtl_flow_table *table)
{
    return &table->counts;
}

static emtl_flow_list *list_of(emtl_flow_table *table, uint32_t flow)
{
    return table->flows[flow].closed ? &table->closed : &table->open;
}

/* Forgets the flow and gives its place back. */
static void release_flow(emtl_flow_table *table, uint32_t number)
{
    emtl_open_flow *flow = &table->flows[number];
    emtl_series_drop(&table->series, flow);
    emtl_index_remove(&table->index, flow->hash, number);
    emtl_flow_list_remove(list_of(table, number), table->flows, number);
    flow->newer = table->free;
    table->free = number;
    table->count--;
}

static void end_flow(emtl_flow_table *table, uint32_t number, emtl_end_reason reason,
                     emtl_ended *ended)
{
    emtl_ended_add(ended, &table->flows[number], &table->series, reason);
    release_flow(table, number);
    table->counts.flows++;
    table->counts.evicted += reason == EMTL_END_LACK_OF_RESOURCES;
}

/* Rule 1: ends what is over at time t. EMTL_E_FULL: not all of it. */
static int end_overdue(emtl_flow_table *table, int64_t t, emtl_ended *ended)
{
    const struct {
        const emtl_flow_list *list;
        int64_t timeout_us;
        emtl_end_reason reason;
    } rules[] = {{&table->closed, table->linger_us, EMTL_END_OF_FLOW},
                 {&table->open, table->idle_us, EMTL_END_IDLE}};
    for (int i = 0; i < 2; i++) {
        while (rules[i].list->oldest != EMTL_NO_FLOW) {
            const uint32_t oldest = rules[i].list->oldest;
            if (t - table->flows[oldest].latest_us <= rules[i].timeout_us)
                break;
            if (!emtl_ended_has_room(ended, 1, table->config.packets))
                return EMTL_E_FULL;
            end_flow(table, oldest, rules[i].reason, ended);
        }
    }
    return EMTL_OK;
}

/* Rule 2: why the flow ends before this packet; 0: it goes on. */
static int reason_to_end(const emtl_flow_table *table, const emtl_open_flow *flow,
                         const emtl_packet *packet)
{
    const int64_t silent_us = packet->ts_us - flow->latest_us;
    const bool active = packet->ts_us - flow->start_us > table->active_us;
    if (flow->closed) {
        const bool opens = packet->protocol == TCP && (packet->tcp_flags & (SYN | ACK)) == SYN;
        return opens || active || silent_us > table->linger_us ? EMTL_END_OF_FLOW : 0;
    }
    if (silent_us > table->idle_us)
        return EMTL_END_IDLE;
    return active ? EMTL_END_ACTIVE : 0;
}

/* A free place in the slab, or EMTL_NO_FLOW when memory is out. */
static uint32_t take_place(emtl_flow_table *table)
{
    if (table->free != EMTL_NO_FLOW) {
        const uint32_t number = table->free;
        table->free = table->flows[number].newer;
        return number;
    }
    if (table->used == table->room) {
        const size_t room = table->room == 0 ? ROOM_MIN : (size_t)table->room * 2;
        if (room > SIZE_MAX / sizeof *table->flows)
            return EMTL_NO_FLOW;
        emtl_open_flow *more = realloc(table->flows, room * sizeof *more);
        if (more == NULL)
            return EMTL_NO_FLOW;
        table->flows = more;
        table->room = (uint32_t)room;
    }
    return table->used++;
}

static uint32_t start_flow(emtl_flow_table *table, const emtl_packet *packet,
                           const emtl_flow_key *key, uint32_t hash, bool swapped)
{
    const uint32_t number = take_place(table);
    if (number == EMTL_NO_FLOW)
        return EMTL_NO_FLOW;
    emtl_open_flow *flow = &table->flows[number];
    if (emtl_index_add(&table->index, hash, number) != EMTL_OK) {
        flow->newer = table->free;
        table->free = number;
        return EMTL_NO_FLOW;
    }
    *flow = (emtl_open_flow){.key = *key,
                             .start_us = packet->ts_us,
                             .latest_us = packet->ts_us,
                             .before_us = packet->ts_us,
                             .born = table->born++,
                             .first_chunk = EMTL_NO_CHUNK,
                             .last_chunk = EMTL_NO_CHUNK,
                             .hash = hash,
                             .vlan = packet->vlan,
                             .swapped = swapped};
    emtl_flow_list_append(&table->open, table->flows, number);
    table->count++;
    return number;
}

/* Rule 3, second half: accounts the packet. */
static int join_flow(emtl_flow_table *table, uint32_t number, const emtl_packet *packet,
                     bool swapped)
{
    emtl_open_flow *flow = &table->flows[number];
    const bool reverse = swapped != flow->swapped;
    const int64_t iat_us = packet->ts_us - flow->before_us;
    if (flow->kept < table->config.packets) {
        const int status =
            emtl_series_append(&table->series, flow, iat_us, packet->length, reverse);
        if (status != EMTL_OK)
            return status;
    }
    table->counts.packets++;
    table->counts.clock_back += iat_us < 0;
    flow->before_us = packet->ts_us;
    if (packet->ts_us > flow->latest_us)
        flow->latest_us = packet->ts_us;
    flow->packets++;
    flow->bytes += packet->length;
    emtl_flow_list_remove(list_of(table, number), table->flows, number);
    if (packet->tcp_flags & FIN)
        flow->fin[reverse] = true;
    if (packet->tcp_flags & RST || (flow->fin[0] && flow->fin[1]))
        flow->closed = true;
    emtl_flow_list_append(list_of(table, number), table->flows, number);
    return EMTL_OK;
}

static int account(emtl_flow_table *table, const emtl_packet *packet, const emtl_flow_key *key,
                   uint32_t hash, bool swapped, emtl_ended *ended)
{
    const int status = end_overdue(table, packet->ts_us, ended);
    if (status != EMTL_OK)
        return status;
    if (!emtl_ended_has_room(ended, 2, table->config.packets))
        return EMTL_E_FULL;
    table->clock_us = packet->ts_us;
    uint32_t number = emtl_index_find(&table->index, table->flows, hash, key);
    if (number != EMTL_NO_FLOW) {
        const int reason = reason_to_end(table, &table->flows[number], packet);
        if (reason != 0) {
            end_flow(table, number, (emtl_end_reason)reason, ended);
            number = EMTL_NO_FLOW;
        }
    }
    if (number == EMTL_NO_FLOW) {
        if (table->count == table->config.max_flows) {
            const bool closed = table->closed.oldest != EMTL_NO_FLOW;
            end_flow(table, closed ? table->closed.oldest : table->open.oldest,
                     closed ? EMTL_END_OF_FLOW : EMTL_END_LACK_OF_RESOURCES, ended);
        }
        number = start_flow(table, packet, key, hash, swapped);
        if (number == EMTL_NO_FLOW)
            return EMTL_E_NOMEM;
    }
    const int joined = join_flow(table, number, packet, swapped);
    if (joined != EMTL_OK && table->flows[number].packets == 0)
        release_flow(table, number); /* it has no first packet */
    return joined;
}

int emtl_flow_table_add(emtl_flow_table *table, const emtl_packet *packets, size_t n,
                        emtl_ended *ended, size_t *done)
{
    emtl_flow_key keys[EMTL_BATCH];
    uint32_t hashes[EMTL_BATCH];
    bool swapped[EMTL_BATCH];
    *done = 0;
    if (n > EMTL_BATCH)
        return EMTL_E_ARG;
    for (size_t i = 0; i < n; i++) { /* memory answers while the next ones are hashed */
        keys[i] = emtl_flow_key_of(&packets[i], table->config.by_vlan != 0, &swapped[i]);
        hashes[i] = emtl_flow_key_hash(table->hash_key, &keys[i]);
        emtl_index_prefetch(&table->index, hashes[i]);
    }
    for (; *done < n; ++*done) {
        const size_t i = *done;
        const int status = account(table, &packets[i], &keys[i], hashes[i], swapped[i], ended);
        if (status != EMTL_OK)
            return status;
    }
    return EMTL_OK;
}

typedef struct {
    uint64_t born;
    uint32_t number;
} birth;

static int by_birth(const void *a, const void *b)
{
    const uint64_t left = ((const birth *)a)->born, right = ((const birth *)b)->born;
    return (left > right) - (left < right);
}

/* Fills table->leaving. */
static int line_up(emtl_flow_table *table)
{
    birth *births = malloc((table->count + (size_t)1) * sizeof *births);
    table->leaving = malloc((table->count + (size_t)1) * sizeof *table->leaving);
    if (births == NULL || table->leaving == NULL) {
        free(births);
        free(table->leaving);
        table->leaving = NULL;
        return EMTL_E_NOMEM;
    }
    size_t n = 0;
    const uint32_t heads[] = {table->open.oldest, table->closed.oldest};
    for (int list = 0; list < 2; list++)
        for (uint32_t i = heads[list]; i != EMTL_NO_FLOW; i = table->flows[i].newer)
            births[n++] = (birth){table->flows[i].born, i};
    qsort(births, n, sizeof *births, by_birth);
    for (size_t i = 0; i < n; i++)
        table->leaving[i] = births[i].number;
    free(births);
    return EMTL_OK;
}

int emtl_flow_table_finish(emtl_flow_table *table, emtl_ended *ended)
{
    if (table->leaving == NULL) {
        const int status = line_up(table);
        if (status != EMTL_OK)
            return status;
    }
    while (table->count > 0) {
        if (!emtl_ended_has_room(ended, 1, table->config.packets))
            return EMTL_E_FULL;
        const uint32_t number = table->leaving[table->left++];
        const emtl_open_flow *flow = &table->flows[number];
        emtl_end_reason reason = EMTL_END_FORCED;
        if (flow->closed)
            reason = EMTL_END_OF_FLOW;
        else if (table->clock_us - flow->latest_us > table->idle_us)
            reason = EMTL_END_IDLE;
        end_flow(table, number, reason, ended);
    }
    return EMTL_OK;
}
