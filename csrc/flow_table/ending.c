/* Flows leave the table. SPDX-License-Identifier: Apache-2.0 */
#include "flow_table/table.h"

#define GROUP 16u        /* flows for which memory is asked together */
#define CHUNKS_AHEAD 32u /* of each */

static void give(emtl_flow_table *table, uint32_t number, emtl_end_reason reason,
                 emtl_flow_columns *columns)
{
    emtl_columns_add(columns, &table->flows, &table->series, number, reason);
    table->counts.flows++;
    table->counts.evicted += reason == EMTL_END_LACK_OF_RESOURCES;
}

void emtl_table_give_early(emtl_flow_table *table, uint32_t number, bool is_full,
                           emtl_flow_columns *columns)
{
    if (!is_full) {
        emtl_columns_add(columns, &table->flows, &table->series, number, EMTL_END_NONE);
        return;
    }
    give(table, number, EMTL_END_NONE, columns);
    emtl_series_drop(&table->series, &table->flows, number);
    table->flows.flow[number].flags |= EMTL_FLOW_GIVEN;
}

int emtl_table_end(emtl_flow_table *table, uint32_t number, emtl_end_reason reason,
                   emtl_flow_columns *columns)
{
    const uint8_t flags = table->flows.flow[number].flags;
    if (!(flags & EMTL_FLOW_GIVEN)) {
        if (!emtl_table_can_give(table, columns))
            return EMTL_E_FULL;
        give(table, number, flags & EMTL_FLOW_CLOSED ? EMTL_END_OF_FLOW : reason, columns);
        emtl_series_drop(&table->series, &table->flows, number);
    }
    emtl_index_remove(&table->index, table->flows.flow[number].hash, number);
    emtl_flows_release(&table->flows, number);
    return EMTL_OK;
}

/* Asks memory for the series of these flows: one chunk of each at a time, since only a chunk tells
 * where the next one is. The first CHUNKS_AHEAD of a series are enough to keep memory busy. */
static void fetch_series(const emtl_flow_table *table, const uint32_t *numbers, size_t n)
{
    const emtl_chunk *chunks = table->series.chunks;
    uint32_t next[GROUP];
    for (size_t i = 0; i < n; i++) {
        next[i] = table->flows.flow[numbers[i]].first_chunk;
        emtl_prefetch(&chunks[next[i]]);
    }
    for (size_t depth = 1, left = n; depth < CHUNKS_AHEAD && left > 0; depth++) {
        left = 0;
        for (size_t i = 0; i < n; i++)
            if (next[i] != EMTL_NO_CHUNK) {
                next[i] = chunks[next[i]].next;
                emtl_prefetch(&chunks[next[i]]);
                left++;
            }
    }
}

/* And for what else ending them touches. */
static void fetch_places(const emtl_flow_table *table, const uint32_t *numbers, size_t n)
{
    for (size_t i = 0; i < n; i++)
        emtl_prefetch(&table->flows.rest[numbers[i]]);
    for (size_t i = 0; i < n; i++) {
        const emtl_flow_rest *rest = &table->flows.rest[numbers[i]];
        emtl_prefetch(emtl_index_home(&table->index, table->flows.flow[numbers[i]].hash));
        emtl_prefetch(&table->flows.rest[rest->elder]);
        emtl_prefetch(&table->flows.rest[rest->younger]);
    }
}

/* And for the flows at the front of a list, most of which end before those behind them. */
static void fetch_front(const emtl_flow_table *table, unsigned list)
{
    const emtl_flow_links *links = table->flows.links;
    uint32_t numbers[GROUP];
    size_t n = 0;
    for (uint32_t i = links[list].newer; n < GROUP && i >= EMTL_FIRST_FLOW; i = links[i].newer) {
        emtl_prefetch(&table->flows.flow[i]);
        numbers[n++] = i;
    }
    fetch_places(table, numbers, n);
    fetch_series(table, numbers, n);
}

/* Rule 3 of emtl.h: the list whose front makes room. */
static unsigned list_to_shorten(const emtl_flows *flows)
{
    const uint32_t *lengths = flows->lengths;
    if (lengths[EMTL_LIST_CLOSED] > 0)
        return EMTL_LIST_CLOSED;
    if (lengths[EMTL_LIST_TALKS] > 0 &&
        (uint64_t)lengths[EMTL_LIST_NEW] * EMTL_NEW_SHARE < flows->room)
        return EMTL_LIST_TALKS;
    return lengths[EMTL_LIST_NEW] > 0 ? EMTL_LIST_NEW : EMTL_LIST_TALKS;
}

