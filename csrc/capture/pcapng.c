/* pcapng files. SPDX-License-Identifier: Apache-2.0
 * draft-ietf-opsawg-pcapng: sections of blocks, each with its length in front and behind. */
#include "capture/capture.h"

#include <stdlib.h>

#include "capture/timestamp.h"

enum {
    BLOCK_INTERFACE = 1,
    BLOCK_PACKET = 2, /* obsolete */
    BLOCK_SIMPLE = 3,
    BLOCK_ENHANCED = 6,
    BLOCK_SECTION = 0x0a0d0d0a /* the same in both byte orders */
};
enum { OPTION_END = 0, OPTION_TSRESOL = 9, OPTION_TSOFFSET = 14 };

#define BLOCK_MIN 12u         /* type, length, length again */
#define INTERFACES_MAX 65536u /* in a section */
#define RESOLUTION_DEFAULT 6  /* µs, where an interface does not tell */

/* The inside of a block, and what it is called in messages. */
typedef struct {
    const uint8_t *data;
    uint32_t size;
} block_body;

static int fail_block(emtl_capture *capture, uint32_t length, const char *what)
{
    return emtl_capture_fail(capture, EMTL_E_MALFORMED,
                             "block at byte %llu, %lu bytes long, %s: damaged",
                             (unsigned long long)capture->position, (unsigned long)length, what);
}

static int read_section(emtl_capture *capture, block_body body)
{
    if (body.size < 16)
        return fail_block(capture, body.size + BLOCK_MIN, "is too short for a section header");
    const unsigned major = capture_load16(capture, body.data + 4);
    if (major != 1)
        return emtl_capture_fail(capture, EMTL_E_MALFORMED,
                                 "section at byte %llu has version %u: only version 1 is known",
                                 (unsigned long long)capture->position, major);
    capture->interface_count = 0;
    capture->whole = true;
    return EMTL_OK;
}

/* Reads what an interface's options say of its clock. */
static int read_options(emtl_capture *capture, block_body body, size_t at,
                        emtl_interface *interface)
{
    while (body.size - at >= 4) {
        const unsigned code = capture_load16(capture, body.data + at);
        const size_t length = capture_load16(capture, body.data + at + 2);
        at += 4;
        if (code == OPTION_END)
            break;
        if (body.size - at < length)
            return fail_block(capture, body.size + BLOCK_MIN, "has an option that passes its end");
        if (code == OPTION_TSRESOL && length >= 1)
            interface->resolution = body.data[at];
        if (code == OPTION_TSOFFSET && length >= 8) {
            const uint8_t *p = body.data + at;
            interface->offset_s = (int64_t)(capture->big_endian ? load_be64(p) : load_le64(p));
        }
        const size_t padded = (length + 3) & ~(size_t)3;
        at += padded < body.size - at ? padded : body.size - at;
    }
    return EMTL_OK;
}

static int read_interface(emtl_capture *capture, block_body body)
{
    if (body.size < 8)
        return fail_block(capture, body.size + BLOCK_MIN, "is too short for an interface");
    if (capture->interface_count == INTERFACES_MAX)
        return fail_block(capture, body.size + BLOCK_MIN, "is one interface over the 65536 read");
    if (capture->interface_count == capture->interface_room) {
        const size_t room = 2 * capture->interface_room;
        emtl_interface *more = realloc(capture->interfaces, room * sizeof *more);
        if (more == NULL)
            return emtl_capture_fail(capture, EMTL_E_NOMEM, "out of memory");
        capture->interfaces = more;
        capture->interface_room = room;
    }
    emtl_interface interface = {.link_type = capture_load16(capture, body.data),
                                .snaplen = capture_load32(capture, body.data + 4),
                                .resolution = RESOLUTION_DEFAULT};
    const int status = read_options(capture, body, 8, &interface);
    if (status == EMTL_OK)
        capture->interfaces[capture->interface_count++] = interface;
    return status;
}

/* Adds the packet at body.data[header]. */
static int read_packet(emtl_capture *capture, block_body body, int64_t ts_us, uint32_t number,
                       uint32_t header, uint32_t captured, uint32_t wire, emtl_records *out)
{
    if (captured > body.size - header)
        return fail_block(capture, body.size + BLOCK_MIN, "claims a packet longer than itself");
    capture->latest_us = ts_us;
    out->records[out->n++] = (emtl_record){.data = body.data + header,
                                           .ts_us = ts_us,
                                           .captured = captured,
                                           .wire = wire,
                                           .link_type = capture->interfaces[number].link_type};
    return EMTL_OK;
}

