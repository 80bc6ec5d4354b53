/* edgemtl: packets to flows to features. The public header of the C99 core.
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * Conventions
 * Units      time: int64_t microseconds since 1970 (_us); timeouts: seconds (_s); sizes: bytes.
 * Results    int: EMTL_OK (0) or an error (negative). No errno, no printing, no exit.
 * Ownership  X_new and X_open give, X_free and X_close take back (NULL is fine). Where they fail,
 *            *out is NULL, and EMTL_E_NOMEM is one of the reasons. What a caller hands in is
 *            borrowed for the call alone. Text handed out about an object is good until the next
 *            call with that object; other text for ever.
 * Threads    one object, one thread at a time; two objects share nothing, and there is no global
 *            state. Functions without an object may run anywhere at any time.
 * Input      every byte may come from an enemy: nothing is read outside [data, data + size).
 *            What the program itself hands in (pointers, sizes, room) is trusted. */
#ifndef EMTL_H
#define EMTL_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum {
    EMTL_OK = 0,
    EMTL_E_MALFORMED = -1,   /* a field contradicts another, or the standard */
    EMTL_E_UNSUPPORTED = -2, /* well formed, but nothing that this library reads */
    EMTL_E_FULL = -3,        /* no room for more results: take them out, then go on */
    EMTL_E_NOMEM = -4,
    EMTL_E_ARG = -5,
    EMTL_E_SYSTEM = -6 /* the operating system refuses; a line of text says what */
};

/* One line of English for a status; never NULL. */
const char *emtl_strerror(int status);

/* ---- capture: bytes of a capture file to records -------------------------------------------- */

/* One captured packet. data points into the bytes given to emtl_capture_read: it is good while they
 * are, whatever becomes of the reader. */
typedef struct {
    const uint8_t *data;
    int64_t ts_us;
    uint32_t captured;  /* bytes at data */
    uint32_t wire;      /* bytes the packet had on the wire */
    uint32_t link_type; /* LINKTYPE_ value, www.tcpdump.org/linktypes.html */
    uint32_t segment; /* innermost payload of each packet of the wire, where the network card or the
                       * kernel merged several into this one (Linux: gso_size); 0: not known */
} emtl_record;

typedef struct emtl_capture emtl_capture; /* opaque: a pcap or pcapng reader */

int emtl_capture_new(emtl_capture **out);
void emtl_capture_free(emtl_capture *capture);

/* Reads records from data[0, size), the bytes that follow those used before. *n: records written,
 * at most max; *used: bytes that need not be given again. The format (pcap in any byte order, µs or
 * ns; pcapng) is told from the first bytes. data is not NULL; size may be 0.
 * EMTL_OK: give data + *used and what follows it (with *n == 0 and *used == 0: more is needed).
 * EMTL_E_UNSUPPORTED: not a capture. EMTL_E_MALFORMED: damaged; the *n records before it are good.
 * EMTL_E_NOMEM: no memory for over 16 interfaces. An error is given again ever after. */
int emtl_capture_read(emtl_capture *capture, const uint8_t *data, size_t size, emtl_record *records,
                      size_t max, size_t *n, size_t *used);

/* What was being read when emtl_capture_read failed, in one line with byte positions; else "". */
const char *emtl_capture_error(const emtl_capture *capture);

/* Bytes used so far: the position in the file of what is read next. */
uint64_t emtl_capture_position(const emtl_capture *capture);

/* Whether the file's header was read, and no block is half skipped. A file that ends when this is
 * 0, or with bytes left that were not used, was cut. */
int emtl_capture_is_whole(const emtl_capture *capture);

/* Times of the first and of the latest record so far; 0: there is none, or the file tells none. */
void emtl_capture_times(const emtl_capture *capture, int64_t *first_us, int64_t *latest_us);

/* ---- packet: a record to the 5-tuple, length and time --------------------------------------- */

/* Why a packet is not part of a flow. EMTL_KEPT: it is. Names: emtl_skip_name. */
typedef enum {
    EMTL_KEPT = 0,
    EMTL_SKIP_LINK_TYPE,      /* a link type that is not read */
    EMTL_SKIP_NOT_IP,         /* ARP, LLDP, …: no IP packet inside */
    EMTL_SKIP_OTHER_PROTOCOL, /* IP, but none of EMTL_PROTOCOL_… inside: OSPF, ESP, … */
    EMTL_SKIP_TRUNCATED,      /* captured bytes end before the ports (TCP flags may be missing) */
    EMTL_SKIP_MALFORMED,      /* a header contradicts itself */
    EMTL_SKIP_FRAGMENT,       /* a later fragment whose first was not seen, or held a tunnel: the
                               * inner IP header, in the first, has counted all of it */
    EMTL_SKIP_ICMP,           /* ICMP, ICMPv6; these three are flows where the config asks */
    EMTL_SKIP_SCTP,
    EMTL_SKIP_UDP_LITE,
    EMTL_SKIP_REASONS
} emtl_skip;

