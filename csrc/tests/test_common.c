/* SPDX-License-Identifier: Apache-2.0 */
#include "common/bytes.h"
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

static void test_every_status_has_a_line(void)
{
    for (int status = EMTL_E_SYSTEM; status <= EMTL_OK; status++)
        CHECK(strcmp(emtl_strerror(status), emtl_strerror(99)) != 0);
}

int main(void)
{
    test_loads();
    test_siphash_is_cpythons();
    test_every_status_has_a_line();
    puts("test_common: fine");
    return 0;
}
