/* Ended flows in the caller's columns. SPDX-License-Identifier: Apache-2.0 */
#ifndef EMTL_FLOW_TABLE_COLUMNS_H
#define EMTL_FLOW_TABLE_COLUMNS_H

#include "flow_table/series.h"

/* Whether one more flow, of a full series, fits. */
static inline bool emtl_columns_have_room(const emtl_flow_columns *columns, uint32_t packets)
{
    return columns->n < columns->room &&
           columns->series_room - (size_t)columns->offsets[columns->n] >= packets;
}

/* Adds a flow; there must be room. */
void emtl_columns_add(emtl_flow_columns *columns, const emtl_flows *flows,
                      const emtl_series *series, uint32_t number, emtl_end_reason reason);

#endif
