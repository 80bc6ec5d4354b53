/* PPI series to the tensor that the model reads. SPDX-License-Identifier: Apache-2.0
 *
 * The one definition of the transforms: computed in double, rounded to float once, so that the
 * steps of the quantised input can be found by bisection on it. */
#include <math.h>
#include <string.h>

#include "emtl.h"

/* S. Rezaei, X. Liu, arXiv:1906.05248: seconds, cut at 1, mapped to [-1, 1]. */
static float iat_clip(int64_t us)
{
    const double seconds = us < 0 ? 0.0 : (double)us / 1e6;
    return (float)(2.0 * (seconds < 1.0 ? seconds : 1.0) - 1.0);
}

/* 2^27 µs is 134 s, just over the idle timeout. */
static float iat_log(int64_t us)
{
    const double log = us < 0 ? 0.0 : log2(1.0 + (double)us) / 27.0;
    return (float)(2.0 * (log < 1.0 ? log : 1.0) - 1.0);
}

static int spec_is_valid(const emtl_feature_spec *spec, const int32_t *payload, size_t m)
{
    return spec->k >= 1 && spec->k <= EMTL_K_MAX && spec->iat <= EMTL_IAT_LOG &&
           spec->padding <= EMTL_PADDING_PRE && spec->length_scale >= EMTL_LENGTH_SCALE_MIN &&
           spec->length_scale <= EMTL_LENGTH_SCALE_MAX &&
           spec->length_kind <= EMTL_LENGTH_PAYLOAD &&
           (payload != NULL || m == 0 ||
            (spec->length_kind == EMTL_LENGTH_IP && !spec->skip_empty));
}

static int offsets_are_valid(const int64_t *offsets, size_t n, size_t m)
{
    for (size_t i = 0; i < n; i++)
        if (offsets[i] > offsets[i + 1])
            return 0;
    return offsets[0] >= 0 && (uint64_t)offsets[n] <= m;
}

/* a + b, or the end of int64 that it passes: series may hold any number. */
static int64_t add_saturating(int64_t a, int64_t b)
{
    if (b >= 0)
        return a > INT64_MAX - b ? INT64_MAX : a + b;
    return a < INT64_MIN - b ? INT64_MIN : a + b;
}

typedef struct {
    const int64_t *iat_us;
    const int32_t *length, *payload; /* payload: NULL unless skip_empty */
    const int8_t *direction;
} series;

/* The channels of one flow, packets from up to to, at the front of time and length, which have room
 * for spec->k. Returns how many packets they hold. */
static size_t fill_flow(const emtl_feature_spec *spec, const series *packets, size_t from,
                        size_t to, float *time, float *length)
{
    size_t kept = 0;
    int64_t us = 0; /* since the packet that was kept last */
    for (size_t i = from; i < to && kept < spec->k; i++) {
        us = add_saturating(us, packets->iat_us[i]);
        if (packets->payload != NULL && packets->payload[i] <= 0)
            continue;
        const int way = spec->is_signed && packets->direction[i] < 0 ? -1 : 1;
        time[kept] = spec->iat == EMTL_IAT_LOG ? iat_log(us) : iat_clip(us);
        length[kept] = (float)(way * (double)packets->length[i] / spec->length_scale);
        kept++;
        us = 0;
    }
    return kept;
}

/* n zeros in front of the kept values, or behind them. */
static void pad(float *channel, size_t kept, size_t n, uint32_t padding)
{
    const int pre = padding == EMTL_PADDING_PRE;
    if (pre)
        memmove(channel + n, channel, kept * sizeof(float));
    for (size_t i = 0; i < n; i++)
        channel[pre ? i : kept + i] = 0.0f;
}

int emtl_features_fill(const emtl_feature_spec *spec, const int64_t *iat_us, const int32_t *length,
                       const int32_t *payload, const int8_t *direction, size_t m,
                       const int64_t *offsets, size_t n, float *tensor)
{
    if (!spec_is_valid(spec, payload, m) || !offsets_are_valid(offsets, n, m))
        return EMTL_E_ARG;
    const size_t k = spec->k;
    const series packets = {iat_us, spec->length_kind == EMTL_LENGTH_PAYLOAD ? payload : length,
                            spec->skip_empty ? payload : NULL, direction};
    for (size_t flow = 0; flow < n; flow++, tensor += 2 * k) {
        const size_t kept = fill_flow(spec, &packets, (size_t)offsets[flow],
                                      (size_t)offsets[flow + 1], tensor, tensor + k);
        pad(tensor, kept, k - kept, spec->padding);
        pad(tensor + k, kept, k - kept, spec->padding);
    }
    return EMTL_OK;
}
