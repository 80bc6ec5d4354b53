/* SPDX-License-Identifier: Apache-2.0 */
#include "flow_table/flows.h"

#define PLACES(room) ((uint64_t)(room) + EMTL_FIRST_FLOW)

int emtl_flows_new(emtl_flows *flows, uint32_t room)
{
    *flows = (emtl_flows){
        .room = room, .used = EMTL_FIRST_FLOW, .free = EMTL_NO_FLOW, .quiet_us = INT64_MIN};
    flows->flow = emtl_pages_new(PLACES(room), sizeof *flows->flow);
    flows->links = emtl_pages_new(PLACES(room), sizeof *flows->links);
    flows->rest = emtl_pages_new(PLACES(room), sizeof *flows->rest);
    flows->ends6 = emtl_pages_new(PLACES(room), sizeof *flows->ends6);
    if (flows->flow == NULL || flows->links == NULL || flows->rest == NULL ||
        flows->ends6 == NULL) {
        emtl_flows_free(flows);
        return EMTL_E_NOMEM;
    }
    for (uint32_t list = 0; list < EMTL_LISTS; list++) {
        flows->links[list] = (emtl_flow_links){list, list};
        flows->flow[list].latest_us = EMTL_TIME_MAX_US; /* an empty list is never over */
    }
    return EMTL_OK; /* and rest[EMTL_BIRTHS], of zeros, is a ring of nobody else */
}

void emtl_flows_free(emtl_flows *flows)
{
    emtl_pages_free(flows->flow, PLACES(flows->room), sizeof *flows->flow);
    emtl_pages_free(flows->links, PLACES(flows->room), sizeof *flows->links);
    emtl_pages_free(flows->rest, PLACES(flows->room), sizeof *flows->rest);
    emtl_pages_free(flows->ends6, PLACES(flows->room), sizeof *flows->ends6);
    *flows = (emtl_flows){0};
}

uint64_t emtl_flows_bytes(const emtl_flows *flows)
{
    return flows->used *
               (uint64_t)(sizeof *flows->flow + sizeof *flows->links + sizeof *flows->rest) +
           flows->used6 * (uint64_t)sizeof *flows->ends6;
}

static uint32_t take_place(emtl_flows *flows)
{
    flows->count++;
    if (flows->free == EMTL_NO_FLOW)
        return flows->used++;
    const uint32_t number = flows->free;
    flows->free = flows->links[number].newer;
    return number;
}

static void append_birth(emtl_flow_rest *rest, uint32_t number)
{
    const uint32_t youngest = rest[EMTL_BIRTHS].elder;
    rest[number].elder = youngest;
    rest[number].younger = EMTL_BIRTHS;
    rest[youngest].younger = number;
    rest[EMTL_BIRTHS].elder = number;
}

uint32_t emtl_flows_start(emtl_flows *flows, const emtl_packet *packet, const emtl_lookup *lookup)
{
    const uint32_t number = take_place(flows);
    flows->flow[number] = (emtl_flow){
        .key = lookup->key,
        .start_us = packet->ts_us,
        .latest_us = packet->ts_us,
        .hash = lookup->hash,
        .vlan = packet->vlan,
        .list = EMTL_LIST_NEW,
        .flags = (uint8_t)(EMTL_FLOW_LIVE | (lookup->swapped ? EMTL_FLOW_SWAPPED : 0)),
    };
    if (packet->version == 6) {
        flows->ends6[number] = lookup->ends6;
        if (number >= flows->used6)
            flows->used6 = number + 1;
    }
    emtl_list_append(flows, EMTL_LIST_NEW, number);
    flows->lengths[EMTL_LIST_NEW]++;
    append_birth(flows->rest, number);
    return number;
}

void emtl_flows_release(emtl_flows *flows, uint32_t number)
{
    emtl_flow_rest *rest = flows->rest;
    const uint32_t elder = rest[number].elder, younger = rest[number].younger;
    rest[elder].younger = younger;
    rest[younger].elder = elder;
    emtl_list_remove(flows, number);
    flows->lengths[flows->flow[number].list]--;
    flows->flow[number].flags = 0;
    flows->flow[number].key = (emtl_flow_key){0, 0}; /* of no packet */
    flows->links[number].newer = flows->free;
    flows->free = number;
    flows->count--;
}
