/* What ended flows must be, and what they add up to.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef EMTL_FUZZ_FLOWS_H
#define EMTL_FUZZ_FLOWS_H

#include "fuzz/fuzz.h"
#include "tests/columns.h"

/* Flows in any order: two sets of the same flows have the same sums. */
typedef struct {
    uint64_t flows, packets, bytes, evicted, digest;
} flow_sums;

/* Checks each flow in the columns, adds it to the sums, and empties them. */
void columns_take(emtl_flow_columns *columns, const emtl_flow_config *config, flow_sums *sums);

#endif
