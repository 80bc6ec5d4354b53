/* What the parts of the live room share. SPDX-License-Identifier: Apache-2.0
 * Linux alone: packets come by a ring of blocks that the kernel fills and hands over whole
 * (TPACKET_V3; Documentation/networking/packet_mmap.rst of the kernel). */
#ifndef EMTL_LIVE_LIVE_H
#define EMTL_LIVE_LIVE_H

#include <stdbool.h>

#include "emtl.h"
#include "live/clock.h"

#if defined(__linux__)

#include <linux/if_packet.h>
#include <net/if.h>

/* Bytes kept of each packet: twice what QinQ, IPv6, VXLAN, Ethernet, IPv6 and TCP with all their
 * options take. No payload is wanted, and a ring of headers holds longer than one of packets. */
#define EMTL_LIVE_SNAPLEN 512u

/* Blocks are handed over when full, or EMTL_LIVE_RETIRE_MS to twice that after their first packet.
 * The size of frames means nothing to TPACKET_V3, but must fit. */
#define EMTL_LIVE_BLOCK 131072u
#define EMTL_LIVE_FRAME 2048u
#define EMTL_LIVE_RETIRE_MS 50

#define VLAN_TAG 4u    /* bytes of a tag */
#define SLL_HEADER 16u /* bytes of a "cooked" header */

/* LINKTYPE_ values of the records */
enum { EMTL_LIVE_ETHERNET = 1, EMTL_LIVE_LINUX_SLL = 113 };

typedef struct emtl_live_filter emtl_live_filter;

struct emtl_live {
    int fd;
    int index; /* of the interface */
    char name[IF_NAMESIZE];
    uint32_t link_type;
    bool loopback; /* what goes out comes in again: one of the two is left out */
    bool has_vnet; /* a virtio_net_hdr stands before each frame */
    bool gone;     /* the interface was removed */
    uint8_t *ring;
    uint32_t blocks;
    emtl_live_filter *filter; /* NULL: the kernel's filter was enough */

    /* The block that is ours, if any */
    struct tpacket_block_desc *block;
    uint32_t next;              /* number of the block that the kernel hands over next */
    struct tpacket3_hdr *frame; /* first frame not handed out */
    uint32_t frames;            /* how many those are */
    int64_t latest_us;          /* time of the last frame handed out */

    emtl_live_moment (*look)(void); /* at the clocks of the system */
    emtl_live_clock clock;

    emtl_live_stats stats;
    char error[EMTL_LIVE_ERROR];
};

/* Writes the line and returns status. */
int emtl_live_fail(char error[EMTL_LIVE_ERROR], int status, const char *format, ...)
#if defined(__GNUC__)
    __attribute__((format(printf, 3, 4)))
#endif
    ;

/* Attaches the filter to the live socket, NULL or "" being one that takes every packet. What the
 * kernel can't do is left for emtl_live_filter_takes in live->filter. */
int emtl_live_filter_attach(emtl_live *live, const char *expression, char error[EMTL_LIVE_ERROR]);
void emtl_live_filter_free(emtl_live_filter *filter);
bool emtl_live_filter_takes(const emtl_live_filter *filter, const emtl_record *record);

/* What the system's clocks tell now. */
emtl_live_moment emtl_live_now(void);

/* The record of a frame of the ring, of time live->latest_us, whose bytes it changes: VLAN tags go
 * back in. False: it is not wanted. */
bool emtl_live_record(const emtl_live *live, struct tpacket3_hdr *frame, emtl_record *record);

#endif
#endif
