"""The C core on its own: its own tests, and the build that its Makefile promises without make."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

CSRC = Path(__file__).resolve().parents[2] / "csrc"
LAYERS = ("common", "capture", "packet", "flow_table", "features", "meter", "live")


def run(*words, cwd=CSRC):
    done = subprocess.run(words, cwd=cwd, capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, f"{' '.join(map(str, words))}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def sanitized(tmp_path_factory):
    """Build and run the C tests under ASan and UBSan, in a folder of their own."""
    build = tmp_path_factory.mktemp("csrc")
    return build, run("make", f"-j{os.cpu_count()}", f"BUILD={build}", "test")


def test_c_tests_pass(sanitized):
    _, printed = sanitized
    tests = sorted(path.stem for path in (CSRC / "tests").glob("test_*.c"))
    assert [f"{test}: fine" for test in tests] == [
        line for line in printed.splitlines() if line.startswith("test_") and "fine" in line
    ]


def test_real_captures_under_sanitizers(sanitized, shared_data):
    build, _ = sanitized
    files = sorted(path for path in (shared_data / "captures").rglob("*") if path.is_file())
    assert len(files) > 1000
    lines = run(build / "checked/tests/read_files", *files).splitlines()
    assert len(lines) == len(files)
    outcomes = {line.split()[0] for line in lines}
    assert outcomes <= {"read", "no_ip", "cut", "damaged", "refused"}
    assert sum(line.startswith("read ") for line in lines) > 1000


@pytest.mark.parametrize("compiler", ["cc", "clang"])
def test_a_plain_compiler_line_builds_the_core(compiler, tmp_path):
    if shutil.which(compiler) is None:
        pytest.skip(f"no {compiler} here")
    sources = [path for layer in LAYERS for path in sorted((CSRC / layer).glob("*.c"))]
    words = ("-std=c99", "-Wall", "-Wextra", "-Wconversion", "-Wshadow", "-Werror", "-O2")
    run(compiler, *words, f"-I{CSRC}/include", f"-I{CSRC}", "-c", *sources, cwd=tmp_path)
    assert len(list(tmp_path.glob("*.o"))) == len(sources)


def test_the_header_stands_alone_in_c_and_cpp(tmp_path):
    include = '#include "emtl.h"\nint main(void) { return emtl_strerror(0) == 0; }\n'
    compilers = [(name, end) for name, end in (("cc", "c"), ("c++", "cpp")) if shutil.which(name)]
    assert compilers
    for name, end in compilers:
        source = tmp_path / f"alone.{end}"
        source.write_text(include)
        run(name, "-Wall", "-Wextra", "-Werror", f"-I{CSRC}/include", "-c", source, cwd=tmp_path)
