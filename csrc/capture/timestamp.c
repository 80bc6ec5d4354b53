/* SPDX-License-Identifier: Apache-2.0 */
#include "capture/timestamp.h"

#include "capture/capture.h"

/* 10^n; n <= 19, the largest power of ten in 64 bits. */
static uint64_t power_of_ten(unsigned n)
{
    uint64_t power = 1;
    while (n-- > 0)
        power *= 10;
    return power;
}

/* Splits units of 10^-n s into seconds and the µs beyond. */
static uint64_t split_decimal(uint64_t units, unsigned n, uint64_t *us)
{
    if (n <= 6) {
        const uint64_t second = power_of_ten(n);
        *us = units % second * power_of_ten(6 - n);
        return units / second;
    }
    /* 10^20 units and more are past 64 bits: less than a second, or than a µs. */
    const uint64_t whole_us = n - 6 <= 19 ? units / power_of_ten(n - 6) : 0;
    *us = whole_us % 1000000;
    return whole_us / 1000000;
}

/* The same for units of 2^-n s. */
static uint64_t split_binary(uint64_t units, unsigned n, uint64_t *us)
{
    const uint64_t seconds = n < 64 ? units >> n : 0;
    const uint64_t rest = n < 64 ? units - (seconds << n) : units;
    if (n < 32) {
        *us = rest * 1000000 >> n;
        return seconds;
    }
    /* rest * 10^6 passes 64 bits: in two halves, and rounding down twice is rounding down once. */
    const uint64_t high = (rest >> 32) * 1000000 + ((rest & 0xffffffff) * 1000000 >> 32);
    *us = n - 32 < 64 ? high >> (n - 32) : 0;
    return seconds;
}

int64_t emtl_timestamp_us(uint64_t units, uint8_t resolution, int64_t offset_s)
{
    uint64_t us = 0;
    const unsigned n = resolution & 0x7f;
    const uint64_t whole_s =
        resolution & 0x80 ? split_binary(units, n, &us) : split_decimal(units, n, &us);
    const int64_t limit = EMTL_SECONDS_MAX;
    int64_t seconds = whole_s < (uint64_t)limit ? (int64_t)whole_s : limit;
    if (offset_s > limit - seconds)
        seconds = limit;
    else if (offset_s < -limit - seconds)
        seconds = -limit;
    else
        seconds += offset_s;
    return seconds < limit ? seconds * 1000000 + (int64_t)us : EMTL_TIME_MAX_US;
}
