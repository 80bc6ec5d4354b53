/* Any bytes as a capture file: the reader stays inside them, and gives the same records and the
 * same answer in whatever pieces they come. SPDX-License-Identifier: Apache-2.0 */
#include "fuzz/fuzz.h"

#define RECORDS_MAX 8

typedef struct {
    uint64_t records, digest, position;
    int status, whole;
    char error[256];
} outcome;

static void add_record(outcome *out, const emtl_record *record, const uint8_t *piece, size_t size)
{
    CHECK(record->data >= piece && record->data <= piece + size);
    CHECK(record->captured <= (size_t)(piece + size - record->data));
    const uint32_t numbers[] = {record->captured, record->wire, record->link_type, record->segment};
    out->records++;
    out->digest = digest_bytes(out->digest, numbers, sizeof numbers);
    out->digest = digest_number(out->digest, record->ts_us);
    out->digest = digest_bytes(out->digest, record->data, record->captured);
}

/* One call with the bytes from *at up to end, at most max records; whether it made progress. */
static bool read_piece(emtl_capture *capture, const uint8_t *data, size_t *at, size_t end,
                       size_t max, outcome *out)
{
    uint8_t *piece = exact_copy(data + *at, end - *at);
    emtl_record records[RECORDS_MAX];
    size_t n = 0, used = 0;
    out->status = emtl_capture_read(capture, piece, end - *at, records, max, &n, &used);
    CHECK(n <= max && used <= end - *at);
    for (size_t i = 0; i < n; i++)
        add_record(out, &records[i], piece, used);
    free(piece);
    *at += used;
    CHECK(emtl_capture_position(capture) == *at);
    return n > 0 || used > 0;
}

/* Reads data to its end or to its damage; random: in pieces of any size, or NULL: as a whole. */
static outcome read_all(const uint8_t *data, size_t size, uint32_t *random)
{
    emtl_capture *capture;
    outcome out = {.digest = DIGEST_START};
    size_t at = 0, end = random == NULL ? size : 0;
    CHECK_INT(emtl_capture_new(&capture), EMTL_OK);
    for (;;) {
        const size_t max = random == NULL ? RECORDS_MAX : 1 + next_random(random) % RECORDS_MAX;
        const bool moved = read_piece(capture, data, &at, end, max, &out);
        if (out.status != EMTL_OK || (!moved && end == size))
            break;
        if (!moved) {
            const size_t step = 1 + next_random(random) % 64;
            end = size - end < step ? size : end + step;
        }
    }
    out.position = emtl_capture_position(capture);
    out.whole = emtl_capture_is_whole(capture);
    (void)snprintf(out.error, sizeof out.error, "%s", emtl_capture_error(capture));
    CHECK((out.status == EMTL_OK) == (out.error[0] == '\0'));
    CHECK(strchr(out.error, '\n') == NULL);
    emtl_capture_free(capture);
    return out;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint32_t random = (uint32_t)size + 1;
    const outcome whole = read_all(data, size, NULL);
    const outcome pieces = read_all(data, size, &random);
    CHECK_INT(pieces.status, whole.status);
    CHECK_INT(pieces.whole, whole.whole);
    CHECK_INT(pieces.records, whole.records);
    CHECK(pieces.position == whole.position);
    CHECK(pieces.digest == whole.digest);
    CHECK(strcmp(pieces.error, whole.error) == 0);
    return 0;
}
