/* Columns for ended flows. SPDX-License-Identifier: Apache-2.0 */
#ifndef EMTL_TESTS_COLUMNS_H
#define EMTL_TESTS_COLUMNS_H

#include "emtl.h"

emtl_flow_columns columns_new(size_t room, size_t series_room);
void columns_free(emtl_flow_columns *columns);

#endif
