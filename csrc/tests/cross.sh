#!/bin/sh
# cross.sh BUILD CAPTURE…: the C tests, and the flows of the captures, on other machines: 32 bits, and
# the other byte order. Flows must be those of this machine (examples/flows in BUILD), to the letter.
set -eu
build=$1
shift

flows() { # of all captures, sorted: the order in which the last ones end is not promised
    for capture in "$@"; do
        $run "$program" "$capture" 2>&1 || true # what a damaged one says is compared as well
    done | sort
}

run='' program=$build/examples/flows
flows "$@" >"$build/flows.here"
for machine in arm-linux-gnueabihf:qemu-arm mips-linux-gnu:qemu-mips; do
    triple=${machine%:*} run=${machine#*:}
    if ! command -v "$triple-gcc" >/dev/null || ! command -v "$run" >/dev/null; then
        echo "test-cross: SKIPPED $triple: no $triple-gcc or no $run; make system-deps installs them"
        continue
    fi
    there=$build/$triple
    # gcc for these has no ASan of use under qemu; guard pages and UBSan's traps are there.
    make --no-print-directory BUILD="$there" CC="$triple-gcc" AR="$triple-ar" RUN="$run" \
        CFLAGS='-O2 -static' CHECKED='-O2 -static -fsanitize=undefined -fsanitize-undefined-trap-on-error' \
        test "$there/examples/flows"
    program=$there/examples/flows
    flows "$@" >"$there/flows"
    cmp "$build/flows.here" "$there/flows"
    echo "test-cross: $triple: tests pass, flows of $# captures are the same"
done
