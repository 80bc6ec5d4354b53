/* edgemtl: packets to flows to features. The public header of the C99 core.
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * Conventions
 * Units      time: int64_t microseconds since 1970 (_us); timeouts: seconds (_s); sizes: bytes.
 * Results    int: EMTL_OK (0) or an error (negative). No errno, no printing, no exit.
 * Ownership  X_new gives, X_free takes back (NULL is fine). Any other pointer is borrowed.
 * Threads    one object, one thread; two objects share nothing.
 * Input      every byte may come from an enemy: nothing is read outside [data, data + size). */
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
    EMTL_E_ARG = -5
};

/* One line of English for a status; never NULL. */
const char *emtl_strerror(int status);

/* ---- capture: bytes of a capture file to records -------------------------------------------- */

/* One captured packet. data points into the bytes given to emtl_capture_read. */
typedef struct {
    const uint8_t *data;
    int64_t ts_us;
    uint32_t captured;  /* bytes at data */
    uint32_t wire;      /* bytes the packet had on the wire */
    uint32_t link_type; /* LINKTYPE_ value, www.tcpdump.org/linktypes.html */
} emtl_record;

typedef struct emtl_capture emtl_capture; /* opaque: a pcap or pcapng reader */

int emtl_capture_new(emtl_capture **out);
void emtl_capture_free(emtl_capture *capture);

/* Reads records from data[0, size), the bytes that follow those used before. *n: records written,
 * at most max; *used: bytes that need not be given again. The format (pcap in any byte order, µs or
 * ns; pcapng) is told from the first bytes.
 * EMTL_OK: give data + *used and what follows it (with *n == 0 and *used == 0: more is needed).
 * EMTL_E_UNSUPPORTED: not a capture. EMTL_E_MALFORMED: damaged; the *n records before it are good.
 */
int emtl_capture_read(emtl_capture *capture, const uint8_t *data, size_t size, emtl_record *records,
                      size_t max, size_t *n, size_t *used);

/* What was being read when emtl_capture_read failed, in one line with byte positions; else "". */
const char *emtl_capture_error(const emtl_capture *capture);

/* Bytes used so far: the position in the file of what is read next. */
uint64_t emtl_capture_position(const emtl_capture *capture);

/* Whether the file's header was read, and no block is half skipped. A file that ends when this is
 * 0, or with bytes left that were not used, was cut. */
int emtl_capture_is_whole(const emtl_capture *capture);

/* ---- packet: a record to the 5-tuple, length and time --------------------------------------- */

/* Why a packet is not part of a flow. EMTL_KEPT: it is. Names: emtl_skip_name. */
typedef enum {
    EMTL_KEPT = 0,
    EMTL_SKIP_LINK_TYPE,      /* a link type that is not read */
    EMTL_SKIP_NOT_IP,         /* ARP, LLDP, …: no IP packet inside */
    EMTL_SKIP_OTHER_PROTOCOL, /* IP, but neither TCP nor UDP: ICMP, SCTP, tunnels, … */
    EMTL_SKIP_TRUNCATED,      /* captured bytes end before the ports (TCP flags may be missing) */
    EMTL_SKIP_MALFORMED,      /* a header contradicts itself */
    EMTL_SKIP_FRAGMENT,       /* a later fragment whose first was not seen */
    EMTL_SKIP_REASONS
} emtl_skip;

/* "link_type", "not_ip", "other_protocol", "truncated", "malformed", "fragment"; NULL otherwise. */
const char *emtl_skip_name(emtl_skip skip);

typedef struct {
    uint8_t src[16], dst[16]; /* IPv4: the first 4 bytes, the rest 0 */
    int64_t ts_us;
    uint32_t length; /* bytes of the IP packet, from the IP header; at most INT32_MAX */
    uint16_t src_port, dst_port;
    uint16_t vlan;     /* outermost VLAN id that is not 0; 0: none */
    uint8_t version;   /* 4 or 6 */
    uint8_t protocol;  /* 6 TCP or 17 UDP */
    uint8_t tcp_flags; /* 0 for UDP and for later fragments */
} emtl_packet;

