/* What the readers of pcap and pcapng share. SPDX-License-Identifier: Apache-2.0 */
#ifndef EMTL_CAPTURE_CAPTURE_H
#define EMTL_CAPTURE_CAPTURE_H

#include <stdbool.h>

#include "common/bytes.h"
#include "emtl.h"

/* Longest packet or block that is taken for real. Over 64 times the largest snapshot length that
 * tcpdump takes by default (262144), and small enough to buffer. */
#define EMTL_RECORD_MAX 16777216u

/* Seconds from 1970 that a time is clamped to, either way: 139 000 years. Keeps every difference
 * of two times inside int64_t, in µs. */
#define EMTL_SECONDS_MAX ((int64_t)1 << 42)

/* Interfaces of a pcapng section for which there is room from the start. */
#define EMTL_INTERFACES_KEPT 16u

typedef struct {
    int64_t offset_s;   /* if_tsoffset */
    uint32_t link_type; /* LINKTYPE_ */
    uint32_t snaplen;   /* 0: no limit */
    uint8_t resolution; /* if_tsresol, as in the file */
} emtl_interface;

/* Where records go: at most max of them, n so far. */
typedef struct {
    emtl_record *records;
    size_t max, n;
} emtl_records;

/* What the header of a pcap file says of its records. */
typedef struct {
    uint32_t link_type;
    uint32_t record_header; /* bytes before each packet */
    bool nanoseconds;
    bool lengths_swapped, lengths_maybe_swapped;
} emtl_pcap;

/* Reads from data[0, size) at least the next block, if it is all there; more of them where that is
 * quick. There is room for a record. *used: bytes done, 0 when the block is not all there. */
typedef int emtl_capture_next(emtl_capture *capture, const uint8_t *data, size_t size,
                              emtl_records *out, size_t *used);

struct emtl_capture {
    emtl_capture_next *next;
    uint64_t position; /* in the file, of the first byte of the data given to next */
    int status;        /* of the first failure; given again ever after */
    bool big_endian;
    bool whole;        /* the header of the file was read, and nothing is half skipped */
    int64_t first_us;  /* time of the first record, or 0 */
    int64_t latest_us; /* of the latest one; pcapng has blocks that take it, having none */

    emtl_pcap pcap;

    /* pcapng */
    emtl_interface *interfaces;
    size_t interface_count, interface_room;
    uint64_t skip_left;  /* bytes of an unread block still to skip, without its trailer */
    uint32_t skip_block; /* its length, which the trailer must repeat; 0: none */

    char error[192];
};

static inline uint32_t load32(bool big_endian, const uint8_t *p)
{
    return big_endian ? load_be32(p) : load_le32(p);
}

static inline uint16_t capture_load16(const emtl_capture *capture, const uint8_t *p)
{
    return capture->big_endian ? load_be16(p) : load_le16(p);
}

static inline uint32_t capture_load32(const emtl_capture *capture, const uint8_t *p)
{
    return load32(capture->big_endian, p);
}

/* Keeps status and the message for it; returns status. */
int emtl_capture_fail(emtl_capture *capture, int status, const char *format, ...)
#if defined(__GNUC__)
    __attribute__((format(printf, 3, 4)))
#endif
    ;

/* The next bytes begin another file. */
void emtl_capture_restart(emtl_capture *capture);

emtl_capture_next emtl_pcap_header, emtl_pcapng_next;

#endif
