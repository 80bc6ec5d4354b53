/* A frame of the ring to a record. SPDX-License-Identifier: Apache-2.0 */
#include "live/live.h"

#if defined(__linux__)

#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/virtio_net.h>
#include <string.h>

#define MACS 12 /* bytes before the EtherType */

static void store16(uint8_t *p, unsigned value)
{
    p[0] = (uint8_t)(value >> 8);
    p[1] = (uint8_t)value;
}

/* gso_size: payload bytes of each packet of the wire. */
static uint32_t segment_of(const uint8_t *frame)
{
    struct virtio_net_hdr vnet;
    memcpy(&vnet, frame - sizeof vnet, sizeof vnet);
    return vnet.gso_type == VIRTIO_NET_HDR_GSO_NONE ? 0 : vnet.gso_size;
}

/* Puts the outermost VLAN tag, which the kernel took off, back behind the MAC addresses. The room
 * before the frame is PACKET_RESERVE's. */
static void restore_vlan(const struct tpacket3_hdr *frame, emtl_record *record)
{
    uint8_t *p = (uint8_t *)record->data - VLAN_TAG;
    memmove(p, record->data, MACS);
    store16(p + MACS,
            frame->tp_status & TP_STATUS_VLAN_TPID_VALID ? frame->hv1.tp_vlan_tpid : ETH_P_8021Q);
    store16(p + MACS + 2, frame->hv1.tp_vlan_tci);
    record->data = p;
    record->captured += VLAN_TAG;
    record->wire += VLAN_TAG;
}

/* Replaces what lies before the network header, of whatever kind, by a "cooked" header:
 * www.tcpdump.org/linktypes/LINKTYPE_LINUX_SLL.html. The kernel leaves 16 bytes for headers. */
static void cook(const struct tpacket3_hdr *frame, const struct sockaddr_ll *from,
                 emtl_record *record)
{
    const uint32_t header = (uint32_t)(frame->tp_net - frame->tp_mac);
    const uint32_t hidden = header < record->captured ? header : record->captured;
    uint8_t *p = (uint8_t *)record->data + hidden - SLL_HEADER;
    store16(p, from->sll_pkttype);
    store16(p + 2, from->sll_hatype);
    store16(p + 4, from->sll_halen);
    memcpy(p + 6, from->sll_addr, sizeof from->sll_addr);
    store16(p + 14, ntohs(from->sll_protocol));
    record->data = p;
    record->captured += SLL_HEADER - hidden;
    record->wire += SLL_HEADER - hidden;
}

bool emtl_live_record(const emtl_live *live, struct tpacket3_hdr *frame, emtl_record *record)
{
    const struct sockaddr_ll *from = (const void *)(frame + 1); /* 48 bytes: aligned to 16 */
    if (live->loopback && from->sll_pkttype == PACKET_OUTGOING)
        return false;
    *record = (emtl_record){.data = (uint8_t *)frame + frame->tp_mac,
                            .ts_us = live->latest_us,
                            .captured = frame->tp_snaplen,
                            .wire = frame->tp_len,
                            .link_type = live->link_type};
    if (live->has_vnet)
        record->segment = segment_of(record->data);
    if (live->link_type == EMTL_LIVE_LINUX_SLL)
        cook(frame, from, record);
    else if (frame->tp_status & TP_STATUS_VLAN_VALID && record->captured >= MACS)
        restore_vlan(frame, record);
    return live->filter == NULL || emtl_live_filter_takes(live->filter, record);
}

#endif
