/* A flow table and its packets. SPDX-License-Identifier: Apache-2.0
 * For one test program: everything here is static. */
#ifndef EMTL_TESTS_TABLE_H
#define EMTL_TESTS_TABLE_H

#include "flow_table/flow_table.h"
#include "tests/columns.h"
#include "tests/support.h"

#define S INT64_C(1000000)

enum { UDP = 17, TCP = 6 };
enum { FIN = 0x01, SYN = 0x02, RST = 0x04, ACK = 0x10 };

static emtl_flow_table *table;
static emtl_flow_columns ended;

static inline emtl_flow_config small_config(void)
{
    return (emtl_flow_config){.max_flows = 4,
                              .idle_timeout_s = 10,
                              .active_timeout_s = 60,
                              .packets = 7,
                              .protocols = EMTL_PROTOCOLS};
}

static inline void start(emtl_flow_config config)
{
    CHECK_INT(emtl_flow_table_new(&config, (emtl_hash_key){3, 4}, &table), EMTL_OK);
    ended = columns_new(64, 64 * (size_t)config.packets);
}

static inline void stop(void)
{
    emtl_flow_table_free(table);
    columns_free(&ended);
}

/* A packet of flow `number`, with 72 bytes of payload; reverse when number is negative. */
static inline emtl_packet make(int number, int64_t ts_us, uint8_t protocol, uint8_t flags)
{
    emtl_packet p = {.ts_us = ts_us,
                     .length = 100,
                     .payload = 72,
                     .version = 4,
                     .protocol = protocol,
                     .tcp_flags = flags,
                     .src = {10, 0, 0, 1},
                     .dst = {10, 0, 0, 2},
                     .src_port = (uint16_t)(1000 + abs(number)),
                     .dst_port = 443};
    if (number < 0) {
        p.src[3] = 2;
        p.dst[3] = 1;
        p.dst_port = p.src_port;
        p.src_port = 443;
    }
    return p;
}

static inline void add(emtl_packet p)
{
    size_t done;
    CHECK_INT(emtl_flow_table_add(table, &p, 1, &ended, &(emtl_ahead){0}, &done), EMTL_OK);
    CHECK_INT(done, 1);
}

static inline void udp(int number, int64_t ts_us)
{
    add(make(number, ts_us, UDP, 0));
}

static inline void tcp(int number, int64_t ts_us, uint8_t flags)
{
    add(make(number, ts_us, TCP, flags));
}

static inline void finish(void)
{
    CHECK_INT(emtl_flow_table_finish(table, &ended), EMTL_OK);
}

/* The last of the ended flows of this number. At the end of a capture they come in any order. */
static inline size_t last(int number)
{
    size_t n = ended.n;
    while (n > 0 && ended.src_port[n - 1] != 1000 + abs(number) &&
           ended.dst_port[n - 1] != 1000 + abs(number))
        n--;
    CHECK(n > 0);
    return n - 1;
}

/* Of ended flow i: whose it is, and why it ended. */
static inline void check_end(size_t i, int number, int64_t packets, emtl_end_reason reason)
{
    CHECK(i < ended.n);
    CHECK_INT(number < 0 ? ended.dst_port[i] : ended.src_port[i], 1000 + abs(number));
    CHECK_INT(ended.src[16 * i + 3], number < 0 ? 2 : 1);
    CHECK_INT(ended.dst[16 * i + 3], number < 0 ? 1 : 2);
    CHECK_INT(ended.packets[i], packets);
    CHECK_INT(ended.end_reason[i], reason);
}

/* And all that can be told of flows of packets as made. */
static inline void check_ended(size_t i, int number, int64_t packets, int64_t start_us,
                               int64_t duration_us, emtl_end_reason reason)
{
    check_end(i, number, packets, reason);
    CHECK_INT(ended.bytes[i], 100 * packets);
    CHECK_INT(ended.start_us[i], start_us);
    CHECK_INT(ended.duration_us[i], duration_us);
    CHECK_INT(ended.version[i], 4);
}

#endif
