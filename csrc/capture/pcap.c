/* pcap files. SPDX-License-Identifier: Apache-2.0
 * draft-ietf-opsawg-pcap: a header of 24 bytes, then records of 16 bytes and a packet. */
#include "capture/capture.h"

static int pcap_record(emtl_capture *capture, const uint8_t *data, size_t size, emtl_record *record,
                       size_t *used)
{
    if (size < capture->record_header)
        return EMTL_OK;
    const uint32_t seconds = capture_load32(capture, data);
    const uint32_t fraction = capture_load32(capture, data + 4);
    uint32_t captured = capture_load32(capture, data + 8);
    uint32_t wire = capture_load32(capture, data + 12);
    if (capture->lengths_swapped || (capture->lengths_maybe_swapped && captured > wire)) {
        const uint32_t first = captured;
        captured = wire;
        wire = first;
    }
    if (captured > EMTL_RECORD_MAX)
        return emtl_capture_fail(
            capture, EMTL_E_MALFORMED,
            "record at byte %llu claims %lu bytes, limit is %lu: damaged, or not pcap",
            (unsigned long long)capture->position, (unsigned long)captured,
            (unsigned long)EMTL_RECORD_MAX);
    if (size - capture->record_header < captured)
        return EMTL_OK;
    record->data = data + capture->record_header;
    record->captured = captured;
    record->wire = wire;
    record->segment = 0;
    record->link_type = capture->link_type;
    record->ts_us =
        (int64_t)seconds * 1000000 + (int64_t)(capture->nanoseconds ? fraction / 1000 : fraction);
    *used = capture->record_header + captured;
    return EMTL_OK;
}

int emtl_pcap_header(emtl_capture *capture, const uint8_t *data, size_t size, emtl_record *record,
                     size_t *used)
{
    (void)record;
    if (size < 24)
        return EMTL_OK;
    const uint32_t magic = capture_load32(capture, data);
    const uint16_t major = capture_load16(capture, data + 4);
    const uint16_t minor = capture_load16(capture, data + 6);
    capture->nanoseconds = magic == 0xa1b23c4d;
    /* A Linux tcpdump of 1998 (magic cd34) wrote interface, protocol and packet type as well. */
    capture->record_header = magic == 0xa1b2cd34 ? 24 : 16;
    /* Before version 2.3 the two lengths stood the other way round; some programs wrote 2.3 and
     * the old order (libpcap, sf-pcap.c, knows of both, and of version 543.0). */
    capture->lengths_swapped = (major == 2 && minor < 3) || major == 543;
    capture->lengths_maybe_swapped = major == 2 && minor == 3;
    /* The upper half says whether frames end in a check sequence: the IP length cuts it off. */
    capture->link_type = capture_load32(capture, data + 20) & 0xffff;
    capture->next = pcap_record;
    capture->whole = true;
    *used = 24;
    return EMTL_OK;
}
