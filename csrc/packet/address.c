/* Addresses as text. SPDX-License-Identifier: Apache-2.0 */
#if !defined(_POSIX_C_SOURCE)
#define _POSIX_C_SOURCE 200112L
#endif
#include <arpa/inet.h>
#include <string.h>
#include <sys/socket.h>

#include "emtl.h"

/* A byte in decimal with a dot behind it, and how long that is. */
typedef struct {
    char text[4];
    uint32_t length;
} decimal;

static decimal decimal_of(unsigned byte)
{
    decimal d = {{0}, 0};
    if (byte >= 100)
        d.text[d.length++] = (char)('0' + byte / 100);
    if (byte >= 10)
        d.text[d.length++] = (char)('0' + byte / 10 % 10);
    d.text[d.length++] = (char)('0' + byte % 10);
    d.text[d.length++] = '.';
    return d;
}

static char *put_decimal(char *text, decimal d)
{
    memcpy(text, d.text, sizeof d.text); /* what is too much is overwritten */
    return text + d.length;
}

static void ipv6_text(const uint8_t address[16], char text[EMTL_ADDRESS_TEXT])
{
    if (inet_ntop(AF_INET6, address, text, EMTL_ADDRESS_TEXT) == NULL)
        text[0] = '\0'; /* cannot be: the room is enough */
}

void emtl_address_text(int version, const uint8_t address[16], char text[EMTL_ADDRESS_TEXT])
{
    if (version == 6) {
        ipv6_text(address, text);
        return;
    }
    for (int i = 0; i < 4; i++)
        text = put_decimal(text, decimal_of(address[i]));
    text[-1] = '\0';
}

void emtl_addresses_text(const uint8_t *version, const uint8_t *addresses, size_t n,
                         int64_t *offsets, char *text)
{
    decimal decimals[256]; /* bytes of a million flows have digits that no branch foretells */
    for (unsigned byte = 0; byte < 256; byte++)
        decimals[byte] = decimal_of(byte);
    offsets[0] = 0;
    for (size_t i = 0; i < n; i++, addresses += 16) {
        char *end = text + offsets[i];
        if (version[i] == 6) {
            ipv6_text(addresses, end);
            end += strlen(end);
        } else {
            for (int j = 0; j < 4; j++)
                end = put_decimal(end, decimals[addresses[j]]);
            end--; /* the last dot */
        }
        offsets[i + 1] = end - text;
    }
}
