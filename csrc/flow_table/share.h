/* How a flow table's memory is shared out. SPDX-License-Identifier: Apache-2.0 */
#ifndef EMTL_FLOW_TABLE_SHARE_H
#define EMTL_FLOW_TABLE_SHARE_H

#include "flow_table/index.h"
#include "flow_table/series.h"

typedef struct {
    uint32_t flows, chunks;
} emtl_share;

/* Room for the flows of a valid config, and for chunks of their series. EMTL_E_ARG: max_memory
 * holds no full series beside the flows. */
int emtl_share_out(const emtl_flow_config *config, emtl_share *out);

#endif