/* "link_type", "not_ip", "other_protocol", "truncated", "malformed", "fragment", "icmp", "sctp",
 * "udp_lite"; NULL otherwise. */
const char *emtl_skip_name(emtl_skip skip);

typedef struct {
    uint8_t src[16], dst[16]; /* IPv4: the first 4 bytes, the rest 0 */
    int64_t ts_us;
    uint32_t length;  /* bytes of the IP packet, from the IP header; at most INT32_MAX */
    uint32_t payload; /* of these, behind the transport header (TCP's counts as 20 bytes where it
                       * was not captured); of later fragments, all behind the IP headers */
    uint32_t segment; /* as in emtl_record; 0 for fragments, and for UDP of a tunnel's port */
    uint16_t src_port, dst_port; /* 0 for protocols without */
    uint16_t vlan;               /* outermost VLAN id that is not 0; 0: none */
    uint8_t version;             /* 4 or 6 */
    uint8_t protocol;            /* IANA protocol number: 6 TCP, 17 UDP, … */
    uint8_t tcp_flags;           /* 0 for others than TCP and for later fragments */
    uint8_t tunnels;             /* IP headers around the one that makes the flow */
    uint8_t fragment;            /* not 0: one of the fragments of an IP packet */
} emtl_packet;

/* Which IP header of a tunnelled packet makes the flow: the innermost (more than eight are
 * malformed), or the first, with what stands right behind it. docs/packets.md lists the tunnels. */
enum { EMTL_TUNNELS_INNER = 0, EMTL_TUNNELS_OUTER = 1 };

/* Which protocols become flows; bits. */
enum {
    EMTL_PROTOCOL_TCP = 1,
    EMTL_PROTOCOL_UDP = 2,
    EMTL_PROTOCOL_SCTP = 4,
    EMTL_PROTOCOL_UDP_LITE = 8,
    EMTL_PROTOCOL_ICMP = 16, /* and ICMPv6 */
    EMTL_PROTOCOLS = 31
};

#define EMTL_ADDRESS_TEXT 46 /* INET6_ADDRSTRLEN: the longest address and its 0 */

/* The address of a packet or flow, of version 4 or 6, as inet_ntop writes it (IPv6: RFC 5952). */
void emtl_address_text(int version, const uint8_t address[16], char text[EMTL_ADDRESS_TEXT]);

/* The same of n addresses, 16 bytes each, one after the other without a 0 between: text i goes from
 * offsets[i] up to offsets[i + 1] (n + 1 of them). text: room for n * EMTL_ADDRESS_TEXT bytes. */
void emtl_addresses_text(const uint8_t *version, const uint8_t *addresses, size_t n,
                         int64_t *offsets, char *text);

/* ---- flow table: packets to bidirectional flows ---------------------------------------------
 *
 * Both directions of a 5-tuple (and VLAN id, when asked) are one flow. At each packet that can be
 * part of a flow, of time t (others do not move the clock):
 * 1. Flows of any key that are over are ended. There are three lists, each in the order in which
 *    the flows' latest packets came: closed flows, new flows (open, with fewer than
 *    EMTL_TALK_PACKETS packets, or all from one side), and conversations (the others). From each
 *    list in turn flows end from its front while the front has t - latest > EMTL_LINGER_US (closed)
 *    or > idle timeout (the others). latest is the largest time seen in the flow.
 * 2. The flow of its own key ends if t - latest > idle timeout (idle), or if
 *    t - start > active timeout (active). A TCP RST, or FIN from both sides, closes a flow
 *    (end_of_flow); it still takes in what straggles behind (the last ACK, retransmissions: without
 *    this each TCP connection would leave a flow of one packet), until t - latest >
 *    EMTL_LINGER_US, or t - start > active timeout, or a SYN without ACK opens the next one.
 *    A SYN on an open flow is a retransmission and changes nothing.
 * 3. The packet joins its flow, or starts one. When there is no room for it, flows end first, from
 *    the front of the first list that is not empty: closed (end_of_flow), then new, then
 *    conversations (lack_of_resources); but conversations before new ones while these are fewer
 *    than one in EMTL_NEW_SHARE of the flows that there is room for. So a flood of new flows,
 *    whatever their 5-tuples, ends no conversation, even where each of its packets is answered; and
 *    conversations, however many, leave room for new ones.
 * A packet with a segment, and more payload than that, is the packets that the wire had: each with
 * the same headers, segment bytes of payload (the last: what is left), and the same time; they
 * join one flow.
 * At the end of the capture the rest end, in no promised order: closed ones as end_of_flow, those
 * idle for longer than the timeout at the last packet's time as idle, the others as forced.
 * All memory is taken by emtl_meter_new (the system hands out pages as they are first used);
 * nothing is allocated later, but for pcapng files with more than 16 interfaces. */

