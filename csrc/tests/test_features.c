/* SPDX-License-Identifier: Apache-2.0
 * tests/edgemtl/test_features.py compares with an oracle in numpy; here is what C alone sees. */
#include <math.h>

#include "emtl.h"
#include "tests/support.h"

static const int64_t iat_us[] = {0, 500000, 2000000, -7, 134217727};
static const int32_t length[] = {1500, 750, 0, 3000, 1500};
static const int32_t payload[] = {0, 300, 0, 1500, 0};
static const int8_t direction[] = {1, -1, 0, -1, 1};

/* Of three flows: of two packets, of none, of three. */
static void check_tensor(const emtl_feature_spec *spec, const float *want, size_t n)
{
    static const int64_t offsets[] = {0, 2, 2, 5};
    float got[3 * 2 * 4];
    CHECK_INT(emtl_features_fill(spec, iat_us, length, payload, direction, 5, offsets, 3, got),
              EMTL_OK);
    for (size_t i = 0; i < n; i++)
        CHECK(got[i] == want[i] && !signbit(got[i]) == !signbit(want[i]));
}

static void test_clip_signed_post(void)
{
    static const float want[] = {-1, 0, 0, 1, -0.5f, 0, 0, 0, 0, 0, 0, 0, 1, -1, 1, 0, -2, 1};
    const emtl_feature_spec spec = {3, EMTL_IAT_CLIP, 1500.0, 1, EMTL_PADDING_POST, EMTL_LENGTH_IP,
                                    0};
    check_tensor(&spec, want, COUNT(want));
}

static void test_log_unsigned_pre(void)
{
    const emtl_feature_spec spec = {4, EMTL_IAT_LOG, 1500.0, 0, EMTL_PADDING_PRE, EMTL_LENGTH_IP,
                                    0};
    static const int64_t first[] = {0, 2}, last[] = {4, 5};
    /* 2 * log2(500001) / 27 - 1 = 0.40233862… */
    static const float want[] = {0, 0, -1, 0.40233863f, 0, 0, 1, 0.5f};
    float got[8];
    CHECK_INT(emtl_features_fill(&spec, iat_us, length, payload, direction, 5, first, 1, got),
              EMTL_OK);
    for (size_t i = 0; i < 8; i++)
        CHECK(fabsf(got[i] - want[i]) < 1e-7f);
    CHECK_INT(emtl_features_fill(&spec, iat_us, length, payload, direction, 5, last, 1, got),
              EMTL_OK);
    CHECK(got[3] == 1.0f); /* 2^27 - 1 µs is the end of the scale */
}

static void test_payload_is_the_length(void)
{
    static const float want[] = {-1, 0, 0, -0.2f, 0, 0, 0, 0, 1, -1, 0, -1};
    const emtl_feature_spec spec = {
        2, EMTL_IAT_CLIP, 1500.0, 1, EMTL_PADDING_POST, EMTL_LENGTH_PAYLOAD, 0};
    check_tensor(&spec, want, COUNT(want));
}

/* The first flow's empty packet has 0 µs and leaves 500000; the last one's two seconds less 7 µs
 * come before its only packet that counts. */
static void test_empty_packets_are_skipped(void)
{
    static const float post[] = {0, 0, -0.5f, 0, 0, 0, 0, 0, 1, 0, -2, 0};
    static const float pre[] = {0, 0, 0, -0.2f, 0, 0, 0, 0, 0, 1, 0, -1};
    const emtl_feature_spec by_ip = {2, EMTL_IAT_CLIP, 1500.0, 1, EMTL_PADDING_POST, EMTL_LENGTH_IP,
                                     1};
    const emtl_feature_spec by_payload = {
        2, EMTL_IAT_CLIP, 1500.0, 1, EMTL_PADDING_PRE, EMTL_LENGTH_PAYLOAD, 1};
    check_tensor(&by_ip, post, COUNT(post));
    check_tensor(&by_payload, pre, COUNT(pre));
}

