/* SPDX-License-Identifier: Apache-2.0 */
#include "flow_table/columns.h"

#include <string.h>

static void put_address4(uint8_t out[16], uint64_t end)
{
    memset(out, 0, 16);
    store_be32(out, (uint32_t)(end >> 16));
}

static void put_address6(uint8_t out[16], uint64_t front, uint32_t next, uint64_t end)
{
    store_be64(out, front);
    store_be32(out + 8, next);
    store_be32(out + 12, (uint32_t)(end >> 16));
}

static void put_addresses(emtl_flow_columns *columns, const emtl_flows *flows, uint32_t number)
{
    const emtl_flow *flow = &flows->flow[number];
    uint8_t *src = columns->src + 16 * columns->n, *dst = columns->dst + 16 * columns->n;
    uint8_t *low = flow->flags & EMTL_FLOW_SWAPPED ? dst : src;
    uint8_t *high = flow->flags & EMTL_FLOW_SWAPPED ? src : dst;
    if (emtl_key_is_6(&flow->key)) {
        const emtl_ends6 *ends = &flows->ends6[number];
        put_address6(low, ends->low, ends->low_next, flow->key.low);
        put_address6(high, ends->high, ends->high_next, flow->key.high);
    } else {
        put_address4(low, flow->key.low);
        put_address4(high, flow->key.high);
    }
}

void emtl_columns_add(emtl_flow_columns *columns, const emtl_flows *flows,
                      const emtl_series *series, uint32_t number, emtl_end_reason reason)
{
    const emtl_flow *flow = &flows->flow[number];
    const bool swapped = flow->flags & EMTL_FLOW_SWAPPED;
    const size_t i = columns->n, at = (size_t)columns->offsets[i];
    columns->start_us[i] = flow->start_us;
    columns->duration_us[i] = flow->latest_us - flow->start_us;
    columns->packets[i] = (int64_t)flow->packets;
    columns->bytes[i] = (int64_t)flow->bytes;
    put_addresses(columns, flows, number);
    columns->src_port[i] = (uint16_t)(swapped ? flow->key.high : flow->key.low);
    columns->dst_port[i] = (uint16_t)(swapped ? flow->key.low : flow->key.high);
    columns->vlan[i] = flow->vlan;
    columns->version[i] = emtl_key_is_6(&flow->key) ? 6 : 4;
    columns->protocol[i] = emtl_key_protocol(&flow->key);
    columns->end_reason[i] = (uint8_t)reason;
    const size_t kept = emtl_series_copy(
        series, flow->first_chunk, columns->iat_us + at, columns->length + at,
        columns->payload == NULL ? NULL : columns->payload + at, columns->direction + at);
    columns->offsets[i + 1] = (int64_t)(at + kept);
    columns->n++;
}
