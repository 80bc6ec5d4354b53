/* Ended flows in columns. SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "flow_table/flow_table.h"

#define FLOWS_ROOM 16384u
#define PACKETS_ROOM 1048576u

int emtl_ended_new(emtl_ended *ended, uint32_t packets)
{
    /* One packet ends two flows at most, beyond those that are timed out one by one. */
    const size_t most = FLOWS_ROOM * (size_t)packets, least = 2 * (size_t)packets;
    const size_t room = most < PACKETS_ROOM ? most : PACKETS_ROOM;
    memset(ended, 0, sizeof *ended);
    ended->room = FLOWS_ROOM;
    ended->packets_room = room > least ? room : least;
    ended->flows = malloc(ended->room * sizeof *ended->flows);
    ended->offsets = malloc((ended->room + 1) * sizeof *ended->offsets);
    ended->iat_us = malloc(ended->packets_room * sizeof *ended->iat_us);
    ended->length = malloc(ended->packets_room * sizeof *ended->length);
    ended->direction = malloc(ended->packets_room * sizeof *ended->direction);
    if (!ended->flows || !ended->offsets || !ended->iat_us || !ended->length || !ended->direction) {
        emtl_ended_free(ended);
        return EMTL_E_NOMEM;
    }
    ended->offsets[0] = 0;
    return EMTL_OK;
}

void emtl_ended_free(emtl_ended *ended)
{
    free(ended->flows);
    free(ended->offsets);
    free(ended->iat_us);
    free(ended->length);
    free(ended->direction);
    memset(ended, 0, sizeof *ended);
}

bool emtl_ended_has_room(const emtl_ended *ended, size_t flows, uint32_t packets)
{
    return ended->room - ended->n >= flows &&
           ended->packets_room - ended->packets >= flows * (size_t)packets;
}

void emtl_ended_add(emtl_ended *ended, const emtl_open_flow *flow, const emtl_series *series,
                    emtl_end_reason reason)
{
    const emtl_flow_key *key = &flow->key;
    emtl_flow *out = &ended->flows[ended->n++];
    *out = (emtl_flow){.start_us = flow->start_us,
                       .duration_us = flow->latest_us - flow->start_us,
                       .packets = flow->packets,
                       .bytes = flow->bytes,
                       .src_port = flow->swapped ? key->high_port : key->low_port,
                       .dst_port = flow->swapped ? key->low_port : key->high_port,
                       .vlan = flow->vlan,
                       .version = key->version,
                       .protocol = key->protocol,
                       .end_reason = (uint8_t)reason};
    memcpy(out->src, flow->swapped ? key->high : key->low, 16);
    memcpy(out->dst, flow->swapped ? key->low : key->high, 16);
    emtl_series_copy(series, flow, ended->iat_us + ended->packets, ended->length + ended->packets,
                     ended->direction + ended->packets);
    ended->packets += flow->kept;
    ended->offsets[ended->n] = (int64_t)ended->packets;
}
