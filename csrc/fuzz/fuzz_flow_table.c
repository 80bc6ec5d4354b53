/* Packets made from the input, through the meter and through the plain flow table of model.c: the
 * same flows, to the last packet of their series. SPDX-License-Identifier: Apache-2.0
 *
 * Input: the config (6 bytes, take_config), then packets and ticks (4 bytes each, take_step). */
#include "fuzz/model.h"

#define S INT64_C(1000000)
#define FRONT 40 /* bytes captured of a packet: its IPv4 and TCP headers */
#define LINKTYPE_RAW 101

static emtl_flow_config take_config(fuzz_input *input)
{
    static const uint8_t seconds[] = {1, 3, 5, 6, 10, 60, 120, 255};
    emtl_flow_config config = {.tunnels = EMTL_TUNNELS_INNER, .protocols = EMTL_PROTOCOLS};
    config.max_flows = 1 + take8(input) % MODEL_FLOWS;
    config.packets = 1 + take8(input) % MODEL_SERIES;
    config.idle_timeout_s = seconds[take8(input) % COUNT(seconds)];
    config.active_timeout_s = seconds[take8(input) % COUNT(seconds)] * 4U;
    config.by_vlan = take8(input) & 1;
    const unsigned early = take8(input);
    config.early = early & 1;
    config.glance = early >> 1 & 3;
    return config;
}

static step take_step(fuzz_input *input, int64_t before_us)
{
    /* Timeouts to the microsecond, and clocks that step back. */
    static const int64_t steps_us[] = {0,     1,         1000,   S,      S + 1,  3 * S,
                                       5 * S, 5 * S + 1, 6 * S,  10 * S, 60 * S, 120 * S,
                                       -1,    -2000,     -3 * S, -60 * S};
    static const uint8_t flags[] = {ACK, PSH | ACK, SYN, SYN | ACK, FIN | ACK, RST, RST | ACK, 0};
    const unsigned kind = take8(input), when = take8(input);
    step s = {.flow = kind % MODEL_FLOWS,
              .is_reverse = kind >> 4 & 1,
              .is_tick = kind >> 5 == 7,
              .ts_us = before_us + steps_us[when % COUNT(steps_us)]};
    s.payload = take8(input) * 16U;
    s.segment = take8(input) * 8U;
    s.flags = model_is_tcp(s.flow) ? flags[when / COUNT(steps_us) % COUNT(flags)] : 0;
    return s;
}

static emtl_record record_of(const step *s, uint8_t front[FRONT])
{
    const uint32_t header = model_is_tcp(s->flow) ? 20 : 8, length = 20 + header + s->payload;
    const uint8_t ip[10] = {0x45, 0,  (uint8_t)(length >> 8),        (uint8_t)length, 0, 0, 0,
                            0,    64, model_is_tcp(s->flow) ? 6 : 17};
    uint8_t address[16];
    uint16_t port;
    memset(front, 0, FRONT);
    memcpy(front, ip, sizeof ip);
    for (size_t end = 0; end < 2; end++) {
        model_end(s->flow, s->is_reverse == (end == 0), address, &port);
        memcpy(front + 12 + 4 * end, address, 4);
        front[20 + 2 * end] = (uint8_t)(port >> 8);
        front[21 + 2 * end] = (uint8_t)port;
    }
    if (model_is_tcp(s->flow)) {
        front[32] = 5 << 4;
        front[33] = s->flags;
    } else {
        front[24] = (uint8_t)((8 + s->payload) >> 8);
        front[25] = (uint8_t)(8 + s->payload);
    }
    return (emtl_record){front, s->ts_us, 20 + header, length, LINKTYPE_RAW, s->segment};
}

static void meter_step(emtl_meter *meter, const step *s, emtl_flow_columns *columns,
                       const emtl_flow_config *config, flow_sums *sums)
{
    uint8_t front[FRONT];
    const emtl_record record = record_of(s, front);
    size_t done;
    int status;
    do {
        done = 0;
        status = s->is_tick ? emtl_meter_tick(meter, s->ts_us, columns)
                            : emtl_meter_packets(meter, &record, 1, &done, columns);
        columns_take(columns, config, sums);
    } while (status == EMTL_E_FULL && (s->is_tick || done == 0));
    CHECK(s->is_tick || done == 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t key[EMTL_HASH_KEY] = {5};
    fuzz_input input = {data, size};
    const emtl_flow_config config = take_config(&input);
    model m;
    flow_sums sums = {0, 0, 0, 0, 0};
    emtl_flow_columns one = columns_new(2, 2 * MODEL_SERIES);
    emtl_flow_columns few = columns_new(2, 2 * config.packets);
    emtl_meter *meter;
    int status;
    model_start(&m, &config, &one);
    CHECK_INT(emtl_meter_new(&config, key, &meter), EMTL_OK);
    for (int64_t now_us = 1000 * S; input.size > 0;) {
        const step s = take_step(&input, now_us);
        now_us = s.ts_us;
        meter_step(meter, &s, &few, &config, &sums);
        model_step(&m, &s);
    }
    do {
        status = emtl_meter_finish(meter, &few);
        columns_take(&few, &config, &sums);
    } while (status == EMTL_E_FULL);
    CHECK_INT(status, EMTL_OK);
    model_finish(&m);
    CHECK_INT(sums.flows, m.sums.flows);
    CHECK_INT(sums.packets, m.sums.packets);
    CHECK_INT(sums.bytes, m.sums.bytes);
    CHECK_INT(sums.evicted, m.sums.evicted);
    CHECK(sums.digest == m.sums.digest);
    emtl_meter_free(meter);
    columns_free(&few);
    columns_free(&one);
    return 0;
}
