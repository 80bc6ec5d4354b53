/* PPI series to the tensor that the model reads. SPDX-License-Identifier: Apache-2.0
 *
 * The one definition of the transforms: computed in double, rounded to float once, so that the
 * steps of the quantised input can be found by bisection on it. */
#include <math.h>

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

static int spec_is_valid(const emtl_feature_spec *spec)
{
    return spec->k >= 1 && spec->k <= EMTL_K_MAX && spec->iat <= EMTL_IAT_LOG &&
           spec->padding <= EMTL_PADDING_PRE && spec->length_scale >= EMTL_LENGTH_SCALE_MIN &&
           spec->length_scale <= EMTL_LENGTH_SCALE_MAX;
}

static int offsets_are_valid(const int64_t *offsets, size_t n, size_t m)
{
    for (size_t i = 0; i < n; i++)
        if (offsets[i] > offsets[i + 1])
            return 0;
    return offsets[0] >= 0 && (uint64_t)offsets[n] <= m;
}

int emtl_features_fill(const emtl_feature_spec *spec, const int64_t *iat_us, const int32_t *length,
                       const int8_t *direction, size_t m, const int64_t *offsets, size_t n,
                       float *tensor)
{
    if (!spec_is_valid(spec) || !offsets_are_valid(offsets, n, m))
        return EMTL_E_ARG;
    const size_t k = spec->k;
    for (size_t flow = 0; flow < n; flow++, tensor += 2 * k) {
        const size_t start = (size_t)offsets[flow];
        const size_t all = (size_t)offsets[flow + 1] - start;
        const size_t kept = all < k ? all : k;
        const size_t skip = spec->padding == EMTL_PADDING_PRE ? k - kept : 0;
        for (size_t i = 0; i < k; i++)
            tensor[i] = tensor[k + i] = 0.0f;
        for (size_t i = 0; i < kept; i++) {
            const int64_t us = iat_us[start + i];
            const int way = spec->is_signed && direction[start + i] < 0 ? -1 : 1;
            tensor[skip + i] = spec->iat == EMTL_IAT_LOG ? iat_log(us) : iat_clip(us);
            tensor[k + skip + i] = (float)(way * (double)length[start + i] / spec->length_scale);
        }
    }
    return EMTL_OK;
}
