/* Packets in, ended flows out. SPDX-License-Identifier: Apache-2.0 */
#include <stdbool.h>
#include <stdlib.h>

#include "capture/capture.h"
#include "flow_table/flow_table.h"
#include "packet/decode.h"

struct emtl_meter {
    emtl_flow_config config;
    emtl_capture *capture;
    emtl_fragments *fragments;
    emtl_flow_table *table;
    bool finished; /* nothing more is read */

    /* Packets that are decoded, but not accounted. */
    emtl_packet packets[EMTL_BATCH];
    size_t packet_count, packets_done;

    emtl_meter_stats stats;
};

int emtl_meter_new(const emtl_flow_config *config, const uint8_t hash_key[EMTL_HASH_KEY],
                   emtl_meter **out)
{
    const emtl_hash_key key = emtl_hash_key_load(hash_key);
    *out = NULL;
    emtl_meter *meter = calloc(1, sizeof *meter);
    if (meter == NULL)
        return EMTL_E_NOMEM;
    meter->config = *config;
    int status = emtl_flow_table_new(config, key, &meter->table);
    if (status == EMTL_OK)
        status = emtl_capture_new(&meter->capture);
    if (status == EMTL_OK)
        status = emtl_fragments_new(key, &meter->fragments);
    if (status != EMTL_OK) {
        emtl_meter_free(meter);
        return status;
    }
    *out = meter;
    return EMTL_OK;
}

void emtl_meter_free(emtl_meter *meter)
{
    if (meter == NULL)
        return;
    emtl_capture_free(meter->capture);
    emtl_fragments_free(meter->fragments);
    emtl_flow_table_free(meter->table);
    free(meter);
}

static void note_link_type(emtl_meter_stats *stats, uint32_t link_type)
{
    for (uint32_t i = 0; i < stats->link_type_count; i++)
        if (stats->link_types[i] == link_type)
            return;
    if (stats->link_type_count < EMTL_LINK_TYPES)
        stats->link_types[stats->link_type_count++] = link_type;
}

/* Records to meter->packets, or to the statistics of what was skipped. */
static void decode(emtl_meter *meter, const emtl_record *records, size_t n, emtl_ahead *ahead)
{
    const uint32_t tunnels = meter->config.tunnels, protocols = meter->config.protocols;
    emtl_packet *packet = meter->packets;
    for (size_t i = 0; i < n; i++) {
        emtl_ahead_step(ahead);
        const emtl_skip skip =
            emtl_packet_decode(&records[i], tunnels, protocols, meter->fragments, packet);
        if (i == 0 || records[i].link_type != records[i - 1].link_type)
            note_link_type(&meter->stats, records[i].link_type);
        if (skip == EMTL_KEPT) {
            packet++;
        } else {
            meter->stats.skipped[skip]++;
            meter->stats.ip_packets += packet->version != 0;
        }
    }
    meter->packets_done = 0;
    meter->packet_count = (size_t)(packet - meter->packets);
    meter->stats.ip_packets += meter->packet_count;
    meter->stats.packets += n;
}

/* Hands the decoded packets to the flow table. */
static int account(emtl_meter *meter, emtl_flow_columns *columns, emtl_ahead *ahead)
{
    size_t done = 0;
    const int status =
        emtl_flow_table_add(meter->table, meter->packets + meter->packets_done,
                            meter->packet_count - meter->packets_done, columns, ahead, &done);
    meter->packets_done += done;
    return status;
}

/* Checks the columns, and accounts what the last call had no room for. */
static int begin(emtl_meter *meter, emtl_flow_columns *columns)
{
    if (columns->room < 2 || columns->series_room < 2 * (size_t)meter->config.packets)
        return EMTL_E_ARG;
    if (columns->n == 0)
        columns->offsets[0] = 0;
    return account(meter, columns, &(emtl_ahead){0});
}

int emtl_meter_feed(emtl_meter *meter, const uint8_t *data, size_t size, size_t *used,
                    emtl_flow_columns *columns)
{
    *used = 0;
    if (meter->finished)
        return EMTL_E_ARG;
    emtl_ahead ahead = emtl_ahead_start(data, size);
    int status = begin(meter, columns);
    while (status == EMTL_OK) {
        emtl_record records[EMTL_BATCH];
        size_t n = 0, step = 0;
        const int end = emtl_capture_read(meter->capture, data + *used, size - *used, records,
                                          EMTL_BATCH, &n, &step);
        *used += step;
        if (n > 0) /* the next batch is taken to be like this one: four steps a packet */
            emtl_ahead_plan(&ahead, data + *used, step, 4 * n);
        decode(meter, records, n, &ahead);
        status = account(meter, columns, &ahead);
        if (status == EMTL_OK && (end != EMTL_OK || step == 0))
            return end;
    }
    return status;
}

void emtl_meter_next_file(emtl_meter *meter)
{
    emtl_capture_restart(meter->capture);
}

static bool time_is_valid(int64_t t_us)
{
    return t_us >= -EMTL_TIME_MAX_US && t_us <= EMTL_TIME_MAX_US;
}

int emtl_meter_packets(emtl_meter *meter, const emtl_record *records, size_t n, size_t *done,
                       emtl_flow_columns *columns)
{
    emtl_ahead none = {0};
    *done = 0;
    if (meter->finished)
        return EMTL_E_ARG;
    int status = begin(meter, columns);
    while (status == EMTL_OK && *done < n) {
        size_t batch = 0;
        while (batch < EMTL_BATCH && *done + batch < n &&
               time_is_valid(records[*done + batch].ts_us))
            batch++;
        if (batch == 0)
            return EMTL_E_ARG;
        decode(meter, records + *done, batch, &none);
        *done += batch;
        status = account(meter, columns, &none);
    }
    return status;
}

int emtl_meter_tick(emtl_meter *meter, int64_t now_us, emtl_flow_columns *columns)
{
    if (meter->finished || !time_is_valid(now_us))
        return EMTL_E_ARG;
    const int status = begin(meter, columns);
    return status == EMTL_OK ? emtl_flow_table_tick(meter->table, now_us, columns) : status;
}

int emtl_meter_finish(emtl_meter *meter, emtl_flow_columns *columns)
{
    const int status = begin(meter, columns);
    if (status == EMTL_E_ARG)
        return status;
    meter->finished = true;
    return status == EMTL_OK ? emtl_flow_table_finish(meter->table, columns) : status;
}

const emtl_capture *emtl_meter_capture(const emtl_meter *meter)
{
    return meter->capture;
}

void emtl_meter_stats_get(const emtl_meter *meter, emtl_meter_stats *stats)
{
    const emtl_flow_counts *counts = emtl_flow_table_counts(meter->table);
    *stats = meter->stats;
    stats->flow_packets = counts->packets;
    stats->flows = counts->flows;
    stats->evicted = counts->evicted;
    stats->clock_back = counts->clock_back;
    stats->tunnelled = counts->tunnelled;
    stats->oversized = counts->oversized;
    stats->split = counts->split;
    stats->segments = counts->segments;
    stats->open_flows = emtl_flow_table_open(meter->table);
    stats->memory_bytes = emtl_flow_table_bytes(meter->table);
}
