/* SPDX-License-Identifier: Apache-2.0 */
#include "flow_table/flow_table.h"

#include <stdlib.h>

#include "flow_table/share.h"
#include "flow_table/table.h"

static bool config_is_valid(const emtl_flow_config *config)
{
    return config->max_flows >= 1 && config->max_flows <= EMTL_FLOWS_MAX &&
           config->idle_timeout_s >= 1 && config->active_timeout_s >= 1 && config->packets >= 1 &&
           config->packets <= EMTL_PACKETS_MAX && config->tunnels <= EMTL_TUNNELS_OUTER &&
           config->protocols != 0 && config->protocols <= EMTL_PROTOCOLS &&
           (config->split_mtu == 0 || config->split_mtu >= EMTL_SPLIT_MIN) &&
           (config->max_memory == 0 || config->max_memory >= EMTL_MEMORY_MIN);
}

static void set_timeouts(emtl_flow_table *table)
{
    const int64_t idle_us = (int64_t)table->config.idle_timeout_s * 1000000;
    table->timeout_us[EMTL_LIST_CLOSED] = idle_us < EMTL_LINGER_US ? idle_us : EMTL_LINGER_US;
    table->timeout_us[EMTL_LIST_NEW] = idle_us;
    table->timeout_us[EMTL_LIST_TALKS] = idle_us;
    table->active_us = (int64_t)table->config.active_timeout_s * 1000000;
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
    table->hash = emtl_sip_begin(hash_key);
    table->mtu = config->split_mtu != 0 ? config->split_mtu : EMTL_MTU;
    table->finishing = EMTL_FIRST_FLOW;
    set_timeouts(table);
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
