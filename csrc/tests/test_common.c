/* SPDX-License-Identifier: Apache-2.0 */
#include "common/ahead.h"
#include "common/bytes.h"
#include "common/memory.h"
#include "common/siphash.h"
#include "emtl.h"
#include "tests/support.h"

static void test_loads(void)
{
    const uint8_t p[8] = {1, 2, 3, 4, 5, 6, 7, 0xff};
    CHECK_INT(load_be16(p), 0x0102);
    CHECK_INT(load_le16(p), 0x0201);
    CHECK_INT(load_be32(p), 0x01020304);
    CHECK_INT(load_le32(p), 0x04030201);
    CHECK(load_be64(p) == 0x01020304050607ffu);
    CHECK(load_le64(p) == 0xff07060504030201u);
}

/* CPython 3.11 hashes bytes by SipHash-1-3, with a key of zeros where PYTHONHASHSEED is 0:
 * PYTHONHASHSEED=0 python3 -c 'print(hex(hash(b"a") & 2**64 - 1))' */
static void test_siphash_is_cpythons(void)
{
    static const struct {
        const char *text;
        uint64_t hash;
    } vectors[] = {{"a", 0x407448d2b89b1813u},
                   {"abcdefg", 0x6db12aae9070f506u},
                   {"abcdefgh", 0x3f7b849c0b8e35eau},
                   {"the flow table's key is forty bytes long", 0x5fbc7b551d7e9448u}};
    const emtl_hash_key zero = {0, 0}, other = {0, 1};
    for (size_t i = 0; i < COUNT(vectors); i++) {
        const uint8_t *data = (const uint8_t *)vectors[i].text;
        const size_t n = strlen(vectors[i].text);
        CHECK(emtl_siphash13(zero, data, n) == vectors[i].hash);
        CHECK(emtl_siphash13(other, data, n) != vectors[i].hash);
    }
}

/* Words whose last byte is the number of the bytes before it. */
static void test_siphash_of_words_is_that_of_bytes(void)
{
    static const uint8_t data[16] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 15};
    const uint64_t words[2] = {load_le64(data), load_le64(data + 8)};
    const emtl_hash_key key = {3, 4};
    CHECK(emtl_siphash13_words(emtl_sip_begin(key), words, 2) == emtl_siphash13(key, data, 15));
}

/* Zeros, wherever they are touched; what no machine has is refused. */
static void test_pages(void)
{
    const uint64_t n = 3 * 1024 * 1024;
    uint8_t *pages = emtl_pages_new(n, 2);
    CHECK(pages != NULL);
    for (size_t i = 0; i < 2 * n; i += 4095) {
        CHECK_INT(pages[i], 0);
        pages[i] = 1;
    }
    emtl_pages_free(pages, n, 2);
    CHECK(emtl_pages_new(UINT64_MAX / 4, 16) == NULL);
    emtl_pages_free(NULL, n, 2);
}

static size_t after_steps(emtl_ahead *ahead, size_t steps, const uint8_t *data)
{
    while (steps-- > 0)
        emtl_ahead_step(ahead);
    return (size_t)(ahead->next - data);
}

static void test_ahead_stays_ahead_and_inside(void)
{
    static const uint8_t data[100000];
    emtl_ahead ahead = emtl_ahead_start(data, sizeof data);
    CHECK_INT(after_steps(&ahead, 9, data), 0); /* nothing was planned */
    emtl_ahead_plan(&ahead, data + 6400, 6400, 10);
    CHECK(after_steps(&ahead, 1, data) > 6400); /* what was passed is not asked for */
    const size_t next = after_steps(&ahead, 9, data);
    CHECK(next >= 6400 + 6400 + EMTL_AHEAD_BYTES - EMTL_AHEAD_LINE);
    CHECK(next < 6400 + 6400 + EMTL_AHEAD_BYTES + 10 * EMTL_AHEAD_LINE);
    emtl_ahead_plan(&ahead, data + 90000, 6400, 10);
    const size_t last = after_steps(&ahead, 10, data);
    CHECK(last <= sizeof data && last > sizeof data - EMTL_AHEAD_LINE - ahead.step);
    emtl_ahead_plan(&ahead, data + sizeof data, 6400, 10);
    CHECK_INT(after_steps(&ahead, 10, data), sizeof data);
    ahead.next = data;
    emtl_ahead_plan(&ahead, data, 80000, 10); /* of long packets, most is never read */
    CHECK_INT(after_steps(&ahead, 10, data), 0);
}

static void test_every_status_has_a_line(void)
{
    for (int status = EMTL_E_SYSTEM; status <= EMTL_OK; status++)
        CHECK(strcmp(emtl_strerror(status), emtl_strerror(99)) != 0);
}

/* However often it is asked, all pages come and what was written stays. */
static void test_pages_are_touched_in_turn(void)
{
    enum { BYTES = 9 << 20 };
    uint8_t *pages = emtl_pages_new(BYTES, 1);
    size_t ready = 0;
    int turns = 0;
    for (size_t i = 0; i < BYTES; i += 4096)
        pages[i] = 7;
    CHECK(!emtl_pages_touch(pages, BYTES, 0, &ready));
    while (emtl_pages_touch(pages, BYTES, SIZE_MAX, &ready))
        turns++;
    CHECK(ready >= BYTES && turns >= 5 && turns <= 6);
    for (size_t i = 0; i < BYTES; i++)
        CHECK_INT(pages[i], i % 4096 == 0 ? 7 : 0);
    emtl_pages_free(pages, BYTES, 1);
}

int main(void)
{
    test_loads();
    test_siphash_is_cpythons();
    test_siphash_of_words_is_that_of_bytes();
    test_pages();
    test_ahead_stays_ahead_and_inside();
    test_every_status_has_a_line();
    test_pages_are_touched_in_turn();
    puts("test_common: fine");
    return 0;
}
