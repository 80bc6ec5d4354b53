/* Addresses as text. SPDX-License-Identifier: Apache-2.0 */
#if !defined(_POSIX_C_SOURCE)
#define _POSIX_C_SOURCE 200112L
#endif
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "emtl.h"

/* What inet_ntop writes, without the printf behind it: text of a million flows is worth it. */
static void ipv4_text(const uint8_t address[4], char *text)
{
    for (int i = 0; i < 4; i++) {
        const unsigned byte = address[i];
        if (byte >= 100)
            *text++ = (char)('0' + byte / 100);
        if (byte >= 10)
            *text++ = (char)('0' + byte / 10 % 10);
        *text++ = (char)('0' + byte % 10);
        *text++ = i < 3 ? '.' : '\0';
    }
}

void emtl_address_text(int version, const uint8_t address[16], char text[EMTL_ADDRESS_TEXT])
{
    if (version != 6)
        ipv4_text(address, text);
    else if (inet_ntop(AF_INET6, address, text, EMTL_ADDRESS_TEXT) == NULL)
        text[0] = '\0'; /* cannot be: the room is enough */
}

void emtl_addresses_text(const uint8_t *version, const uint8_t *addresses, size_t n,
                         int64_t *offsets, char *text)
{
    offsets[0] = 0;
    for (size_t i = 0; i < n; i++) {
        char *here = text + offsets[i];
        emtl_address_text(version[i], addresses + 16 * i, here);
        offsets[i + 1] = offsets[i] + (int64_t)strlen(here);
    }
}
