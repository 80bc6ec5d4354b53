/* SPDX-License-Identifier: Apache-2.0
 * tests/edgemtl/test_features.py compares with an oracle in numpy; here is what C alone sees. */
#include <math.h>

#include "emtl.h"
#include "tests/support.h"

static const int64_t iat_us[] = {0, 500000, 2000000, -7, 134217727};
static const int32_t length[] = {1500, 750, 0, 3000, 1500};
static const int8_t direction[] = {1, -1, 0, -1, 1};

static void check_tensor(const emtl_feature_spec *spec, const float *want, size_t n)
{
    static const int64_t offsets[] = {0, 2, 2, 5};
    float got[3 * 2 * 4];
    CHECK_INT(emtl_features_fill(spec, iat_us, length, direction, 5, offsets, 3, got), EMTL_OK);
    for (size_t i = 0; i < n; i++)
        CHECK(got[i] == want[i] && !signbit(got[i]) == !signbit(want[i]));
}

static void test_clip_signed_post(void)
{
    static const float want[] = {-1, 0, 0, 1, -0.5f, 0, 0, 0, 0, 0, 0, 0, 1, -1, 1, 0, -2, 1};
    const emtl_feature_spec spec = {3, EMTL_IAT_CLIP, 1500.0, 1, EMTL_PADDING_POST};
    check_tensor(&spec, want, COUNT(want));
}

static void test_log_unsigned_pre(void)
{
    const emtl_feature_spec spec = {4, EMTL_IAT_LOG, 1500.0, 0, EMTL_PADDING_PRE};
    static const int64_t first[] = {0, 2}, last[] = {4, 5};
    /* 2 * log2(500001) / 27 - 1 = 0.40233862… */
    static const float want[] = {0, 0, -1, 0.40233863f, 0, 0, 1, 0.5f};
    float got[8];
    CHECK_INT(emtl_features_fill(&spec, iat_us, length, direction, 5, first, 1, got), EMTL_OK);
    for (size_t i = 0; i < 8; i++)
        CHECK(fabsf(got[i] - want[i]) < 1e-7f);
    CHECK_INT(emtl_features_fill(&spec, iat_us, length, direction, 5, last, 1, got), EMTL_OK);
    CHECK(got[3] == 1.0f); /* 2^27 - 1 µs is the end of the scale */
}

static void test_refused(void)
{
    static const int64_t good[] = {0, 5}, falling[] = {3, 2}, past[] = {0, 6}, before[] = {-1, 2};
    static const int64_t wild[] = {0, INT64_MAX, 5}; /* its end fits, its middle does not */
    const emtl_feature_spec fine = {4, EMTL_IAT_LOG, 1.0, 0, EMTL_PADDING_PRE};
    float got[16];
    const int64_t *offsets[] = {falling, past, before};
    for (size_t i = 0; i < COUNT(offsets); i++)
        CHECK_INT(emtl_features_fill(&fine, iat_us, length, direction, 5, offsets[i], 1, got),
                  EMTL_E_ARG);
    CHECK_INT(emtl_features_fill(&fine, iat_us, length, direction, 5, wild, 2, got), EMTL_E_ARG);
    const emtl_feature_spec bad[] = {
        {0, 0, 1.0, 0, 0}, {EMTL_K_MAX + 1, 0, 1.0, 0, 0}, {4, 2, 1.0, 0, 0},  {4, 0, 0.0, 0, 0},
        {4, 0, NAN, 0, 0}, {4, 0, HUGE_VAL, 0, 0},         {4, 0, -1.0, 0, 0}, {4, 0, 1.0, 0, 2}};
    for (size_t i = 0; i < COUNT(bad); i++)
        CHECK_INT(emtl_features_fill(&bad[i], iat_us, length, direction, 5, good, 1, got),
                  EMTL_E_ARG);
}

int main(void)
{
    test_clip_signed_post();
    test_log_unsigned_pre();
    test_refused();
    puts("test_features: fine");
    return 0;
}
