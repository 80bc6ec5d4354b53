/* Opens an interface: a packet socket with its ring. SPDX-License-Identifier: Apache-2.0
 * The socket is made for no protocol at all, so that nothing comes until all is in place, the
 * filter above all, and bind() lets it in. */
#define _DEFAULT_SOURCE /* struct ifreq, MAP_… */
#include "live/live.h"

#if defined(__linux__)

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <net/if_arp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#ifndef ARPHRD_RAWIP /* newer than some C libraries */
#define ARPHRD_RAWIP 519
#endif
#ifndef ARPHRD_IP6GRE
#define ARPHRD_IP6GRE 823
#endif

int emtl_live_fail(char error[EMTL_LIVE_ERROR], int status, const char *format, ...)
{
    va_list values;
    va_start(values, format);
    (void)vsnprintf(error, EMTL_LIVE_ERROR, format, values);
    va_end(values);
    return status;
}

/* A step that the system refused, with its reason. */
static int refused(emtl_live *live, const char *step, char error[EMTL_LIVE_ERROR])
{
    return emtl_live_fail(error, EMTL_E_SYSTEM, "%s: %s: %s", live->name, step, strerror(errno));
}

static int open_socket(emtl_live *live, char error[EMTL_LIVE_ERROR])
{
    live->fd = socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (live->fd >= 0)
        return EMTL_OK;
    if (errno == EPERM || errno == EACCES)
        return emtl_live_fail(error, EMTL_E_SYSTEM,
                              "%s: no permission to open: run as root, or grant cap_net_raw to the "
                              "program",
                              live->name);
    return refused(live, "packet sockets", error);
}

/* Finds the interface's number, and its kind. */
static int find_interface(emtl_live *live, char error[EMTL_LIVE_ERROR])
{
    struct ifreq request = {.ifr_ifindex = 0};
    memcpy(request.ifr_name, live->name, sizeof live->name);
    if (ioctl(live->fd, SIOCGIFINDEX, &request) != 0)
        return emtl_live_fail(error, EMTL_E_SYSTEM, "%s: no such interface: ip link lists them",
                              live->name);
    live->index = request.ifr_ifindex;
    if (ioctl(live->fd, SIOCGIFHWADDR, &request) != 0)
        return refused(live, "kind of interface", error);
    const unsigned kind = request.ifr_hwaddr.sa_family;
    switch (kind) {
    case ARPHRD_ETHER:
    case ARPHRD_LOOPBACK:
        live->link_type = EMTL_LIVE_ETHERNET;
        live->loopback = kind == ARPHRD_LOOPBACK;
        return EMTL_OK;
    case ARPHRD_NONE: /* tun, WireGuard */
    case ARPHRD_RAWIP:
    case ARPHRD_PPP:
    case ARPHRD_TUNNEL:
    case ARPHRD_TUNNEL6:
    case ARPHRD_SIT:
    case ARPHRD_IPGRE:
    case ARPHRD_IP6GRE:
        live->link_type = EMTL_LIVE_LINUX_SLL;
        return EMTL_OK;
    default:
        return emtl_live_fail(error, EMTL_E_UNSUPPORTED,
                              "%s: kind %u of interface is not read: give one that carries "
                              "Ethernet or IP",
                              live->name, kind);
    }
}

static bool set(const emtl_live *live, int option, int value)
{
    return setsockopt(live->fd, SOL_PACKET, option, &value, sizeof value) == 0;
}

static bool make_ring(const emtl_live *live)
{
    struct tpacket_req3 request = {.tp_block_size = EMTL_LIVE_BLOCK,
                                   .tp_block_nr = live->blocks,
                                   .tp_frame_size = EMTL_LIVE_FRAME,
                                   .tp_frame_nr =
                                       live->blocks * (EMTL_LIVE_BLOCK / EMTL_LIVE_FRAME),
                                   .tp_retire_blk_tov = EMTL_LIVE_RETIRE_MS};
    return setsockopt(live->fd, SOL_PACKET, PACKET_RX_RING, &request, sizeof request) == 0;
}