/* Enhanced and obsolete packet blocks differ in the size of the interface's number alone. */
static int read_timed(emtl_capture *capture, block_body body, bool obsolete, emtl_records *out)
{
    if (body.size < 20)
        return fail_block(capture, body.size + BLOCK_MIN, "is too short for a packet");
    const uint8_t *p = body.data;
    const uint32_t number = obsolete ? capture_load16(capture, p) : capture_load32(capture, p);
    if (number >= capture->interface_count)
        return fail_block(capture, body.size + BLOCK_MIN, "names an interface that is not there");
    const emtl_interface *interface = &capture->interfaces[number];
    const uint64_t units =
        (uint64_t)capture_load32(capture, p + 4) << 32 | capture_load32(capture, p + 8);
    const int64_t ts_us = emtl_timestamp_us(units, interface->resolution, interface->offset_s);
    return read_packet(capture, body, ts_us, number, 20, capture_load32(capture, p + 12),
                       capture_load32(capture, p + 16), out);
}

/* A simple packet block has neither time nor captured length: it takes the time of the packet
 * before it (1970 when it is the first). */
static int read_simple(emtl_capture *capture, block_body body, emtl_records *out)
{
    if (body.size < 4)
        return fail_block(capture, body.size + BLOCK_MIN, "is too short for a packet");
    if (capture->interface_count == 0)
        return fail_block(capture, body.size + BLOCK_MIN, "names an interface that is not there");
    const uint32_t wire = capture_load32(capture, body.data);
    const uint32_t snaplen = capture->interfaces[0].snaplen;
    uint32_t captured = snaplen != 0 && snaplen < wire ? snaplen : wire;
    if (captured > body.size - 4)
        captured = body.size - 4; /* some writers cut without telling a snaplen */
    return read_packet(capture, body, capture->latest_us, 0, 4, captured, wire, out);
}

static int read_block(emtl_capture *capture, uint32_t type, block_body body, emtl_records *out)
{
    switch (type) {
    case BLOCK_SECTION:
        return read_section(capture, body);
    case BLOCK_INTERFACE:
        return read_interface(capture, body);
    case BLOCK_SIMPLE:
        return read_simple(capture, body, out);
    default:
        return read_timed(capture, body, type == BLOCK_PACKET, out);
    }
}

/* Goes on with a block that is not read: of any length, never buffered, its trailer checked. */
static int skip_block(emtl_capture *capture, const uint8_t *data, size_t size, size_t *used)
{
    if (capture->skip_left > 0) {
        *used = size < capture->skip_left ? size : (size_t)capture->skip_left;
        capture->skip_left -= *used;
        return EMTL_OK;
    }
    if (size < 4)
        return EMTL_OK;
    if (capture_load32(capture, data) != capture->skip_block)
        return emtl_capture_fail(capture, EMTL_E_MALFORMED,
                                 "block of %lu bytes ends in another length at byte %llu: damaged",
                                 (unsigned long)capture->skip_block,
                                 (unsigned long long)capture->position);
    capture->skip_block = 0;
    capture->whole = true;
    *used = 4;
    return EMTL_OK;
}

/* Sets the byte order of the section that starts at data. */
static int read_byte_order(emtl_capture *capture, const uint8_t *data)
{
    const uint32_t magic = load_be32(data + 8);
    if (magic != 0x1a2b3c4d && magic != 0x4d3c2b1a)
        return emtl_capture_fail(
            capture, capture->whole ? EMTL_E_MALFORMED : EMTL_E_UNSUPPORTED,
            "section at byte %llu has byte-order magic 0x%08lx: damaged, or not pcapng",
            (unsigned long long)capture->position, (unsigned long)magic);
    capture->big_endian = magic == 0x1a2b3c4d;
    return EMTL_OK;
}

int emtl_pcapng_next(emtl_capture *capture, const uint8_t *data, size_t size, emtl_records *out,
                     size_t *used)
{
    *used = 0;
    if (capture->skip_block != 0)
        return skip_block(capture, data, size, used);
    if (size < BLOCK_MIN)
        return EMTL_OK;
    const uint32_t type = capture_load32(capture, data);
    if (type == BLOCK_SECTION && read_byte_order(capture, data) != EMTL_OK)
        return capture->status;
    const uint32_t length = capture_load32(capture, data + 4);
    if (length < BLOCK_MIN)
        return fail_block(capture, length, "is shorter than 12 bytes");
    if (type != BLOCK_SECTION && type != BLOCK_INTERFACE && type != BLOCK_PACKET &&
        type != BLOCK_SIMPLE && type != BLOCK_ENHANCED) {
        capture->skip_block = length;
        capture->skip_left = length - BLOCK_MIN;
        capture->whole = false;
        *used = 8;
        return EMTL_OK;
    }
    if (length > EMTL_RECORD_MAX)
        return emtl_capture_fail(
            capture, EMTL_E_MALFORMED,
            "block at byte %llu claims %lu bytes, limit is %lu: damaged, or not pcapng",
            (unsigned long long)capture->position, (unsigned long)length,
            (unsigned long)EMTL_RECORD_MAX);
    if (size < length)
        return EMTL_OK;
    if (capture_load32(capture, data + length - 4) != length)
        return fail_block(capture, length, "ends in another length");
    const int status = read_block(capture, type, (block_body){data + 8, length - BLOCK_MIN}, out);
    if (status == EMTL_OK)
        *used = length;
    return status;
}
