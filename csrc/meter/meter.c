/* Capture bytes in, ended flows out. SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "emtl.h"
#include "flow_table/flow_table.h"
#include "packet/packet.h"

struct emtl_meter {
    emtl_capture *capture;
    emtl_fragments *fragments;
    emtl_flow_table *table;
    emtl_ended ended;
    bool taken;    /* what `ended` holds was given out */
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
    int status = emtl_flow_table_new(config, key, &meter->table);
    if (status == EMTL_OK)
        status = emtl_capture_new(&meter->capture);
    if (status == EMTL_OK)
        status = emtl_fragments_new(key, &meter->fragments);
    if (status == EMTL_OK)
        status = emtl_ended_new(&meter->ended, config->packets);
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
    emtl_ended_free(&meter->ended);
    free(meter);
}

/* Makes room of what was given out. */
static void drop_taken(emtl_meter *meter)
{
    if (meter->taken)
        meter->ended.n = meter->ended.packets = 0;
    meter->taken = false;
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
static void decode(emtl_meter *meter, const emtl_record *records, size_t n)
{
    meter->packet_count = meter->packets_done = 0;
    for (size_t i = 0; i < n; i++) {
        emtl_packet *packet = &meter->packets[meter->packet_count];
        const emtl_skip skip = emtl_packet_decode(&records[i], meter->fragments, packet);
        if (i == 0 || records[i].link_type != records[i - 1].link_type)
            note_link_type(&meter->stats, records[i].link_type);
        meter->stats.ip_packets += packet->version != 0;
        if (skip == EMTL_KEPT)
            meter->packet_count++;
        else
            meter->stats.skipped[skip]++;
    }
    meter->stats.packets += n;
}

static int account(emtl_meter *meter)
{
    size_t done = 0;
    const int status =
        emtl_flow_table_add(meter->table, meter->packets + meter->packets_done,
                            meter->packet_count - meter->packets_done, &meter->ended, &done);
    meter->packets_done += done;
    return status;
}

int emtl_meter_feed(emtl_meter *meter, const uint8_t *data, size_t size, size_t *used)
{
    *used = 0;
    if (meter->finished)
        return EMTL_E_ARG;
    drop_taken(meter);
    int status = account(meter); /* what the last call had no room for */
    while (status == EMTL_OK) {
        emtl_record records[EMTL_BATCH];
        size_t n = 0, step = 0;
        const int end = emtl_capture_read(meter->capture, data + *used, size - *used, records,
                                          EMTL_BATCH, &n, &step);
        *used += step;
        decode(meter, records, n);
        status = account(meter);
        if (status == EMTL_OK && (end != EMTL_OK || step == 0))
            return end;
    }
    return status;
}

int emtl_meter_finish(emtl_meter *meter)
{
    meter->finished = true;
    drop_taken(meter);
    const int status = account(meter);
    return status == EMTL_OK ? emtl_flow_table_finish(meter->table, &meter->ended) : status;
}

void emtl_meter_take(emtl_meter *meter, emtl_flow_columns *columns)
{
    drop_taken(meter);
    meter->taken = true;
    *columns =
        (emtl_flow_columns){meter->ended.n,      meter->ended.flows,  meter->ended.offsets,
                            meter->ended.iat_us, meter->ended.length, meter->ended.direction};
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
}