#define EMTL_ADDRESS_TEXT 46 /* INET6_ADDRSTRLEN: the longest address and its 0 */

/* The address of a packet or flow as inet_ntop writes it (IPv6: RFC 5952). */
void emtl_address_text(int version, const uint8_t address[16], char text[EMTL_ADDRESS_TEXT]);

/* ---- flow table: packets to bidirectional flows ---------------------------------------------
 *
 * Both directions of a 5-tuple (and VLAN id, when asked) are one flow. At each TCP or UDP packet,
 * of time t (others do not move the clock):
 * 1. Flows of any key that are over are ended, in the order of their latest packets: closed ones
 *    while the first has t - latest > EMTL_LINGER_US, then open ones while the first has
 *    t - latest > idle timeout. latest is the largest time seen in the flow.
 * 2. The flow of its own key ends if t - latest > idle timeout (idle), or if
 *    t - start > active timeout (active). A TCP RST, or FIN from both sides, closes a flow
 *    (end_of_flow); it still takes in what straggles behind (the last ACK, retransmissions: without
 *    this each TCP connection would leave a flow of one packet), until t - latest >
 *    EMTL_LINGER_US, or t - start > active timeout, or a SYN without ACK opens the next one.
 *    A SYN on an open flow is a retransmission and changes nothing.
 * 3. The packet joins its flow, or starts one. When max_flows are taken, one ends first: of the
 *    closed ones that with the oldest latest packet (end_of_flow), or if none is closed, of the
 *    open ones (lack_of_resources).
 * At the end of the capture the rest end in the order of their first packets: closed ones as
 * end_of_flow, those idle for longer than the timeout at the last packet's time as idle, the
 * others as forced. */

#define EMTL_PACKETS_MAX 65535u  /* most packets of a flow whose series can be kept */
#define EMTL_FLOWS_MAX 67108864u /* most flows at a time */
#define EMTL_LINGER_US 5000000   /* or the idle timeout, where that is shorter */
#define EMTL_HASH_KEY 16         /* bytes of the key that keeps senders from aiming at a bucket */

typedef struct {
    uint32_t max_flows;        /* flows at a time, 1..EMTL_FLOWS_MAX; memory grows with use */
    uint32_t idle_timeout_s;   /* RFC 5102 element 37 flowIdleTimeout: 120 unless told */
    uint32_t active_timeout_s; /* RFC 5102 element 36 flowActiveTimeout: 1800 unless told */
    uint32_t packets;          /* PPI series kept of each flow, 1..EMTL_PACKETS_MAX */
    uint32_t by_vlan;          /* not 0: the VLAN id is part of the flow's key */
} emtl_flow_config;

/* IPFIX element 136, flowEndReason (RFC 5102): the same numbers. */
typedef enum {
    EMTL_END_IDLE = 1,
    EMTL_END_ACTIVE = 2,
    EMTL_END_OF_FLOW = 3,
    EMTL_END_FORCED = 4,
    EMTL_END_LACK_OF_RESOURCES = 5
} emtl_end_reason;

/* One ended flow; forward is the direction of its first packet. */
typedef struct {
    uint8_t src[16], dst[16]; /* as in emtl_packet, of the first packet */
    int64_t start_us;         /* first packet */
    int64_t duration_us;      /* latest packet minus first packet, never negative */
    int64_t packets, bytes;   /* whole flow, both directions; IP bytes */
    uint16_t src_port, dst_port, vlan;
    uint8_t version, protocol, end_reason;
} emtl_flow;

/* Ended flows in columns. Flow i has the series from offsets[i] up to offsets[i + 1].
 * All pointers are valid until the next call on the meter that owns them. */
typedef struct {
    size_t n;
    const emtl_flow *flows;
    const int64_t *offsets; /* n + 1 */
    const int64_t *iat_us;  /* µs since the flow's previous packet; first 0; may be negative */
    const int32_t *length;
    const int8_t *direction; /* +1 forward, -1 reverse */
} emtl_flow_columns;