int emtl_table_evict(emtl_flow_table *table, uint32_t *evicted, emtl_flow_columns *columns)
{
    const emtl_flow *flow = table->flows.flow;
    const emtl_flow_links *links = table->flows.links;
    *evicted = links[list_to_shorten(&table->flows)].newer;
    const uint32_t next = links[*evicted].newer;
    const int status = emtl_table_end(table, *evicted, EMTL_END_LACK_OF_RESOURCES, columns);
    /* Under a flood the next one goes soon, and then the one behind it. */
    fetch_places(table, &next, 1);
    emtl_prefetch(&table->series.chunks[flow[next].last_chunk]);
    emtl_prefetch(&flow[links[next].newer]);
    emtl_prefetch(&table->flows.rest[links[next].newer]);
    return status;
}

/* When the front of a list is over, if nothing more comes for it; an empty list never is. */
static int64_t front_due_us(const emtl_flow_table *table, unsigned list)
{
    return table->flows.flow[table->flows.links[list].newer].latest_us + table->timeout_us[list];
}

static void note_quiet(emtl_flow_table *table)
{
    int64_t quiet_us = front_due_us(table, 0);
    for (unsigned list = 1; list < EMTL_LISTS; list++) {
        const int64_t due_us = front_due_us(table, list);
        if (due_us < quiet_us)
            quiet_us = due_us;
    }
    table->flows.quiet_us = quiet_us;
}

/* Ends the flows at the front of a list that are over. */
static int end_front(emtl_flow_table *table, unsigned list, int64_t t, emtl_flow_columns *columns)
{
    for (; t > front_due_us(table, list); table->fetched[list]--) {
        if (table->fetched[list] == 0) {
            fetch_front(table, list);
            table->fetched[list] = GROUP;
        }
        const uint32_t front = table->flows.links[list].newer;
        if (emtl_table_end(table, front, EMTL_END_IDLE, columns) != EMTL_OK)
            return EMTL_E_FULL;
    }
    return EMTL_OK;
}

int emtl_table_pass_time(emtl_flow_table *table, int64_t t, emtl_flow_columns *columns)
{
    if (emtl_table_is_quiet(table, t))
        return EMTL_OK;
    for (unsigned list = 0; list < EMTL_LISTS; list++)
        if (end_front(table, list, t, columns) != EMTL_OK)
            return EMTL_E_FULL;
    note_quiet(table);
    return EMTL_OK;
}

/* Why a flow ends where nothing came for it. */
static emtl_end_reason silent_reason(const emtl_flow_table *table, const emtl_flow *flow, int64_t t,
                                     emtl_end_reason otherwise)
{
    if (flow->flags & EMTL_FLOW_CLOSED)
        return EMTL_END_OF_FLOW;
    return t - flow->latest_us > table->timeout_us[EMTL_LIST_NEW] ? EMTL_END_IDLE : otherwise;
}

static int end_active(emtl_flow_table *table, int64_t now_us, emtl_flow_columns *columns)
{
    uint32_t eldest;
    while ((eldest = table->flows.rest[EMTL_BIRTHS].younger) != EMTL_BIRTHS &&
           now_us - table->flows.flow[eldest].start_us > table->active_us) {
        const emtl_end_reason reason =
            silent_reason(table, &table->flows.flow[eldest], now_us, EMTL_END_ACTIVE);
        if (emtl_table_end(table, eldest, reason, columns) != EMTL_OK)
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
        if (emtl_table_pass_time(table, now_us, columns) != EMTL_OK ||
            end_active(table, now_us, columns) != EMTL_OK)
            return EMTL_E_FULL;
    } while (table->flows.count != before);
    return EMTL_OK;
}

static void fetch_group(const emtl_flow_table *table, uint32_t first)
{
    uint32_t numbers[GROUP];
    size_t n = 0;
    for (uint32_t i = first; i < table->flows.used && n < GROUP; i++)
        numbers[n++] = i;
    fetch_series(table, numbers, n);
}

/* In the order of places, which memory likes best. They need not be given back. */
int emtl_flow_table_finish(emtl_flow_table *table, emtl_flow_columns *columns)
{
    for (; table->finishing < table->flows.used; table->finishing++) {
        const emtl_flow *flow = &table->flows.flow[table->finishing];
        if (table->finishing % GROUP == 0)
            fetch_group(table, table->finishing);
        if (!(flow->flags & EMTL_FLOW_LIVE))
            continue;
        if (!(flow->flags & EMTL_FLOW_GIVEN)) {
            if (!emtl_table_can_give(table, columns))
                return EMTL_E_FULL;
            give(table, table->finishing,
                 silent_reason(table, flow, table->clock_us, EMTL_END_FORCED), columns);
        }
        table->flows.count--;
    }
    return EMTL_OK;
}
