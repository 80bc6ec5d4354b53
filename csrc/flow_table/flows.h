/* The flows in the making, and their orders. SPDX-License-Identifier: Apache-2.0
 *
 * A flow is a number: its place in arrays that never move. What every packet of it touches is one
 * cache line, and its links, which its neighbours' packets touch too: these lie close together.
 * What birth and old age touch is apart. Each list is a ring through a place of its own. */
#ifndef EMTL_FLOW_TABLE_FLOWS_H
#define EMTL_FLOW_TABLE_FLOWS_H

#include "common/memory.h"
#include "flow_table/key.h"

/* The three lists of emtl.h. */
enum { EMTL_LIST_CLOSED = 0, EMTL_LIST_NEW = 1, EMTL_LIST_TALKS = 2, EMTL_LISTS = 3 };

#define EMTL_NO_FLOW 0u
#define EMTL_FIRST_FLOW 3u /* the places before it are the lists' own */
#define EMTL_BIRTHS 0u     /* the place of the list of all flows, in the order of first packets */

enum {
    EMTL_FLOW_LIVE = 1, /* the place is taken */
    EMTL_FLOW_CLOSED = 2,
    EMTL_FLOW_TWO_WAY = 4,
    EMTL_FLOW_SWAPPED = 8, /* the source of the first packet is the high end */
    EMTL_FLOW_FIN_FORWARD = 16,
    EMTL_FLOW_FIN_REVERSE = 32,
    EMTL_FLOW_GIVEN = 64,  /* given out early */
    EMTL_FLOW_BEHIND = 128 /* its packet before is not its latest: see before_us */
};

typedef struct {
    emtl_flow_key key;
    int64_t start_us, latest_us;
    uint64_t packets, bytes;
    uint32_t first_chunk, last_chunk; /* of its series; no last one where that is full */
    uint32_t hash;
    uint16_t vlan; /* of its first packet */
    uint8_t flags, list;
} emtl_flow;

typedef struct {
    uint32_t older, newer; /* in its list, by latest packet; newer also links free places */
} emtl_flow_links;

typedef struct {
    int64_t before_us;       /* time of its packet before, where EMTL_FLOW_BEHIND */
    uint32_t elder, younger; /* by first packet */
} emtl_flow_rest;

typedef struct {
    emtl_flow *flow;
    emtl_flow_links *links;
    emtl_flow_rest *rest;
    emtl_ends6 *ends6; /* touched by IPv6 flows alone */
    uint32_t room;     /* flows that fit */
    uint32_t count;    /* flows there are */
    uint32_t used;     /* places before this were handed out at least once */
    uint32_t used6;    /* places of ends6 before this were touched */
    uint32_t free;     /* first of the places given back */
    uint32_t lengths[EMTL_LISTS];
    int64_t quiet_us; /* up to then no front of a list is over; INT64_MIN: one moved since */
} emtl_flows;

/* Bytes that one flow takes at most. */
#define EMTL_FLOW_BYTES                                                                            \
    (sizeof(emtl_flow) + sizeof(emtl_flow_links) + sizeof(emtl_flow_rest) + sizeof(emtl_ends6))

int emtl_flows_new(emtl_flows *flows, uint32_t room);
void emtl_flows_free(emtl_flows *flows);

/* Bytes of the places that were handed out. */
uint64_t emtl_flows_bytes(const emtl_flows *flows);

static inline unsigned emtl_list_of(unsigned flags, uint64_t packets)
{
    if (flags & EMTL_FLOW_CLOSED)
        return EMTL_LIST_CLOSED;
    const unsigned talks = flags / EMTL_FLOW_TWO_WAY % 2 & (packets >= EMTL_TALK_PACKETS);
    return EMTL_LIST_NEW + talks; /* no branch to mispredict */
}

static inline void emtl_list_remove(emtl_flows *flows, uint32_t number)
{
    emtl_flow_links *links = flows->links;
    const uint32_t older = links[number].older, newer = links[number].newer;
    if (older < EMTL_FIRST_FLOW)
        flows->quiet_us = INT64_MIN;
    links[older].newer = newer;
    links[newer].older = older;
}

static inline void emtl_list_append(emtl_flows *flows, unsigned list, uint32_t number)
{
    emtl_flow_links *links = flows->links;
    const uint32_t newest = links[list].older;
    if (newest < EMTL_FIRST_FLOW)
        flows->quiet_us = INT64_MIN;
    links[number].newer = list;
    links[list].older = number;
    links[newest].newer = number;
    links[number].older = newest; /* not beside its other half: gcc would make a vector of both */
}

/* To the end of a list, maybe of the one in which it is. */
static inline void emtl_list_move(emtl_flows *flows, unsigned list, uint32_t number)
{
    emtl_flow *flow = &flows->flow[number];
    if (list != flow->list) {
        flows->lengths[flow->list]--;
        flows->lengths[list]++;
        flow->list = (uint8_t)list;
    }
    emtl_list_remove(flows, number);
    emtl_list_append(flows, list, number);
}

/* A place for the flow of this packet, last in its lists, with no packet accounted yet. There must
 * be room. */
uint32_t emtl_flows_start(emtl_flows *flows, const emtl_packet *packet, const emtl_lookup *lookup);
/* Gives the place back. */
void emtl_flows_release(emtl_flows *flows, uint32_t number);

#endif