/* ---- meter: the metering process of RFC 7011: capture bytes in, ended flows out ---------------
 */

#define EMTL_LINK_TYPES 8

typedef struct emtl_meter emtl_meter;

typedef struct {
    uint64_t packets;                     /* records in the capture */
    uint64_t flow_packets;                /* of these, part of a flow */
    uint64_t ip_packets;                  /* of these, with an IPv4 or IPv6 header */
    uint64_t skipped[EMTL_SKIP_REASONS];  /* the others, by reason; [EMTL_KEPT] stays 0 */
    uint64_t flows;                       /* ended so far */
    uint64_t evicted;                     /* of these, for lack of room */
    uint64_t clock_back;                  /* packets earlier than their flow's packet before */
    uint32_t link_types[EMTL_LINK_TYPES]; /* those of the records, in order of appearance */
    uint32_t link_type_count;             /* how many; more than EMTL_LINK_TYPES are not told */
} emtl_meter_stats;

/* hash_key: random bytes, new for each meter. Results do not depend on them. EMTL_E_ARG: config. */
int emtl_meter_new(const emtl_flow_config *config, const uint8_t hash_key[EMTL_HASH_KEY],
                   emtl_meter **out);
void emtl_meter_free(emtl_meter *meter);

/* Accounts the packets in data[0, size), as emtl_capture_read takes them; data is not NULL, size
 * may be 0. *used: bytes done. EMTL_OK: all that can be read was. EMTL_E_FULL: take the ended
 * flows, then go on from *used. Errors of emtl_capture_read: flows so far stay good,
 * emtl_capture_error says where. */
int emtl_meter_feed(emtl_meter *meter, const uint8_t *data, size_t size, size_t *used);

/* The capture is over: ends every flow. EMTL_E_FULL: take the ended flows and call again.
 * Nothing can be fed afterwards (EMTL_E_ARG). */
int emtl_meter_finish(emtl_meter *meter);

/* The ended flows that were not taken yet, oldest end first; they count as taken. */
void emtl_meter_take(emtl_meter *meter, emtl_flow_columns *columns);

/* The reader inside: for emtl_capture_error, _position and _is_whole. Borrowed. */
const emtl_capture *emtl_meter_capture(const emtl_meter *meter);

void emtl_meter_stats_get(const emtl_meter *meter, emtl_meter_stats *stats);

/* ---- features: PPI series to the tensor that the model reads ----------------------------------
 */

enum { EMTL_IAT_CLIP = 0, EMTL_IAT_LOG = 1 };
enum { EMTL_PADDING_POST = 0, EMTL_PADDING_PRE = 1 };

#define EMTL_K_MAX 1024u
#define EMTL_LENGTH_SCALE_MIN 1e-3 /* keeps every quotient within float */
#define EMTL_LENGTH_SCALE_MAX 1e9

/* The FeatureSpec (edgemtl/features.py says what each field means). */
typedef struct {
    uint32_t k;          /* 1..EMTL_K_MAX */
    uint32_t iat;        /* EMTL_IAT_… */
    double length_scale; /* bytes that map to 1: EMTL_LENGTH_SCALE_MIN..MAX */
    uint32_t is_signed;  /* length times direction; unknown direction counts as forward */
    uint32_t padding;    /* EMTL_PADDING_… */
} emtl_feature_spec;

/* Writes tensor[n][2][k]: channel 0 inter-arrival time, channel 1 length. offsets: n + 1, rising,
 * the last at most m, the length of the three series. EMTL_E_ARG: the spec or the offsets are not
 * so; nothing was written. */
int emtl_features_fill(const emtl_feature_spec *spec, const int64_t *iat_us, const int32_t *length,
                       const int8_t *direction, size_t m, const int64_t *offsets, size_t n,
                       float *tensor);

#ifdef __cplusplus
}
#endif
#endif
