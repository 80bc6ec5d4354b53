/* A link emulator: a bridge between two network interfaces that gives every client its own link.
 *
 *   emulator INTERFACE_A INTERFACE_B SEED ADDRESS UP DOWN [ADDRESS UP DOWN]...
 *
 * IPv4 frames from ADDRESS (arriving on A) run over the link UP, frames to ADDRESS (arriving on B)
 * over DOWN. A link is DELAY_US,JITTER_US,RATE_BPS,LOSS_PPM,QUEUE_BYTES. ARP passes at once; other
 * frames are dropped. Lengths and the rate count IP bytes, without the Ethernet header.
 *
 * A link is a drop-tail queue in front of a line of RATE_BPS, then a delay of DELAY_US plus up to
 * JITTER_US (uniform), never reordered. Losses are independent and happen behind the queue. Only
 * the moment a frame leaves has to be computed, so a link is one list of frames and two clocks.
 * Runs until it is killed, or its parent dies. */
#define _GNU_SOURCE /* packet sockets, timerfd, prctl */
#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

enum { MAX_CLIENTS = 16, MAX_FRAME = 2048, ETHER_HEADER = 14, IPV4_HEADER = 20 };

struct frame {
    struct frame *next;
    uint64_t leaves_ns;
    size_t size;
    uint8_t bytes[];
};

struct link {
    uint64_t delay_ns, jitter_ns, rate_bps, loss_ppm, queue_bytes; /* as told */
    uint64_t line_free_ns, last_leaves_ns;
    struct frame *first, *last;
};

struct client {
    uint32_t address; /* network order */
    struct link up, down;
};

static struct client clients[MAX_CLIENTS];
static int client_count;
static uint64_t random_state;

/* xorshift64* (Vigna, "An experimental exploration of Marsaglia's xorshift generators", 2016) */
static uint64_t random_below(uint64_t limit)
{
    random_state ^= random_state >> 12;
    random_state ^= random_state << 25;
    random_state ^= random_state >> 27;
    return ((random_state * UINT64_C(2685821657736338717)) >> 32) % limit;
}

static uint64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void fail(const char *what)
{
    fprintf(stderr, "emulator: %s: %s\n", what, strerror(errno));
    exit(1);
}

/* Nanoseconds that bytes take on the link's line. */
static uint64_t line_ns(const struct link *link, uint64_t bytes)
{
    return bytes * 8u * 1000000000u / link->rate_bps;
}

static void link_push(struct link *link, const uint8_t *bytes, size_t size, uint64_t now)
{
    const uint64_t length = size - ETHER_HEADER;
    const uint64_t starts = link->line_free_ns > now ? link->line_free_ns : now;
    if (starts - now > line_ns(link, link->queue_bytes)) /* what waits, in time on the line */
        return;
    link->line_free_ns = starts + line_ns(link, length);
    if (link->loss_ppm > 0 && random_below(1000000) < link->loss_ppm)
        return;
    struct frame *frame = malloc(sizeof *frame + size);
    if (frame == NULL)
        return;
    frame->next = NULL;
    frame->leaves_ns = link->line_free_ns + link->delay_ns;
    if (link->jitter_ns > 0)
        frame->leaves_ns += random_below(link->jitter_ns);
    if (frame->leaves_ns < link->last_leaves_ns)
        frame->leaves_ns = link->last_leaves_ns;
    link->last_leaves_ns = frame->leaves_ns;
    frame->size = size;
    memcpy(frame->bytes, bytes, size);
    if (link->first == NULL)
        link->first = frame;
    else
        link->last->next = frame;
    link->last = frame;
}

/* Sends what is due on to the socket; returns when the next frame leaves, or UINT64_MAX. */
static uint64_t link_serve(struct link *link, int to, uint64_t now)
{
    while (link->first != NULL && link->first->leaves_ns <= now) {
        struct frame *frame = link->first;
        if (send(to, frame->bytes, frame->size, MSG_DONTWAIT) < 0 && errno == ENETDOWN)
            fail("send");
        link->first = frame->next;
        free(frame);
    }
    return link->first == NULL ? UINT64_MAX : link->first->leaves_ns;
}

/* The link of the frame, or NULL. is_up: it came from the clients' side. */
static struct link *find_link(const uint8_t *bytes, size_t size, int is_up)
{
    if (size < ETHER_HEADER + IPV4_HEADER || bytes[12] != 0x08 || bytes[13] != 0x00)
        return NULL;
    uint32_t address;
    memcpy(&address, bytes + ETHER_HEADER + (is_up ? 12 : 16), sizeof address);
    for (int i = 0; i < client_count; i++)
        if (clients[i].address == address)
            return is_up ? &clients[i].up : &clients[i].down;
    return NULL;
}