#define EMTL_PACKETS_MAX 65535u  /* most packets of a flow whose series can be kept */
#define EMTL_FLOWS_MAX 67108864u /* most flows at a time */
#define EMTL_MEMORY_MIN 65536u   /* least max_memory */
#define EMTL_SPLIT_MIN 576u      /* least split_mtu */
#define EMTL_TALK_PACKETS 4u     /* a packet and its answer make no conversation yet */
#define EMTL_NEW_SHARE 8u
#define EMTL_LINGER_US 5000000 /* or the idle timeout, where that is shorter */
#define EMTL_HASH_KEY 16       /* bytes of the key that keeps senders from aiming at a bucket */

typedef struct {
    uint32_t max_flows;        /* flows at a time, 1..EMTL_FLOWS_MAX */
    uint32_t idle_timeout_s;   /* RFC 5102 element 37 flowIdleTimeout: 120 unless told */
    uint32_t active_timeout_s; /* RFC 5102 element 36 flowActiveTimeout: 1800 unless told */
    uint32_t packets;          /* PPI series kept of each flow, 1..EMTL_PACKETS_MAX */
    uint32_t by_vlan;          /* not 0: the VLAN id is part of the flow's key */
    uint32_t tunnels;          /* EMTL_TUNNELS_… */
    uint32_t protocols;        /* EMTL_PROTOCOL_… bits, at least one */
    uint32_t split_mtu;  /* not 0: an unfragmented packet longer than this many bytes, at least
                          * EMTL_SPLIT_MIN, is taken for several merged by offload */
    uint32_t early;      /* not 0: a flow is given out once, as soon as its series is full (its end
                          * reason is then EMTL_END_NONE), or at its end if that comes first */
    uint32_t glance;     /* not 0, and early: it is also shown, as one that goes on and again later,
                          * when its series gets to this many packets, twice, four times as many … */
    uint64_t max_memory; /* bytes for flows, or 0: what max_flows of them take (on 32 bits: at most
                          * SIZE_MAX / 16). Room is shared out once: to at most max_memory / 512
                          * flows and to their series. */
} emtl_flow_config;

/* IPFIX element 136, flowEndReason (RFC 5102): the same numbers. */
typedef enum {
    EMTL_END_NONE = 0, /* it goes on */
    EMTL_END_IDLE = 1,
    EMTL_END_ACTIVE = 2,
    EMTL_END_OF_FLOW = 3,
    EMTL_END_FORCED = 4,
    EMTL_END_LACK_OF_RESOURCES = 5
} emtl_end_reason;

/* Ended flows, in arrays of the caller, who sets all but n and may read and reuse them between two
 * calls. Flow i has the series from offsets[i] up to offsets[i + 1]; forward is the direction of
 * its first packet. n = 0 empties the columns. */
typedef struct {
    size_t room;              /* flows that fit, at least 2 */
    size_t series_room;       /* packets that fit, at least twice config.packets */
    size_t n;                 /* flows written */
    int64_t *start_us;        /* first packet */
    int64_t *duration_us;     /* latest packet minus first packet, never negative */
    int64_t *packets, *bytes; /* whole flow, both directions; IP bytes */
    uint8_t *src, *dst;       /* 16 bytes a flow, as in emtl_packet, of the first packet */
    uint16_t *src_port, *dst_port, *vlan; /* of the first packet */
    uint8_t *version, *protocol;          /* 4 or 6; IANA number */
    uint8_t *end_reason;                  /* emtl_end_reason */
    int64_t *offsets;                     /* room + 1 */
    int64_t *iat_us;           /* µs since the flow's previous packet; first 0; may be < 0 */
    int32_t *length, *payload; /* bytes, as in emtl_packet; payload may be NULL */
    int8_t *direction;         /* +1 forward, -1 reverse */
} emtl_flow_columns;