/* A ring whose frames tell how merged packets were cut: Linux 4.6 and later. Without, else. */
static int open_ring(emtl_live *live, char error[EMTL_LIVE_ERROR])
{
    if (!set(live, PACKET_VERSION, TPACKET_V3) || !set(live, PACKET_RESERVE, VLAN_TAG))
        return refused(live, "TPACKET_V3", error);
    live->has_vnet = set(live, PACKET_VNET_HDR, 1);
    if (!make_ring(live)) {
        if (errno == ENOMEM)
            return emtl_live_fail(error, EMTL_E_NOMEM,
                                  "%s: no memory for a ring of %u bytes: ask for less", live->name,
                                  live->stats.ring_bytes);
        live->has_vnet = false;
        if (!set(live, PACKET_VNET_HDR, 0) || !make_ring(live))
            return refused(live, "ring", error);
    }
    live->stats.segments = live->has_vnet;
    void *ring =
        mmap(NULL, live->stats.ring_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, live->fd, 0);
    if (ring == MAP_FAILED)
        return refused(live, "ring", error);
    live->ring = ring;
    return EMTL_OK;
}

static int let_in(emtl_live *live, bool promiscuous, char error[EMTL_LIVE_ERROR])
{
    const struct packet_mreq all = {.mr_ifindex = live->index, .mr_type = PACKET_MR_PROMISC};
    const struct sockaddr_ll address = {
        .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL), .sll_ifindex = live->index};
    if (promiscuous &&
        setsockopt(live->fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &all, sizeof all) != 0)
        return refused(live, "promiscuous mode", error);
    if (bind(live->fd, (const struct sockaddr *)&address, sizeof address) != 0)
        return refused(live, "bind", error);
    return EMTL_OK;
}

static int set_up(emtl_live *live, const emtl_live_config *config, char error[EMTL_LIVE_ERROR])
{
    int status = open_socket(live, error);
    if (status == EMTL_OK)
        status = find_interface(live, error);
    if (status == EMTL_OK)
        status = emtl_live_filter_attach(live, config->filter, error);
    if (status == EMTL_OK)
        status = open_ring(live, error);
    if (status == EMTL_OK)
        status = let_in(live, config->promiscuous != 0, error);
    return status;
}

int emtl_live_open(const emtl_live_config *config, char error[EMTL_LIVE_ERROR], emtl_live **out)
{
    *out = NULL;
    const char *name = config->name;
    if (config->ring_bytes < EMTL_LIVE_RING_MIN || config->ring_bytes > EMTL_LIVE_RING_MAX)
        return emtl_live_fail(error, EMTL_E_ARG, "%s: a ring takes %u to %u bytes, got %u", name,
                              EMTL_LIVE_RING_MIN, EMTL_LIVE_RING_MAX, config->ring_bytes);
    if (strcmp(name, "any") == 0)
        return emtl_live_fail(error, EMTL_E_UNSUPPORTED,
                              "any: packets pass several interfaces and would be there for each: "
                              "name one");
    if (strlen(name) >= IF_NAMESIZE)
        return emtl_live_fail(error, EMTL_E_SYSTEM, "%s: no such interface: ip link lists them",
                              name);
    emtl_live *live = calloc(1, sizeof *live);
    if (live == NULL)
        return emtl_live_fail(error, EMTL_E_NOMEM, "%s: out of memory", name);
    memcpy(live->name, name, strlen(name));
    live->fd = -1;
    live->look = emtl_live_now;
    emtl_live_clock_begin(&live->clock, live->look());
    live->blocks = config->ring_bytes / EMTL_LIVE_BLOCK;
    live->stats.ring_bytes = live->blocks * EMTL_LIVE_BLOCK;
    const int status = set_up(live, config, error);
    if (status != EMTL_OK) {
        emtl_live_close(live);
        return status;
    }
    error[0] = '\0';
    *out = live;
    return EMTL_OK;
}

void emtl_live_close(emtl_live *live)
{
    if (live == NULL)
        return;
    if (live->ring != NULL)
        (void)munmap(live->ring, live->stats.ring_bytes);
    if (live->fd >= 0)
        (void)close(live->fd);
    emtl_live_filter_free(live->filter);
    free(live);
}

#endif
