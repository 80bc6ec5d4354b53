/* The flow table of emtl.h, written for reading: each packet looks at every flow.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef EMTL_FUZZ_MODEL_H
#define EMTL_FUZZ_MODEL_H

#include "fuzz/flows.h"

#define MODEL_FLOWS 16 /* different 5-tuples; half of them TCP */
#define MODEL_SERIES 8 /* packets of a flow that are kept at most */

enum { FIN = 0x01, SYN = 0x02, RST = 0x04, PSH = 0x08, ACK = 0x10 };

/* What the input says of one packet, or of time that passes without one. */
typedef struct {
    int64_t ts_us;
    unsigned flow;
    uint32_t payload, segment;
    uint8_t flags;
    bool is_reverse, is_tick;
} step;

typedef struct {
    unsigned number;
    uint64_t born;   /* counts flows */
    bool is_reverse; /* the direction of its first packet, as step.is_reverse */
    bool is_closed, was_answered, was_given, fin[2];
    int64_t start_us, latest_us, before_us, packets, bytes;
    int64_t iat_us[MODEL_SERIES];
    int32_t length[MODEL_SERIES], payload[MODEL_SERIES];
    int8_t direction[MODEL_SERIES];
} model_flow;

typedef struct {
    emtl_flow_config config;
    model_flow flows[MODEL_FLOWS]; /* in the order of their latest packets */
    size_t n;
    uint64_t births;
    int64_t now_us; /* of the latest packet */
    emtl_flow_columns *columns;
    flow_sums sums;
} model;

/* columns: with payload, and room for a flow. Borrowed. */
void model_start(model *m, const emtl_flow_config *config, emtl_flow_columns *columns);
/* A packet, or the packets of the wire that were merged into it; or a tick. */
void model_step(model *m, const step *s);
void model_finish(model *m);

bool model_is_tcp(unsigned flow);
/* The address and port of a flow at one of its ends. */
void model_end(unsigned flow, bool is_server, uint8_t address[16], uint16_t *port);

#endif