/* ---- meter: the metering process of RFC 7011: packets in, ended flows out ---------------------
 *
 * Each of the calls that take columns may give EMTL_E_FULL: the columns hold all they can; empty
 * them and call again with what is left. EMTL_E_ARG: columns without enough room. */

#define EMTL_LINK_TYPES 8
#define EMTL_MTU 1500u /* of Ethernet: longer packets are counted as oversized */
#define EMTL_TIME_MAX_US INT64_C(4398046511104000000) /* 2^42 s; captures are cut to it */

typedef struct emtl_meter emtl_meter;

typedef struct {
    uint64_t packets;                     /* records in the capture */
    uint64_t flow_packets;                /* of these, part of a flow */
    uint64_t ip_packets;                  /* of these, with an IPv4 or IPv6 header */
    uint64_t skipped[EMTL_SKIP_REASONS];  /* the others, by reason; [EMTL_KEPT] stays 0 */
    uint64_t flows;                       /* given out so far */
    uint64_t evicted;                     /* of these, for lack of room */
    uint64_t clock_back;                  /* packets earlier than their flow's packet before */
    uint64_t tunnelled;                   /* flow packets that lay in a tunnel */
    uint64_t split, segments;             /* flow packets that were split, and into how many */
    uint64_t oversized;                   /* others over EMTL_MTU, or over config.split_mtu */
    uint64_t open_flows;                  /* in the table now */
    uint64_t memory_bytes;                /* that the flow table's flows and series took at most */
    uint32_t link_types[EMTL_LINK_TYPES]; /* those of the records, in order of appearance */
    uint32_t link_type_count;             /* how many; more than EMTL_LINK_TYPES are not told */
} emtl_meter_stats;

/* hash_key: random bytes, new for each meter. Results do not depend on them. EMTL_E_ARG: config is
 * outside its ranges, or max_memory does not hold the series of a single flow. */
int emtl_meter_new(const emtl_flow_config *config, const uint8_t hash_key[EMTL_HASH_KEY],
                   emtl_meter **out);
void emtl_meter_free(emtl_meter *meter);

/* Accounts the packets in data[0, size), as emtl_capture_read takes them; data is not NULL, size
 * may be 0. *used: bytes done. EMTL_OK: all that can be read was. Errors of emtl_capture_read:
 * flows so far stay good, emtl_capture_error says where. */
int emtl_meter_feed(emtl_meter *meter, const uint8_t *data, size_t size, size_t *used,
                    emtl_flow_columns *columns);

/* The next bytes are the beginning of another capture file; flows go on. */
void emtl_meter_next_file(emtl_meter *meter);

/* Accounts packets that come from elsewhere than a capture file. *done: how many of them.
 * EMTL_E_ARG: the time of the next one is not within EMTL_TIME_MAX_US of 1970. */
int emtl_meter_packets(emtl_meter *meter, const emtl_record *records, size_t n, size_t *done,
                       emtl_flow_columns *columns);

/* It is now_us, and no packet came: ends the flows that are over by rule 1 and, from the front of
 * a list of all flows in the order of their first packets, those with now_us - start > active
 * timeout, until neither finds one. Cheap where nothing is over. EMTL_E_ARG: now_us, as the time of
 * a packet. */
int emtl_meter_tick(emtl_meter *meter, int64_t now_us, emtl_flow_columns *columns);

/* The capture is over: ends every flow. Then nothing can be fed or ticked (EMTL_E_ARG). */
int emtl_meter_finish(emtl_meter *meter, emtl_flow_columns *columns);

/* The reader inside: for emtl_capture_error, _position, _is_whole and _times. It is the meter's. */
const emtl_capture *emtl_meter_capture(const emtl_meter *meter);

/* Counts so far; between any two calls. */
void emtl_meter_stats_get(const emtl_meter *meter, emtl_meter_stats *stats);

/* ---- live: packets of a network interface ------------------------------------------------------
 *
 * Linux alone (elsewhere emtl_live_open gives EMTL_E_UNSUPPORTED), by a ring of memory that the
 * kernel fills. Both directions are seen. Of each packet the first 512 bytes are kept. Records are
 * LINKTYPE_ETHERNET, with VLAN tags that the kernel took off back in their place, or
 * LINKTYPE_LINUX_SLL, of interfaces without Ethernet headers (tun, WireGuard, PPP, …). On the
 * loopback interface, where each packet is seen twice, it is handed out once. The pseudo-interface
 * "any" is refused: packets pass several interfaces of a router and would be there for each. */

