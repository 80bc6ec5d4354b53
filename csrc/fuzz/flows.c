/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz/flows.h"

/* Checks the series of flow i; gives its digest. */
static uint64_t take_series(const emtl_flow_columns *c, size_t i, const emtl_flow_config *config)
{
    const int64_t first = c->offsets[i], end = c->offsets[i + 1], kept = end - first;
    const int64_t most = config->packets;
    int64_t total = 0, now_us = 0, latest_us = 0;
    uint64_t digest = DIGEST_START;
    CHECK(first >= 0 && end <= (int64_t)c->series_room);
    CHECK(kept == (c->packets[i] < most ? c->packets[i] : most));
    CHECK(c->iat_us[first] == 0 && c->direction[first] == 1);
    for (int64_t j = first; j < end; j++) {
        CHECK(c->direction[j] == 1 || c->direction[j] == -1);
        CHECK(c->length[j] > 0);
        CHECK(c->payload == NULL || (c->payload[j] >= 0 && c->payload[j] < c->length[j]));
        now_us += c->iat_us[j];
        latest_us = now_us > latest_us ? now_us : latest_us;
        total += c->length[j];
        digest = digest_number(digest, c->iat_us[j]);
        digest = digest_number(digest, c->direction[j] * (int64_t)c->length[j]);
        digest = digest_number(digest, c->payload == NULL ? 0 : c->payload[j]);
    }
    CHECK(total <= c->bytes[i] && latest_us <= c->duration_us[i]);
    if (kept == c->packets[i])
        CHECK(total == c->bytes[i] && latest_us == c->duration_us[i]);
    return digest;
}

/* A flow that is only shown comes again. */
static bool is_shown(const emtl_flow_columns *c, size_t i, const emtl_flow_config *config)
{
    return c->end_reason[i] == EMTL_END_NONE && c->packets[i] < (int64_t)config->packets;
}

static uint64_t take_flow(const emtl_flow_columns *c, size_t i, const emtl_flow_config *config)
{
    const int64_t numbers[] = {c->start_us[i], c->duration_us[i], c->packets[i], c->bytes[i],
                               c->src_port[i], c->dst_port[i],    c->vlan[i],    c->version[i],
                               c->protocol[i], c->end_reason[i]};
    CHECK(c->packets[i] > 0 && c->duration_us[i] >= 0);
    CHECK(c->version[i] == 4 || c->version[i] == 6);
    CHECK(c->end_reason[i] <= EMTL_END_LACK_OF_RESOURCES);
    if (c->end_reason[i] == EMTL_END_NONE) /* a flow that goes on is given out early */
        CHECK(config->early && (!is_shown(c, i, config) ||
                                (config->glance != 0 && c->packets[i] >= (int64_t)config->glance)));
    uint64_t digest = take_series(c, i, config);
    digest = digest_bytes(digest, numbers, sizeof numbers);
    digest = digest_bytes(digest, c->src + 16 * i, 16);
    return digest_bytes(digest, c->dst + 16 * i, 16);
}

void columns_take(emtl_flow_columns *columns, const emtl_flow_config *config, flow_sums *sums)
{
    CHECK(columns->n <= columns->room);
    if (columns->n > 0)
        CHECK_INT(columns->offsets[0], 0);
    for (size_t i = 0; i < columns->n; i++) {
        if (!is_shown(columns, i, config)) {
            sums->flows++;
            sums->packets += (uint64_t)columns->packets[i];
            sums->bytes += (uint64_t)columns->bytes[i];
            sums->evicted += columns->end_reason[i] == EMTL_END_LACK_OF_RESOURCES;
        }
        sums->digest += take_flow(columns, i, config);
    }
    columns->n = 0;
}
