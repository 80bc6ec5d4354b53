/* PPI series in chunks. SPDX-License-Identifier: Apache-2.0 */
#include "flow_table/series.h"
#include "tests/support.h"

enum { ROOM = 500, PACKETS = 900 };

static emtl_series series;

static void append(emtl_flow *flow, emtl_flow_rest *rest, const emtl_series_packet *packet)
{
    const bool is_wide = emtl_series_is_wide(packet);
    const uint32_t left = series.left, spare = emtl_series_spare(&series, flow, is_wide);
    emtl_series_append(&series, flow, rest, packet, is_wide);
    CHECK_INT(series.left, spare > 0 ? left : left - 1);
}

/* What fits and what just does not, in any order: all comes back to the bit. */
static void test_every_value_comes_back(void)
{
    static const int64_t iats[] = {0,         5,         -1,        INT32_MAX,  INT64_C(2147483648),
                                   INT32_MIN, INT64_MIN, INT64_MAX, -2147483649};
    static const uint32_t lengths[] = {20, 1500, 65535, 65536, 70000, INT32_MAX};
    static const uint32_t headers[] = {0, 20, 28, 255, 256, 60000};
    static emtl_series_packet packets[PACKETS];
    static int64_t iat_us[PACKETS];
    static int32_t length[PACKETS], payload[PACKETS];
    static int8_t direction[PACKETS];
    uint32_t random = 3;
    CHECK_INT(emtl_series_new(&series, ROOM), EMTL_OK);
    for (uint32_t oddness = 1; oddness < 60; oddness += 7) { /* one packet in so many is any */
        emtl_flow flow = {.kept = 0};
        emtl_flow_rest rest = {.first_chunk = EMTL_NO_CHUNK};
        for (size_t i = 0; i < PACKETS; i++) {
            emtl_series_packet p = {7, 100, 72, next_random(&random) % 2 != 0};
            if (next_random(&random) % oddness == 0) {
                p.iat_us = iats[next_random(&random) % COUNT(iats)];
                p.length = lengths[next_random(&random) % COUNT(lengths)];
                const uint32_t header = headers[next_random(&random) % COUNT(headers)];
                p.payload = p.length > header ? p.length - header : 0;
            }
            packets[i] = p;
            append(&flow, &rest, &p);
        }
        CHECK_INT(flow.kept, PACKETS);
        CHECK(ROOM - series.left <= emtl_series_chunks_most(PACKETS));
        emtl_series_copy(&series, rest.first_chunk, iat_us, length, payload, direction);
        for (size_t i = 0; i < PACKETS; i++) {
            CHECK(iat_us[i] == packets[i].iat_us);
            CHECK_INT(length[i], packets[i].length);
            CHECK_INT(payload[i], packets[i].payload);
            CHECK_INT(direction[i], packets[i].reverse ? -1 : 1);
        }
        emtl_series_copy(&series, rest.first_chunk, iat_us, length, NULL, direction);
        emtl_series_drop(&series, &flow, &rest);
        CHECK_INT(series.left, ROOM);
    }
    emtl_series_free(&series);
}

static void test_the_worst_takes_no_more_than_said(void)
{
    const emtl_series_packet narrow = {1, 100, 72, false}, wide = {1, 70000, 69972, false};
    emtl_flow flow = {.kept = 0};
    emtl_flow_rest rest = {.first_chunk = EMTL_NO_CHUNK};
    CHECK_INT(emtl_series_new(&series, ROOM), EMTL_OK);
    for (uint32_t i = 0; i < PACKETS; i++) {
        append(&flow, &rest, i % 4 == 0 ? &narrow : &wide);
        CHECK(ROOM - series.left <= emtl_series_chunks_most(i + 1));
    }
    CHECK_INT(ROOM - series.left, PACKETS / 2);
    emtl_series_free(&series);
}

static void test_chunks_come_back(void)
{
    const emtl_series_packet packet = {1, 100, 72, true};
    CHECK_INT(emtl_series_new(&series, ROOM), EMTL_OK);
    for (int round = 0; round < 3; round++) {
        emtl_flow flows[2] = {{.kept = 0}};
        emtl_flow_rest rests[2] = {{.first_chunk = EMTL_NO_CHUNK}};
        for (int i = 0; i < 2; i++)
            for (unsigned j = 0; j < 2 * EMTL_NARROW + 1; j++)
                append(&flows[i], &rests[i], &packet);
        CHECK_INT(series.left, ROOM - 6);
        emtl_series_drop(&series, &flows[0], &rests[0]);
        emtl_series_drop(&series, &flows[1], &rests[1]);
        CHECK_INT(series.left, ROOM);
        CHECK_INT(emtl_series_bytes(&series), 6 * 64);
    }
    emtl_series_free(&series);
}

int main(void)
{
    test_every_value_comes_back();
    test_the_worst_takes_no_more_than_said();
    test_chunks_come_back();
    puts("test_flow_series: fine");
    return 0;
}
