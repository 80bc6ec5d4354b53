/* Any bytes through the whole meter. Fed as a whole into large columns, and in pieces into the
 * least columns under another hash key, they give the same flows and counts; with ticks and a
 * second file in the middle, what emtl.h promises of any flows still holds.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Input: the config (take_config), then a capture file. */
#include "fuzz/flows.h"

typedef struct {
    emtl_flow_config config;
    bool with_payload;
    uint32_t random; /* 0: as a whole, into large columns; else where the pieces end */
    bool ticks;      /* time passes between the pieces, and one begins a new file */
} run_options;

typedef struct {
    flow_sums sums;
    emtl_meter_stats stats;
    int status;
} outcome;

static run_options take_config(fuzz_input *input)
{
    const unsigned bits = take8(input);
    run_options options = {.with_payload = bits & 1};
    emtl_flow_config *config = &options.config;
    config->by_vlan = bits >> 1 & 1;
    config->tunnels = bits >> 2 & 1;
    config->early = bits >> 3 & 1;
    config->glance = bits >> 6;
    config->protocols = 1 + take8(input) % EMTL_PROTOCOLS;
    config->max_flows = 1U + take8(input);
    config->packets = 1U + take8(input) % 64;
    config->idle_timeout_s = 1U + take8(input);
    config->active_timeout_s = 1U + take16(input);
    if (bits >> 4 & 1)
        config->max_memory = (uint64_t)EMTL_MEMORY_MIN << take8(input) % 5;
    if (bits >> 5 & 1)
        config->split_mtu = EMTL_SPLIT_MIN + take16(input) % 1024;
    return options;
}

/* Feeds data[*at, end) until the meter needs more, or will not go on. */
static int feed(emtl_meter *meter, const uint8_t *data, size_t *at, size_t end,
                const run_options *options, emtl_flow_columns *columns, flow_sums *sums)
{
    int status;
    uint8_t *piece = exact_copy(data + *at, end - *at);
    size_t done = 0;
    do {
        size_t used = 0;
        status = emtl_meter_feed(meter, piece + done, end - *at - done, &used, columns);
        CHECK(used <= end - *at - done);
        done += used;
        columns_take(columns, &options->config, sums);
    } while (status == EMTL_E_FULL);
    free(piece);
    *at += done;
    return status;
}

static void tick(emtl_meter *meter, run_options *options, emtl_flow_columns *columns,
                 flow_sums *sums)
{
    int status;
    do {
        const int64_t now_us = (int64_t)(next_random(&options->random) % 4096) * 1000000;
        status = emtl_meter_tick(meter, now_us, columns);
        columns_take(columns, &options->config, sums);
    } while (status == EMTL_E_FULL);
    CHECK_INT(status, EMTL_OK);
    if (next_random(&options->random) % 16 == 0)
        emtl_meter_next_file(meter);
}

static int feed_all(emtl_meter *meter, const uint8_t *data, size_t size, run_options *options,
                    emtl_flow_columns *columns, flow_sums *sums)
{
    size_t at = 0, end = options->random == 0 ? size : 0;
    for (;;) {
        const int status = feed(meter, data, &at, end, options, columns, sums);
        if (status != EMTL_OK || end == size)
            return status;
        const size_t step = 1 + next_random(&options->random) % 256;
        end = size - end < step ? size : end + step;
        if (options->ticks)
            tick(meter, options, columns, sums);
    }
}

static void finish(emtl_meter *meter, const run_options *options, emtl_flow_columns *columns,
                   flow_sums *sums)
{
    int status;
    size_t used;
    do {
        status = emtl_meter_finish(meter, columns);
        columns_take(columns, &options->config, sums);
    } while (status == EMTL_E_FULL);
    CHECK_INT(status, EMTL_OK);
    CHECK_INT(emtl_meter_feed(meter, (const uint8_t *)"", 0, &used, columns), EMTL_E_ARG);
}

static void check_counts(const outcome *out, const emtl_flow_config *config)
{
    const emtl_meter_stats *stats = &out->stats;
    uint64_t skipped = 0;
    for (int i = 0; i < EMTL_SKIP_REASONS; i++)
        skipped += stats->skipped[i];
    CHECK(stats->skipped[EMTL_KEPT] == 0);
    CHECK(stats->packets == stats->flow_packets + skipped);
    CHECK(stats->ip_packets >= stats->flow_packets && stats->ip_packets <= stats->packets);
    CHECK(stats->flows == out->sums.flows && stats->open_flows == 0);
    CHECK(stats->segments >= stats->split && stats->flow_packets >= stats->split);
    CHECK(config->max_memory == 0 || stats->memory_bytes <= config->max_memory);
    const uint64_t on_wire = stats->flow_packets - stats->split + stats->segments;
    CHECK(out->sums.packets <= on_wire);
    if (!config->early) { /* then every packet is in the flow that is given out */
        CHECK(out->sums.packets == on_wire);
        CHECK(out->sums.evicted == stats->evicted);
    }
}

static outcome run(run_options options, const uint8_t *data, size_t size, uint8_t key)
{
    const uint32_t packets = options.config.packets;
    const bool large = options.random == 0;
    const uint8_t hash_key[EMTL_HASH_KEY] = {key};
    emtl_flow_columns columns = columns_new(large ? 512 : 2, packets * (large ? 512 : 2));
    int32_t *payload = columns.payload;
    emtl_meter *meter;
    outcome out;
    memset(&out, 0, sizeof out);
    if (!options.with_payload)
        columns.payload = NULL;
    CHECK_INT(emtl_meter_new(&options.config, hash_key, &meter), EMTL_OK);
    out.status = feed_all(meter, data, size, &options, &columns, &out.sums);
    finish(meter, &options, &columns, &out.sums);
    emtl_meter_stats_get(meter, &out.stats);
    check_counts(&out, &options.config);
    emtl_meter_free(meter);
    columns.payload = payload;
    columns_free(&columns);
    return out;
}

static bool is_refused(const emtl_flow_config *config)
{
    static const uint8_t key[EMTL_HASH_KEY];
    emtl_meter *meter;
    const int status = emtl_meter_new(config, key, &meter);
    CHECK((status == EMTL_OK) == (meter != NULL));
    emtl_meter_free(meter);
    return status == EMTL_E_ARG;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_input input = {data, size};
    run_options options = take_config(&input);
    if (is_refused(&options.config))
        return 0;
    const outcome whole = run(options, input.data, input.size, 1);
    options.random = (uint32_t)size + 1;
    const outcome pieces = run(options, input.data, input.size, 2);
    CHECK_INT(pieces.status, whole.status);
    CHECK(memcmp(&pieces.sums, &whole.sums, sizeof whole.sums) == 0);
    CHECK(memcmp(&pieces.stats, &whole.stats, sizeof whole.stats) == 0);
    options.ticks = true;
    (void)run(options, input.data, input.size, 3);
    return 0;
}
