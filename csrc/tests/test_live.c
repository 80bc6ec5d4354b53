/* Live capture on interfaces of a network namespace of its own. SPDX-License-Identifier: Apache-2.0
 */
#define _GNU_SOURCE /* unshare */
#include "emtl.h"
#include "tests/support.h"

#if defined(__linux__)

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "common/bytes.h"

static emtl_live *open_live(const char *name, const char *filter)
{
    const emtl_live_config config = {
        .name = name, .filter = filter, .ring_bytes = EMTL_LIVE_RING_MIN};
    char error[EMTL_LIVE_ERROR];
    emtl_live *live = NULL;
    if (emtl_live_open(&config, error, &live) != EMTL_OK)
        fprintf(stderr, "%s\n", error);
    CHECK(live != NULL);
    return live;
}

static void check_refused(emtl_live_config config, int status, const char *line)
{
    char error[EMTL_LIVE_ERROR];
    emtl_live *live = NULL;
    CHECK_INT(emtl_live_open(&config, error, &live), status);
    CHECK(live == NULL);
    if (strncmp(error, line, strlen(line)) != 0)
        fprintf(stderr, "%s\n", error);
    CHECK(strncmp(error, line, strlen(line)) == 0);
}

/* Reads until a packet comes, or a second is over. */
static size_t read_some(emtl_live *live, emtl_record *records, size_t max)
{
    size_t n = 0;
    int64_t clock_us = 0;
    for (int i = 0; i < 20 && n == 0; i++)
        CHECK_INT(emtl_live_read(live, 50, records, max, &n, &clock_us), EMTL_OK);
    return n;
}

static void interface_up(const char *name, int mtu)
{
    struct ifreq request = {.ifr_mtu = mtu};
    const int fd = socket(AF_INET, SOCK_DGRAM, 0);
    memcpy(request.ifr_name, name, strlen(name));
    CHECK(ioctl(fd, SIOCSIFMTU, &request) == 0);
    request.ifr_flags = IFF_UP;
    CHECK(ioctl(fd, SIOCSIFFLAGS, &request) == 0);
    (void)close(fd);
}

static struct sockaddr_in local(uint16_t port)
{
    return (struct sockaddr_in){
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr = {htonl(INADDR_LOOPBACK)}};
}

/* To a socket that is there: else the kernel would answer, by ICMP. */
static void send_udp(uint16_t port, size_t n)
{
    static const uint8_t zeros[1400];
    const struct sockaddr_in to = local(port);
    const int sink = socket(AF_INET, SOCK_DGRAM, 0), fd = socket(AF_INET, SOCK_DGRAM, 0);
    CHECK(bind(sink, (const struct sockaddr *)&to, sizeof to) == 0);
    CHECK(sendto(fd, zeros, n, 0, (const struct sockaddr *)&to, sizeof to) == (ssize_t)n);
    (void)close(fd);
    (void)close(sink);
}

/* The destination port of a UDP packet that begins `header` bytes into the record. */
static uint16_t udp_port(const emtl_record *record, size_t header)
{
    CHECK(record->captured >= header + 28);
    return load_be16(record->data + header + 22);
}

static void test_refusals(void)
{
    emtl_live_config config = {.name = "any", .ring_bytes = EMTL_LIVE_RING_MIN};
    check_refused(config, EMTL_E_UNSUPPORTED, "any: packets pass several interfaces");
    config.name = "a-name-longer-than-any";
    check_refused(config, EMTL_E_SYSTEM, "a-name-longer-than-any: no such interface");
    config.ring_bytes--;
    check_refused(config, EMTL_E_ARG, "a-name-longer-than-any: a ring takes 262144 to");
}

static void test_refusals_of_the_system(void)
{
    emtl_live_config config = {.name = "nowhere0", .ring_bytes = EMTL_LIVE_RING_MIN};
    check_refused(config, EMTL_E_SYSTEM, "nowhere0: no such interface: ip link lists them");
    config.name = "lo";
    config.filter = "udp prt 53";
#if defined(EMTL_HAVE_PCAP)
    check_refused(config, EMTL_E_ARG, "filter 'udp prt 53': ");
#else
    check_refused(config, EMTL_E_UNSUPPORTED, "filter 'udp prt 53': needs libpcap");
#endif
}

static void test_loopback_packets_come_once(void)
{
    emtl_live *live = open_live("lo", NULL);
    emtl_record records[8];
    send_udp(7001, 1000);
    CHECK_INT(read_some(live, records, 8), 1);
    CHECK_INT(records[0].link_type, 1);
    CHECK_INT(records[0].wire, 14 + 28 + 1000);
    CHECK_INT(records[0].captured, 512);
    CHECK_INT(records[0].segment, 0);
    CHECK_INT(udp_port(&records[0], 14), 7001);
    CHECK(records[0].ts_us / 1000000 - time(NULL) <= 1);
    emtl_live_stats stats;
    emtl_live_stats_get(live, &stats);
    CHECK_INT(stats.packets, 2);
    CHECK_INT(stats.dropped, 0);
    CHECK_INT(stats.ring_bytes, EMTL_LIVE_RING_MIN);
    emtl_live_close(live);
}

