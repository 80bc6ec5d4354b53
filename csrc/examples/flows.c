/* Prints the flows of a capture, one a line: who, how much, why it ended, and its first packets.
 *
 *     cc flows.c $(pkg-config --cflags --libs emtl) -o flows && ./flows capture.pcap
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <emtl.h>

/* Room for the flows that end between two calls; the arrays are ours, and used again and again. */
enum { FLOWS = 64, PACKETS = 20, SERIES = FLOWS * PACKETS };

static int64_t start_us[FLOWS], duration_us[FLOWS], packets[FLOWS], bytes[FLOWS];
static int64_t offsets[FLOWS + 1], iat_us[SERIES];
static int32_t length[SERIES];
static int8_t direction[SERIES];
static uint8_t src[16 * FLOWS], dst[16 * FLOWS];
static uint8_t version[FLOWS], protocol[FLOWS], end_reason[FLOWS];
static uint16_t src_port[FLOWS], dst_port[FLOWS], vlan[FLOWS];

static emtl_flow_columns columns = {
    .room = FLOWS,
    .series_room = SERIES,
    .start_us = start_us,
    .duration_us = duration_us,
    .packets = packets,
    .bytes = bytes,
    .src = src,
    .dst = dst,
    .src_port = src_port,
    .dst_port = dst_port,
    .vlan = vlan,
    .version = version,
    .protocol = protocol,
    .end_reason = end_reason,
    .offsets = offsets,
    .iat_us = iat_us,
    .length = length,
    .direction = direction,
};

/* Prints what the columns hold, and empties them. */
static void print_flows(void)
{
    static const char *const reasons[] = {"-",           "idle",   "active",
                                          "end_of_flow", "forced", "lack_of_resources"};
    char from[EMTL_ADDRESS_TEXT], to[EMTL_ADDRESS_TEXT];
    for (size_t i = 0; i < columns.n; i++) {
        emtl_address_text(version[i], src + 16 * i, from);
        emtl_address_text(version[i], dst + 16 * i, to);
        printf("%s %u %s %u %u: %" PRId64 " packets, %" PRId64 " bytes, %" PRId64 " us, %s:", from,
               src_port[i], to, dst_port[i], protocol[i], packets[i], bytes[i], duration_us[i],
               reasons[end_reason[i]]);
        for (int64_t j = offsets[i]; j < offsets[i + 1]; j++)
            printf(" %+" PRId32 "@%" PRId64, direction[j] * length[j], iat_us[j]);
        putchar('\n');
    }
    columns.n = 0;
}

/* Gives the meter the file in pieces; what it did not use comes again, in front of the next. *left:
 * bytes that it did not use at all. */
static int feed(emtl_meter *meter, FILE *file, size_t *left)
{
    size_t room = 1 << 16, have = 0;
    uint8_t *buffer = malloc(room);
    int status = buffer == NULL ? EMTL_E_NOMEM : EMTL_OK;
    while (status == EMTL_OK) {
        const size_t n = fread(buffer + have, 1, room - have, file);
        size_t done = 0, used;
        if (n == 0) {
            status = ferror(file) ? EMTL_E_SYSTEM : EMTL_OK;
            break;
        }
        have += n;
        do {
            status = emtl_meter_feed(meter, buffer + done, have - done, &used, &columns);
            done += used;
            print_flows();
        } while (status == EMTL_E_FULL);
        have -= done;
        memmove(buffer, buffer + done, have);
        if (have == room) { /* a packet that is longer than the buffer */
            uint8_t *longer = realloc(buffer, room *= 2);
            if (longer == NULL)
                status = EMTL_E_NOMEM;
            else
                buffer = longer;
        }
    }
    free(buffer);
    *left = have;
    return status;
}

/* A key that no sender can know. */
static bool make_key(uint8_t key[EMTL_HASH_KEY])
{
    FILE *random = fopen("/dev/urandom", "rb");
    const bool ok = random != NULL && fread(key, 1, EMTL_HASH_KEY, random) == EMTL_HASH_KEY;
    if (random != NULL)
        (void)fclose(random);
    return ok;
}

/* Whether the file was read to its end, and says so where not: flows before the damage are good. */
static bool is_whole(const char *name, const emtl_capture *capture, int status, size_t left)
{
    const char *error = emtl_capture_error(capture);
    if (status != EMTL_OK)
        fprintf(stderr, "%s: %s\n", name, error[0] != '\0' ? error : emtl_strerror(status));
    else if (left > 0 || !emtl_capture_is_whole(capture))
        fprintf(stderr, "%s: cut at byte %" PRIu64 "\n", name,
                emtl_capture_position(capture) + left);
    else
        return true;
    return false;
}

/* Prints the flows of a capture; an exit status. */
static int print_capture(const char *name, FILE *file)
{
    const emtl_flow_config config = {.max_flows = 100000,
                                     .idle_timeout_s = 120,
                                     .active_timeout_s = 1800,
                                     .packets = PACKETS,
                                     .protocols = EMTL_PROTOCOL_TCP | EMTL_PROTOCOL_UDP};
    uint8_t key[EMTL_HASH_KEY];
    emtl_meter *meter;
    size_t left;
    if (!make_key(key) || emtl_meter_new(&config, key, &meter) != EMTL_OK) {
        fprintf(stderr, "flows: no memory, or no random bytes\n");
        return 2;
    }
    const int status = feed(meter, file, &left);
    while (emtl_meter_finish(meter, &columns) == EMTL_E_FULL)
        print_flows();
    print_flows();
    const bool whole = is_whole(name, emtl_meter_capture(meter), status, left);
    emtl_meter_free(meter);
    return whole ? 0 : 1;
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        fprintf(stderr, "usage: flows CAPTURE\n");
        return 2;
    }
    FILE *file = fopen(argv[1], "rb");
    if (file == NULL) {
        perror(argv[1]);
        return 2;
    }
    const int status = print_capture(argv[1], file);
    (void)fclose(file);
    return status;
}
