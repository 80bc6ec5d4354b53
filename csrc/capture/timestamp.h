/* Times of pcapng to µs. SPDX-License-Identifier: Apache-2.0 */
#ifndef EMTL_CAPTURE_TIMESTAMP_H
#define EMTL_CAPTURE_TIMESTAMP_H

#include <stdint.h>

/* The time `units` of a resolution as if_tsresol gives it (10^-n s, or 2^-n s with the top bit
 * set), plus offset_s, in µs since 1970: rounded down, and clamped to EMTL_TIME_MAX_US. */
int64_t emtl_timestamp_us(uint64_t units, uint8_t resolution, int64_t offset_s);

#endif
