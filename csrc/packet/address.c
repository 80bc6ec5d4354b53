/* Addresses as text. SPDX-License-Identifier: Apache-2.0 */
#if !defined(_POSIX_C_SOURCE)
#define _POSIX_C_SOURCE 200112L
#endif
#include <arpa/inet.h>
#include <stdio.h>
#include <sys/socket.h>

#include "emtl.h"

void emtl_address_text(int version, const uint8_t address[16], char text[EMTL_ADDRESS_TEXT])
{
    if (inet_ntop(version == 6 ? AF_INET6 : AF_INET, address, text, EMTL_ADDRESS_TEXT) == NULL)
        text[0] = '\0'; /* cannot be: the room is enough for both families */
}
