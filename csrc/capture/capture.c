/* Tells the format of a capture and hands out its packets. SPDX-License-Identifier: Apache-2.0 */
#include "capture/capture.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

int emtl_capture_fail(emtl_capture *capture, int status, const char *format, ...)
{
    va_list values;
    va_start(values, format);
    (void)vsnprintf(capture->error, sizeof capture->error, format, values);
    va_end(values);
    capture->status = status;
    return status;
}

/* The first block of all: its first bytes say what the rest is. */
static int sniff(emtl_capture *capture, const uint8_t *data, size_t size, emtl_records *out,
                 size_t *used)
{
    *used = 0;
    if (size < 4)
        return EMTL_OK;
    switch (load_be32(data)) {
    case 0xa1b2c3d4:
    case 0xa1b23c4d:
    case 0xa1b2cd34:
        capture->big_endian = true;
        capture->next = emtl_pcap_header;
        break;
    case 0xd4c3b2a1:
    case 0x4d3cb2a1:
    case 0x34cdb2a1:
        capture->big_endian = false;
        capture->next = emtl_pcap_header;
        break;
    case 0x0a0d0d0a:
        capture->next = emtl_pcapng_next;
        break;
    default:
        return emtl_capture_fail(capture, EMTL_E_UNSUPPORTED,
                                 "neither pcap nor pcapng: first bytes 0x%08lx",
                                 (unsigned long)load_be32(data));
    }
    return capture->next(capture, data, size, out, used);
}

int emtl_capture_new(emtl_capture **out)
{
    emtl_capture *capture = calloc(1, sizeof *capture);
    *out = NULL;
    if (capture == NULL)
        return EMTL_E_NOMEM;
    capture->interfaces = calloc(EMTL_INTERFACES_KEPT, sizeof *capture->interfaces);
    if (capture->interfaces == NULL) {
        free(capture);
        return EMTL_E_NOMEM;
    }
    capture->interface_room = EMTL_INTERFACES_KEPT;
    capture->next = sniff;
    *out = capture;
    return EMTL_OK;
}

void emtl_capture_free(emtl_capture *capture)
{
    if (capture != NULL)
        free(capture->interfaces);
    free(capture);
}

void emtl_capture_restart(emtl_capture *capture)
{
    *capture = (emtl_capture){.next = sniff,
                              .interfaces = capture->interfaces,
                              .interface_room = capture->interface_room};
}

static void note_times(emtl_capture *capture, const emtl_records *out)
{
    for (size_t i = 0; i < out->n && capture->first_us == 0; i++)
        capture->first_us = out->records[i].ts_us;
    if (out->n > 0)
        capture->latest_us = out->records[out->n - 1].ts_us;
}

int emtl_capture_read(emtl_capture *capture, const uint8_t *data, size_t size, emtl_record *records,
                      size_t max, size_t *n, size_t *used)
{
    emtl_records out = {records, max, 0};
    size_t step = 1;
    *used = 0;
    while (out.n < max && step > 0 && capture->status == EMTL_OK) { /* failures are kept there */
        step = 0;
        (void)capture->next(capture, data + *used, size - *used, &out, &step);
        *used += step;
        capture->position += step;
    }
    note_times(capture, &out);
    *n = out.n;
    return capture->status;
}

const char *emtl_capture_error(const emtl_capture *capture)
{
    return capture->error;
}

uint64_t emtl_capture_position(const emtl_capture *capture)
{
    return capture->position;
}

int emtl_capture_is_whole(const emtl_capture *capture)
{
    return capture->whole;
}

void emtl_capture_times(const emtl_capture *capture, int64_t *first_us, int64_t *latest_us)
{
    *first_us = capture->first_us;
    *latest_us = capture->latest_us;
}