static void test_sums_end_at_the_ends_of_int64(void)
{
    static const int64_t wild[] = {INT64_MAX, INT64_MAX, INT64_MIN, INT64_MIN, INT64_MIN, -1};
    static const int32_t sizes[] = {0, 1, 0, 0, 0, 1};
    static const int8_t ways[] = {1, 1, 1, 1, 1, 1};
    static const int64_t offsets[] = {0, 6};
    const emtl_feature_spec spec = {2, EMTL_IAT_LOG, 1.0, 1, EMTL_PADDING_POST, EMTL_LENGTH_IP, 1};
    float got[4];
    CHECK_INT(emtl_features_fill(&spec, wild, sizes, sizes, ways, 6, offsets, 1, got), EMTL_OK);
    CHECK(got[0] == 1.0f && got[1] == -1.0f && got[2] == 1.0f && got[3] == 1.0f);
}

static void test_payload_is_asked_for_only_where_it_is_needed(void)
{
    static const int64_t offsets[] = {0, 5};
    emtl_feature_spec spec = {2, EMTL_IAT_LOG, 1.0, 1, EMTL_PADDING_POST, EMTL_LENGTH_IP, 0};
    float got[4];
    CHECK_INT(emtl_features_fill(&spec, iat_us, length, NULL, direction, 5, offsets, 1, got),
              EMTL_OK);
    spec.skip_empty = 1;
    CHECK_INT(emtl_features_fill(&spec, iat_us, length, NULL, direction, 5, offsets, 1, got),
              EMTL_E_ARG);
    spec.skip_empty = 0;
    spec.length_kind = EMTL_LENGTH_PAYLOAD;
    CHECK_INT(emtl_features_fill(&spec, iat_us, length, NULL, direction, 5, offsets, 1, got),
              EMTL_E_ARG);
}

static void test_refused(void)
{
    static const int64_t good[] = {0, 5}, falling[] = {3, 2}, past[] = {0, 6}, before[] = {-1, 2};
    static const int64_t wild[] = {0, INT64_MAX, 5}; /* its end fits, its middle does not */
    const emtl_feature_spec fine = {4, EMTL_IAT_LOG, 1.0, 0, EMTL_PADDING_PRE, EMTL_LENGTH_IP, 0};
    float got[16];
    const int64_t *offsets[] = {falling, past, before};
    for (size_t i = 0; i < COUNT(offsets); i++)
        CHECK_INT(
            emtl_features_fill(&fine, iat_us, length, payload, direction, 5, offsets[i], 1, got),
            EMTL_E_ARG);
    CHECK_INT(emtl_features_fill(&fine, iat_us, length, payload, direction, 5, wild, 2, got),
              EMTL_E_ARG);
    const emtl_feature_spec bad[] = {{0, 0, 1.0, 0, 0, 0, 0},  {EMTL_K_MAX + 1, 0, 1.0, 0, 0, 0, 0},
                                     {4, 2, 1.0, 0, 0, 0, 0},  {4, 0, 0.0, 0, 0, 0, 0},
                                     {4, 0, NAN, 0, 0, 0, 0},  {4, 0, HUGE_VAL, 0, 0, 0, 0},
                                     {4, 0, -1.0, 0, 0, 0, 0}, {4, 0, 1.0, 0, 2, 0, 0},
                                     {4, 0, 1.0, 0, 0, 2, 0}};
    for (size_t i = 0; i < COUNT(bad); i++)
        CHECK_INT(emtl_features_fill(&bad[i], iat_us, length, payload, direction, 5, good, 1, got),
                  EMTL_E_ARG);
}

int main(void)
{
    test_clip_signed_post();
    test_log_unsigned_pre();
    test_payload_is_the_length();
    test_empty_packets_are_skipped();
    test_sums_end_at_the_ends_of_int64();
    test_payload_is_asked_for_only_where_it_is_needed();
    test_refused();
    puts("test_features: fine");
    return 0;
}
