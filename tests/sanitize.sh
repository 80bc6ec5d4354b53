#!/bin/sh
# All tests but the slow ones, with the extension built under ASan and UBSan, in build/sanitize.
# Leaks are not looked for: CPython and its libraries leave much behind on purpose. `make -C csrc
# valgrind` looks for ours.
set -eu
python=$1
folder=build/sanitize
CFLAGS='-g -O1 -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=undefined' \
    "$python" setup.py --quiet build --build-base $folder/objects --build-lib $folder/lib

# libstdc++: ASan must find its exceptions before other libraries bring it in.
export LD_PRELOAD="$(cc -print-file-name=libasan.so) $(cc -print-file-name=libstdc++.so)"
export PYTHONMALLOC=malloc ASAN_OPTIONS=detect_leaks=0 UBSAN_OPTIONS=print_stacktrace=1
# For the programs that tests start, too: not the checkout's own extension.
export PYTHONSAFEPATH=1 PYTHONPATH="$PWD/$folder/lib:$PWD"
"$python" -c 'from edgemtl import _core; assert "/build/sanitize/" in _core.__file__, _core.__file__'
exec "$python" -m pytest -q -m 'not slow' -o pythonpath="$folder/lib ."