#define EMTL_LIVE_ERROR 256 /* bytes of a line of text about a failure */
#define EMTL_LIVE_RING_MIN 262144u
#define EMTL_LIVE_RING_MAX 1073741824u
#define EMTL_LIVE_LATENCY_US 200000 /* the kernel keeps no packet back for longer */

typedef struct emtl_live emtl_live; /* opaque: an open interface */

typedef struct {
    const char *name;     /* of the interface; borrowed, as filter is, for the call */
    const char *filter;   /* pcap-filter(7); "" or NULL: every packet */
    uint32_t ring_bytes;  /* EMTL_LIVE_RING_MIN..MAX, rounded down to blocks of 128 KiB */
    uint32_t promiscuous; /* not 0: also packets for other hosts, while it is open */
} emtl_live_config;

typedef struct {
    uint64_t packets; /* that reached the ring, or were dropped; on loopback, in both directions */
    uint64_t dropped; /* lost: the ring was full, or a merged packet was of a kind that the kernel
                       * can't describe (Linux 4.18 to 6.1: UDP) */
    uint64_t downs;   /* times that the interface was found down; it is waited for */
    uint32_t ring_bytes;
    uint32_t segments;  /* not 0: records of merged packets carry their segment */
    int64_t stepped_us; /* by how much the wall clock was set since the opening, in sum */
} emtl_live_stats;

/* Opens the interface; no packet that the filter refuses comes through. Needs CAP_NET_RAW, which
 * nothing later does. EMTL_E_SYSTEM, _UNSUPPORTED (kind of interface, or a filter where there was
 * no libpcap at build time), _NOMEM, _ARG: error is one line that says what to do. With a filter,
 * not in two threads at once (libpcap before 1.8). */
int emtl_live_open(const emtl_live_config *config, char error[EMTL_LIVE_ERROR], emtl_live **out);
void emtl_live_close(emtl_live *live);

/* Hands out the next packets, *n <= max of them; 0 when none came within timeout_ms, or a signal
 * did. They are borrowed until the next read. *clock_us: every packet up to this time was handed
 * out: what emtl_meter_tick wants. It is of the wall clock, as the packets' times. Where that is
 * set, forward or back, both go on as if it were not; with stepped_us they are what it tells.
 * EMTL_E_SYSTEM: the interface was removed; emtl_live_error. */
int emtl_live_read(emtl_live *live, int timeout_ms, emtl_record *records, size_t max, size_t *n,
                   int64_t *clock_us);

/* What emtl_live_read failed at, in one line; else "". */
const char *emtl_live_error(const emtl_live *live);

/* Counts since the opening. Ask at least once in 2^32 packets. */
void emtl_live_stats_get(emtl_live *live, emtl_live_stats *stats);

/* ---- features: PPI series to the tensor that the model reads ----------------------------------
 */

enum { EMTL_IAT_CLIP = 0, EMTL_IAT_LOG = 1 };
enum { EMTL_PADDING_POST = 0, EMTL_PADDING_PRE = 1 };
enum { EMTL_LENGTH_IP = 0, EMTL_LENGTH_PAYLOAD = 1 };

#define EMTL_K_MAX 1024u
#define EMTL_LENGTH_SCALE_MIN 1e-3 /* keeps every quotient within float */
#define EMTL_LENGTH_SCALE_MAX 1e9

/* The FeatureSpec (edgemtl/features.py says what each field means). */
typedef struct {
    uint32_t k;           /* 1..EMTL_K_MAX */
    uint32_t iat;         /* EMTL_IAT_… */
    double length_scale;  /* bytes that map to 1: EMTL_LENGTH_SCALE_MIN..MAX */
    uint32_t is_signed;   /* length times direction; unknown direction counts as forward */
    uint32_t padding;     /* EMTL_PADDING_… */
    uint32_t length_kind; /* EMTL_LENGTH_…: which of the two series is the length */
    uint32_t skip_empty;  /* packets without payload don't count: the time before them is added to
                           * that before the next packet that does */
} emtl_feature_spec;

/* Writes tensor[n][2][k]: channel 0 inter-arrival time, channel 1 length. offsets: n + 1, rising,
 * the last at most m, the length of the series. payload may be NULL unless the spec asks for it by
 * length_kind or skip_empty. EMTL_E_ARG: the spec, the offsets or payload are not so; nothing was
 * written. */
int emtl_features_fill(const emtl_feature_spec *spec, const int64_t *iat_us, const int32_t *length,
                       const int32_t *payload, const int8_t *direction, size_t m,
                       const int64_t *offsets, size_t n, float *tensor);

#ifdef __cplusplus
}
#endif
#endif
