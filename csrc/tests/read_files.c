/* Reads capture files of any origin to their ends; a line a file: what became of it. Built under
 * ASan and UBSan, to find what crashes:
 *     find captures -type f -print0 | xargs -0 build/san/tests/read_files
 * SPDX-License-Identifier: Apache-2.0 */
#include "emtl.h"
#include "tests/columns.h"
#include "tests/support.h"

/* Empties the columns after each call, until all is out. */
static void finish(emtl_meter *meter, emtl_flow_columns *columns)
{
    int status;
    do {
        columns->n = 0;
        status = emtl_meter_finish(meter, columns);
    } while (status == EMTL_E_FULL);
    CHECK_INT(status, EMTL_OK);
}

static void read_bytes(const char *name, const uint8_t *data, size_t size)
{
    static const uint8_t key[EMTL_HASH_KEY] = {1};
    const emtl_flow_config config = {.max_flows = 1000,
                                     .idle_timeout_s = 120,
                                     .active_timeout_s = 1800,
                                     .packets = 256,
                                     .protocols = EMTL_PROTOCOLS};
    emtl_flow_columns columns = columns_new(64, 4096);
    emtl_meter *meter;
    emtl_meter_stats stats;
    size_t at = 0, used = 0;
    int status;
    CHECK_INT(emtl_meter_new(&config, key, &meter), EMTL_OK);
    do {
        columns.n = 0;
        status = emtl_meter_feed(meter, data + at, size - at, &used, &columns);
        at += used;
    } while (status == EMTL_E_FULL);
    finish(meter, &columns);
    columns_free(&columns);
    emtl_meter_stats_get(meter, &stats);
    const emtl_capture *capture = emtl_meter_capture(meter);
    const bool cut = at < size || !emtl_capture_is_whole(capture);
    const char *outcome = status == EMTL_E_UNSUPPORTED ? "refused"
                          : status != EMTL_OK          ? "damaged"
                          : cut                        ? "cut"
                          : stats.ip_packets == 0      ? "no_ip"
                                                       : "read";
    uint64_t skipped = 0;
    for (int i = 0; i < EMTL_SKIP_REASONS; i++)
        skipped += stats.skipped[i];
    CHECK(stats.packets == stats.flow_packets + skipped);
    printf("%s %s: %llu packets, %llu of them IP, %llu in %llu flows; %s\n", outcome, name,
           (unsigned long long)stats.packets, (unsigned long long)stats.ip_packets,
           (unsigned long long)stats.flow_packets, (unsigned long long)stats.flows,
           emtl_capture_error(capture));
    emtl_meter_free(meter);
}

int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        size_t size;
        uint8_t *data = read_file(argv[i], &size);
        read_bytes(argv[i], data, size);
        free(data);
    }
    return 0;
}
