/* SPDX-License-Identifier: Apache-2.0 */
#include "emtl.h"

const char *emtl_strerror(int status)
{
    switch (status) {
    case EMTL_OK:
        return "no error";
    case EMTL_E_MALFORMED:
        return "a field contradicts another, or the standard";
    case EMTL_E_UNSUPPORTED:
        return "well formed, but of a kind that is not read";
    case EMTL_E_FULL:
        return "no room for more ended flows: take them, then go on";
    case EMTL_E_NOMEM:
        return "out of memory";
    case EMTL_E_ARG:
        return "an argument is outside its range";
    case EMTL_E_SYSTEM:
        return "the operating system refuses";
    default:
        return "unknown status";
    }
}
