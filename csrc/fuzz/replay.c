/* Gives each file named to a fuzz target, once. SPDX-License-Identifier: Apache-2.0 */
#include "fuzz/fuzz.h"

int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        size_t size;
        uint8_t *data = read_file(argv[i], &size);
        (void)LLVMFuzzerTestOneInput(data, size);
        free(data);
    }
    printf("%s: %d inputs, fine\n", argv[0], argc - 1);
    return 0;
}
