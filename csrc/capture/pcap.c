/* pcap files. SPDX-License-Identifier: Apache-2.0
 * draft-ietf-opsawg-pcap: a header of 24 bytes, then records of 16 bytes and a packet. */
#include "capture/capture.h"

static int fail_record(emtl_capture *capture, size_t at, uint32_t captured)
{
    return emtl_capture_fail(
        capture, EMTL_E_MALFORMED,
        "record at byte %llu claims %lu bytes, limit is %lu: damaged, or not pcap",
        (unsigned long long)capture->position + at, (unsigned long)captured,
        (unsigned long)EMTL_RECORD_MAX);
}

static void swap(uint32_t *a, uint32_t *b)
{
    const uint32_t first = *a;
    *a = *b;
    *b = first;
}

/* Many records in one go: most captures are of this kind, and the loop is all there is to do. What
 * it reads of the capture is copied: for all the compiler knows, a record might change it. */
static int pcap_records(emtl_capture *capture, const uint8_t *data, size_t size, emtl_records *out,
                        size_t *used)
{
    const emtl_pcap pcap = capture->pcap;
    const bool big_endian = capture->big_endian;
    emtl_record *record = out->records + out->n, *end = out->records + out->max;
    size_t at = 0;
    int status = EMTL_OK;
    while (record < end && size - at >= pcap.record_header) {
        const uint8_t *p = data + at;
        const uint32_t second = load32(big_endian, p), fraction = load32(big_endian, p + 4);
        uint32_t captured = load32(big_endian, p + 8), wire = load32(big_endian, p + 12);
        if (pcap.lengths_swapped || (pcap.lengths_maybe_swapped && captured > wire))
            swap(&captured, &wire);
        if (captured > EMTL_RECORD_MAX) {
            status = fail_record(capture, at, captured);
            break;
        }
        if (size - at - pcap.record_header < captured)
            break;
        *record++ = (emtl_record){.data = p + pcap.record_header,
                                  .ts_us = (int64_t)second * 1000000 +
                                           (pcap.nanoseconds ? fraction / 1000 : fraction),
                                  .captured = captured,
                                  .wire = wire,
                                  .link_type = pcap.link_type};
        at += pcap.record_header + captured;
    }
    out->n = (size_t)(record - out->records);
    *used = at;
    return status;
}

int emtl_pcap_header(emtl_capture *capture, const uint8_t *data, size_t size, emtl_records *out,
                     size_t *used)
{
    (void)out;
    if (size < 24)
        return EMTL_OK;
    const uint32_t magic = capture_load32(capture, data);
    const uint16_t major = capture_load16(capture, data + 4);
    const uint16_t minor = capture_load16(capture, data + 6);
    capture->pcap.nanoseconds = magic == 0xa1b23c4d;
    /* A Linux tcpdump of 1998 (magic cd34) wrote interface, protocol and packet type as well. */
    capture->pcap.record_header = magic == 0xa1b2cd34 ? 24 : 16;
    /* Before version 2.3 the two lengths stood the other way round; some programs wrote 2.3 and
     * the old order (libpcap, sf-pcap.c, knows of both, and of version 543.0). */
    capture->pcap.lengths_swapped = (major == 2 && minor < 3) || major == 543;
    capture->pcap.lengths_maybe_swapped = major == 2 && minor == 3;
    /* The upper half says whether frames end in a check sequence: the IP length cuts it off. */
    capture->pcap.link_type = capture_load32(capture, data + 20) & 0xffff;
    capture->next = pcap_records;
    capture->whole = true;
    *used = 24;
    return EMTL_OK;
}