static void test_max_is_kept(void)
{
    emtl_live *live = open_live("lo", NULL);
    emtl_record record;
    for (uint16_t port = 1; port <= 5; port++)
        send_udp(port, 10);
    for (uint16_t port = 1; port <= 5; port++) {
        CHECK_INT(read_some(live, &record, 1), 1);
        CHECK_INT(udp_port(&record, 14), port);
    }
    emtl_live_close(live);
}

static void test_silence_moves_the_clock(void)
{
    emtl_live *live = open_live("lo", NULL);
    emtl_record record;
    size_t n = 1;
    int64_t first = 0, second = 0;
    CHECK_INT(emtl_live_read(live, 0, &record, 1, &n, &first), EMTL_OK);
    CHECK_INT(n, 0);
    CHECK_INT(emtl_live_read(live, 30, &record, 1, &n, &second), EMTL_OK);
    CHECK(second - first >= 29000);
    struct timespec now;
    CHECK(clock_gettime(CLOCK_REALTIME, &now) == 0);
    const int64_t back_us = (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000 - second;
    CHECK(back_us >= EMTL_LIVE_LATENCY_US && back_us < EMTL_LIVE_LATENCY_US + 5000000);
    emtl_live_close(live);
}

static void test_a_full_ring_drops_and_counts(void)
{
    emtl_live *live = open_live("lo", NULL);
    emtl_record records[64];
    emtl_live_stats stats;
    for (int i = 0; i < 1000; i++)
        send_udp(7, 500);
    size_t all = 0, n = 0;
    while ((n = read_some(live, records, 64)) > 0)
        all += n;
    emtl_live_stats_get(live, &stats);
    CHECK_INT(stats.packets, 2000);
    CHECK(stats.dropped > 1000);
    CHECK(all > 100 && all <= 2000 - stats.dropped); /* of both directions, one is left out */
    send_udp(8, 500);
    CHECK_INT(read_some(live, records, 64), 1); /* it goes on */
    CHECK_INT(udp_port(&records[0], 14), 8);
    emtl_live_close(live);
}

/* A listener that is never accepted is peer enough: the kernel acknowledges. */
static void test_merged_packets_have_their_segment(void)
{
    static const uint8_t zeros[20000];
    struct sockaddr_in to = local(7080);
    const int listener = socket(AF_INET, SOCK_STREAM, 0), fd = socket(AF_INET, SOCK_STREAM, 0);
    CHECK(bind(listener, (struct sockaddr *)&to, sizeof to) == 0 && listen(listener, 1) == 0);
    emtl_live *live = open_live("lo", NULL);
    CHECK(connect(fd, (struct sockaddr *)&to, sizeof to) == 0);
    CHECK(send(fd, zeros, sizeof zeros, 0) > 0);
    bool merged = false;
    emtl_record records[64];
    for (size_t n; (n = read_some(live, records, 64)) > 0;)
        for (size_t i = 0; i < n; i++) {
            CHECK(records[i].segment <= 1460);
            if (records[i].wire > 1514) {
                CHECK(records[i].segment >= 1400);
                merged = true;
            }
        }
    CHECK(merged);
    emtl_live_close(live);
    (void)close(fd);
    (void)close(listener);
}

/* The kernel takes VLAN tags off what comes in. */
static void send_tagged(uint16_t vlan)
{
    bytes frame = {.n = 0};
    put_hex(&frame, "020000000001 020000000002 8100");
    put16(&frame, vlan, true);
    put_hex(&frame, "0800 4500001c00000000401100000a0000010a000002 0001000200080000");
    const struct sockaddr_ll to = {.sll_family = AF_PACKET,
                                   .sll_ifindex = (int)if_nametoindex("lo")};
    const int fd = socket(AF_PACKET, SOCK_RAW, htons(ETH_P_ALL));
    CHECK(sendto(fd, frame.data, frame.n, 0, (const struct sockaddr *)&to, sizeof to) ==
          (ssize_t)frame.n);
    (void)close(fd);
}

static void test_vlan_tags_are_back(void)
{
    emtl_live *live = open_live("lo", NULL);
    emtl_record record;
    send_tagged(0x3005);
    CHECK_INT(read_some(live, &record, 1), 1);
    CHECK_INT(record.wire, 46);
    CHECK_INT(record.captured, 46);
    CHECK(memcmp(record.data, "\2\0\0\0\0\1\2\0\0\0\0\2\x81\0\x30\5\x8\0\x45", 19) == 0);
    emtl_live_close(live);
}

/* Interfaces that carry IP without a header of theirs. */
static int open_tun(void)
{
    struct ifreq request = {.ifr_flags = IFF_TUN | IFF_NO_PI};
    memcpy(request.ifr_name, "tun0", 5);
    const int fd = open("/dev/net/tun", O_RDWR);
    if (fd < 0 || ioctl(fd, TUNSETIFF, &request) != 0) {
        fprintf(stderr, "test_live: no tun device here: left out\n");
        return -1;
    }
    interface_up("tun0", 1500);
    return fd;
}

static void write_udp(int tun, unsigned port)
{
    bytes packet = {.n = 0};
    put_hex(&packet, "4500001c00000000401100000a0000010a000002 0001");
    put16(&packet, port, true);
    put_hex(&packet, "00080000");
    CHECK(write(tun, packet.data, packet.n) == (ssize_t)packet.n);
}

static void test_tun_is_cooked_and_may_go_away(const char *filter)
{
    const int tun = open_tun();
    if (tun < 0)
        return;
    emtl_live *live = open_live("tun0", filter);
    emtl_record record;
    do { /* the system says hello to its neighbours, in IPv6 */
        write_udp(tun, 9);
        write_udp(tun, 5);
        CHECK_INT(read_some(live, &record, 1), 1);
        CHECK_INT(record.link_type, 113);
    } while (load_be16(record.data + 14) != ETH_P_IP);
    CHECK_INT(record.wire, 16 + 28);
    CHECK_INT(record.captured, 16 + 28);
    CHECK_INT(udp_port(&record, 16), filter == NULL ? 9 : 5);
    (void)close(tun);
    size_t n = 0;
    int64_t clock_us = 0;
    int status = EMTL_OK;
    for (int i = 0; i < 40 && status == EMTL_OK; i++)
        status = emtl_live_read(live, 50, &record, 1, &n, &clock_us);
    CHECK_INT(status, EMTL_E_SYSTEM);
    CHECK(strcmp(emtl_live_error(live), "tun0: was removed while in use") == 0);
    emtl_live_close(live);
}

static void test_filters(void)
{
#if defined(EMTL_HAVE_PCAP)
    emtl_record records[4];
    emtl_live *live = open_live("lo", "udp dst port 5");
    send_udp(9, 10);
    send_udp(5, 10);
    CHECK_INT(read_some(live, records, 4), 1);
    CHECK_INT(udp_port(&records[0], 14), 5);
    emtl_live_close(live);
    /* not in the kernel, which has taken the tags off */
    static const char *const tags[] = {"vlan 5", "ether proto 0x8100 and ether[14:2] = 5"};
    for (size_t i = 0; i < COUNT(tags); i++) {
        live = open_live("lo", tags[i]);
        send_udp(5, 10);
        send_tagged(6);
        send_tagged(5);
        do {
            CHECK(read_some(live, records, 4) == 1);
        } while (load_be16(records[0].data + 14) != 5);
        emtl_live_close(live);
    }
    test_tun_is_cooked_and_may_go_away("udp dst port 5");
#endif
}

static void test_an_interface_that_is_down_is_waited_for(void)
{
    struct ifreq request = {.ifr_name = "lo"};
    const int fd = socket(AF_INET, SOCK_DGRAM, 0);
    emtl_live *live = open_live("lo", NULL);
    emtl_live_stats stats;
    emtl_record record;
    CHECK(ioctl(fd, SIOCSIFFLAGS, &request) == 0);
    CHECK_INT(read_some(live, &record, 1), 0);
    emtl_live_stats_get(live, &stats);
    CHECK_INT(stats.downs, 1);
    interface_up("lo", 1500);
    send_udp(7, 1);
    CHECK_INT(read_some(live, &record, 1), 1);
    emtl_live_close(live);
    (void)close(fd);
}

/* Under emulators of other machines (qemu-user) there are no rings; in most containers, no
 * namespaces. */
static bool has_what_it_takes(void)
{
    const int version = TPACKET_V3;
    if (unshare(CLONE_NEWNET) != 0 && unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0)
        return false;
    const int fd = socket(AF_PACKET, SOCK_RAW, 0);
    const int refused = setsockopt(fd, SOL_PACKET, PACKET_VERSION, &version, sizeof version);
    (void)close(fd);
    return refused == 0;
}

int main(void)
{
    test_refusals();
    if (has_what_it_takes()) {
        interface_up("lo", 1500);
        test_refusals_of_the_system();
        test_loopback_packets_come_once();
        test_max_is_kept();
        test_silence_moves_the_clock();
        test_a_full_ring_drops_and_counts();
        test_merged_packets_have_their_segment();
        test_vlan_tags_are_back();
        test_tun_is_cooked_and_may_go_away(NULL);
        test_filters();
        test_an_interface_that_is_down_is_waited_for();
    } else {
        fprintf(stderr,
                "test_live: no namespaces, or no rings, here: refusals alone were tested\n");
    }
    puts("test_live: fine");
    return 0;
}

#else

int main(void)
{
    const emtl_live_config config = {.name = "eth0", .ring_bytes = EMTL_LIVE_RING_MIN};
    char error[EMTL_LIVE_ERROR];
    emtl_live *live = NULL;
    CHECK_INT(emtl_live_open(&config, error, &live), EMTL_E_UNSUPPORTED);
    CHECK(live == NULL && strstr(error, "Linux alone") != NULL);
    puts("test_live: fine");
    return 0;
}

#endif
