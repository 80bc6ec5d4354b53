/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/columns.h"

#include "tests/support.h"

static void *take(size_t n, size_t size)
{
    void *room = malloc(n * size); /* of exactly this size: ASan sees a write too far */
    CHECK(room != NULL);
    memset(room, 0xa5, n * size);
    return room;
}

emtl_flow_columns columns_new(size_t room, size_t series_room)
{
    emtl_flow_columns columns = {.room = room, .series_room = series_room};
    columns.start_us = take(room, sizeof *columns.start_us);
    columns.duration_us = take(room, sizeof *columns.duration_us);
    columns.packets = take(room, sizeof *columns.packets);
    columns.bytes = take(room, sizeof *columns.bytes);
    columns.src = take(room, 16);
    columns.dst = take(room, 16);
    columns.src_port = take(room, sizeof *columns.src_port);
    columns.dst_port = take(room, sizeof *columns.dst_port);
    columns.vlan = take(room, sizeof *columns.vlan);
    columns.version = take(room, 1);
    columns.protocol = take(room, 1);
    columns.end_reason = take(room, 1);
    columns.offsets = take(room + 1, sizeof *columns.offsets);
    columns.offsets[0] = 0;
    columns.iat_us = take(series_room, sizeof *columns.iat_us);
    columns.length = take(series_room, sizeof *columns.length);
    columns.payload = take(series_room, sizeof *columns.payload);
    columns.direction = take(series_room, sizeof *columns.direction);
    return columns;
}

void columns_free(emtl_flow_columns *columns)
{
    void *const rooms[] = {columns->start_us, columns->duration_us, columns->packets,
                           columns->bytes,    columns->src,         columns->dst,
                           columns->src_port, columns->dst_port,    columns->vlan,
                           columns->version,  columns->protocol,    columns->end_reason,
                           columns->offsets,  columns->iat_us,      columns->length,
                           columns->payload,  columns->direction};
    for (size_t i = 0; i < COUNT(rooms); i++)
        free(rooms[i]);
    *columns = (emtl_flow_columns){0};
}
