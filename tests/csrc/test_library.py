"""The C core as others use it: installed, found by pkg-config, linked into a program."""

import os
import re
import shutil
import subprocess
from collections import Counter
from pathlib import Path

import pytest

import edgemtl
from edgemtl.flows import FlowConfig, read_capture

ROOT = Path(__file__).resolve().parents[2]
CSRC = ROOT / "csrc"
CAPTURE = ROOT / "edgemtl/carried/at-once.pcap"
# What a library may ask of its host: memory, bytes, text, a logarithm; no output, no exit.
FORBIDDEN = {"printf", "fprintf", "puts", "perror", "exit", "abort", "stdout", "stderr", "getenv"}


def run(*words, **env):
    done = subprocess.run(
        words, cwd=CSRC, capture_output=True, text=True, env={**os.environ, **env}, check=False
    )
    assert done.returncode == 0, f"{' '.join(map(str, words))}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    folder = tmp_path_factory.mktemp("library")
    run("make", f"-j{os.cpu_count()}", f"BUILD={folder}/build", f"PREFIX={folder}", "install")
    return folder


@pytest.fixture(scope="module")
def pkg_config(installed):
    if shutil.which("pkg-config") is None:
        pytest.skip("no pkg-config here: `make system-deps`")

    def ask(*words):
        path = str(installed / "lib/pkgconfig")
        return run("pkg-config", *words, "emtl", PKG_CONFIG_PATH=path).split()

    return ask


def test_a_destination_is_put_in_front_for_packagers(installed, tmp_path):
    run("make", f"BUILD={installed}/build", "PREFIX=/usr", f"DESTDIR={tmp_path}", "install")
    files = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*.*")}
    assert files == {"usr/include/emtl.h", "usr/lib/libemtl.a", "usr/lib/pkgconfig/emtl.pc"}
    assert (tmp_path / "usr/lib/pkgconfig/emtl.pc").read_text().startswith("prefix=/usr\n")


def test_a_folder_may_be_named_from_here(installed, tmp_path):
    prefix = os.path.relpath(tmp_path / "here", CSRC)
    run("make", f"BUILD={installed}/build", f"PREFIX={prefix}", "install")
    text = (tmp_path / "here/lib/pkgconfig/emtl.pc").read_text()
    assert text.startswith(f"prefix={tmp_path}/here\n")


def test_the_version_is_that_of_the_package(pkg_config):
    assert pkg_config("--modversion") == [edgemtl.__version__]


@pytest.mark.parametrize("compiler", ["cc", "clang"])
def test_the_example_prints_the_flows_that_python_sees(compiler, installed, pkg_config):
    if shutil.which(compiler) is None:
        pytest.skip(f"no {compiler} here")
    program = installed / f"flows-{compiler}"
    words = ("-std=c99", "-Wall", "-Wextra", "-Wconversion", "-Wshadow", "-Werror")
    libraries = pkg_config("--cflags", "--libs")
    run(compiler, *words, CSRC / "examples/flows.c", *libraries, "-o", program)
    pattern = re.compile(r"(\S+) (\d+) (\S+) (\d+) (\d+): (\d+) packets, (\d+) bytes, (\d+) us, ")
    printed = Counter(pattern.match(line).groups() for line in run(program, CAPTURE).splitlines())
    flows, _ = read_capture(CAPTURE, FlowConfig(packets=20, max_flows=100_000))
    names = ("src", "src_port", "dst", "dst_port", "protocol", "packets", "bytes")
    columns = [flows[name].tolist() for name in names]
    columns.append([round(seconds * 1e6) for seconds in flows["duration_s"]])
    assert printed == Counter(tuple(map(str, row)) for row in zip(*columns, strict=True))


@pytest.mark.parametrize(
    ("content", "status", "said"),
    [
        (None, 2, "No such file or directory"),
        (b"GIF89a", 1, "neither pcap nor pcapng: first bytes 0x47494638"),
        (CAPTURE.read_bytes()[:-1], 1, f"cut at byte {CAPTURE.stat().st_size - 1}"),
    ],
)
def test_the_example_says_what_is_wrong(installed, pkg_config, tmp_path, content, status, said):
    program, path = tmp_path / "flows", tmp_path / "file"
    run("cc", CSRC / "examples/flows.c", *pkg_config("--cflags", "--libs"), "-o", program)
    if content is not None:
        path.write_bytes(content)
    done = subprocess.run([program, path], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (status, f"{path}: {said}\n")


def symbols(installed, *words):
    if shutil.which("nm") is None:
        pytest.skip("no nm here")
    lines = run("nm", *words, installed / "lib/libemtl.a").splitlines()
    return [line.split() for line in lines if line and not line.endswith(":")]


def test_no_global_state(installed):
    """No variable that lasts or is shared: code and constants alone."""
    kinds = {words[-1]: words[-2] for words in symbols(installed, "--defined-only")}
    assert {name for name, kind in kinds.items() if kind not in "tTrR"} == set()
    shared = {name for name, kind in kinds.items() if kind.isupper()}
    assert all(name.startswith("emtl_") for name in shared), shared


def test_no_output_and_no_exit(installed):
    asked = {words[-1].split("@")[0] for words in symbols(installed, "--undefined-only")}
    assert "calloc" in asked
    assert asked & FORBIDDEN == set()
