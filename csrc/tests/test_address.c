/* SPDX-License-Identifier: Apache-2.0 */
#define _POSIX_C_SOURCE 200112L
#include <arpa/inet.h>
#include <string.h>
#include <sys/socket.h>

#include "emtl.h"
#include "tests/support.h"

/* Every value of a byte, at every place. */
static void test_ipv4_is_as_inet_ntop_writes_it(void)
{
    for (int place = 0; place < 4; place++)
        for (int value = 0; value < 256; value++) {
            uint8_t address[16] = {10, 200, 0, 99};
            char want[EMTL_ADDRESS_TEXT], got[EMTL_ADDRESS_TEXT];
            address[place] = (uint8_t)value;
            CHECK(inet_ntop(AF_INET, address, want, sizeof want) != NULL);
            emtl_address_text(4, address, got);
            CHECK(strcmp(got, want) == 0);
        }
}

static void test_many_stand_behind_one_another(void)
{
    static const uint8_t version[] = {4, 6, 4};
    static const uint8_t addresses[3][16] = {
        {255, 255, 255, 255}, {0x20, 1, 0x0d, 0xb8, [15] = 1}, {1, 2, 3, 4}};
    static const char want[] = "255.255.255.2552001:db8::11.2.3.4";
    char got[3 * EMTL_ADDRESS_TEXT];
    int64_t offsets[4] = {-1, -1, -1, -1};
    emtl_addresses_text(version, addresses[0], 3, offsets, got);
    CHECK(memcmp(got, want, strlen(want)) == 0);
    CHECK(offsets[0] == 0 && offsets[1] == 15 && offsets[2] == 26 && offsets[3] == 33);
    offsets[0] = -1;
    emtl_addresses_text(version, addresses[0], 0, offsets, got);
    CHECK(offsets[0] == 0);
}

static void test_the_longest_fits(void)
{
    static const uint8_t version[] = {6};
    uint8_t address[16];
    char got[EMTL_ADDRESS_TEXT];
    int64_t offsets[2];
    memset(address, 0xff, sizeof address);
    emtl_addresses_text(version, address, 1, offsets, got);
    CHECK(offsets[1] == 39 && strcmp(got, "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff") == 0);
}

int main(void)
{
    test_ipv4_is_as_inet_ntop_writes_it();
    test_many_stand_behind_one_another();
    test_the_longest_fits();
    puts("test_address: fine");
    return 0;
}