/* Takes every frame that waits at the socket. */
static void receive(int from, int to, int is_up)
{
    uint8_t bytes[MAX_FRAME];
    ssize_t got;
    while ((got = recv(from, bytes, sizeof bytes, MSG_DONTWAIT)) > 0) {
        const size_t size = (size_t)got;
        struct link *link = find_link(bytes, size, is_up);
        if (link != NULL)
            link_push(link, bytes, size, now_ns());
        else if (size >= ETHER_HEADER && bytes[12] == 0x08 && bytes[13] == 0x06)
            (void)send(to, bytes, size, MSG_DONTWAIT); /* ARP asks again by itself */
    }
    if (got < 0 && errno != EAGAIN && errno != EINTR)
        fail("recv");
}

static int open_interface(const char *name)
{
    const int fd = socket(AF_PACKET, SOCK_RAW, htons(ETH_P_ALL));
    if (fd < 0)
        fail("socket");
    const unsigned int index = if_nametoindex(name);
    if (index == 0)
        fail(name);
    const struct sockaddr_ll address = {
        .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL), .sll_ifindex = (int)index};
    const int on = 1, buffer = 4 << 20;
    if (bind(fd, (const struct sockaddr *)&address, sizeof address) < 0 ||
        setsockopt(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &on, sizeof on) < 0)
        fail(name);
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &buffer, sizeof buffer);
    return fd;
}

static void parse_link(const char *text, struct link *link)
{
    uint64_t delay_us, jitter_us;
    if (sscanf(text, "%" SCNu64 ",%" SCNu64 ",%" SCNu64 ",%" SCNu64 ",%" SCNu64, &delay_us,
               &jitter_us, &link->rate_bps, &link->loss_ppm, &link->queue_bytes) != 5 ||
        link->rate_bps == 0) {
        fprintf(stderr, "emulator: %s: want DELAY_US,JITTER_US,RATE_BPS,LOSS_PPM,QUEUE_BYTES\n",
                text);
        exit(2);
    }
    link->delay_ns = delay_us * 1000;
    link->jitter_ns = jitter_us * 1000;
}

static void arm(int timer, uint64_t at_ns)
{
    struct itimerspec when = {{0, 0}, {0, 0}};
    if (at_ns != UINT64_MAX) {
        when.it_value.tv_sec = (time_t)(at_ns / 1000000000u);
        when.it_value.tv_nsec = (long)(at_ns % 1000000000u);
    }
    if (timerfd_settime(timer, TFD_TIMER_ABSTIME, &when, NULL) < 0)
        fail("timerfd_settime");
}

int main(int argc, char **argv)
{
    if (argc < 7 || (argc - 4) % 3 != 0 || (argc - 4) / 3 > MAX_CLIENTS) {
        fprintf(stderr,
                "use: emulator INTERFACE_A INTERFACE_B SEED [ADDRESS UP DOWN]... "
                "(1 to %d clients)\n",
                MAX_CLIENTS);
        return 2;
    }
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    (void)setpriority(PRIO_PROCESS, 0, -15); /* late frames would be jitter nobody asked for */
    random_state = strtoull(argv[3], NULL, 10) * 2 + 1;
    for (int i = 4; i < argc; i += 3, client_count++) {
        struct client *client = &clients[client_count];
        if (inet_pton(AF_INET, argv[i], &client->address) != 1)
            fail(argv[i]);
        parse_link(argv[i + 1], &client->up);
        parse_link(argv[i + 2], &client->down);
    }
    const int a = open_interface(argv[1]), b = open_interface(argv[2]);
    const int timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
    if (timer < 0)
        fail("timerfd_create");
    puts("ready");
    fflush(stdout);

    struct pollfd wait[] = {{a, POLLIN, 0}, {b, POLLIN, 0}, {timer, POLLIN, 0}};
    for (;;) {
        if (poll(wait, 3, -1) < 0 && errno != EINTR)
            fail("poll");
        receive(a, b, 1);
        receive(b, a, 0);
        uint64_t next = UINT64_MAX;
        const uint64_t now = now_ns();
        for (int i = 0; i < client_count; i++) {
            const uint64_t up = link_serve(&clients[i].up, b, now);
            const uint64_t down = link_serve(&clients[i].down, a, now);
            next = up < next ? up : next;
            next = down < next ? down : next;
        }
        arm(timer, next); /* re-arming also clears an expiry that nobody read */
    }
}
