"""Captures packed, from standard input and from pipes."""

import gzip
import os
import random
import subprocess
import sys
import threading
import time

import pytest

from edgemtl.flows import Capture, read_capture
from tests.edgemtl.flows.written import A, B, check_expected, packet, pcap, pcapng, zstd


def test_zstd(write):
    whole = pcapng()
    check_expected(read_capture(write(zstd(whole)))[0])
    check_expected(read_capture(write(zstd(whole[:99]) + zstd(whole[99:])))[0])
    skippable = b"\x50\x2a\x4d\x18\x04\0\0\0abcd"  # pzstd begins with one
    check_expected(read_capture(write(skippable + zstd(whole) + skippable))[0])


def test_standard_input():
    script = (
        "from edgemtl.flows import read_capture\n"
        "flows, stats = read_capture('-')\n"
        "print(flows['packets'].tolist(), flows['flow_id'][0], stats.warning)"
    )
    for data in (pcap(), gzip.compress(pcapng())):
        done = subprocess.run([sys.executable, "-c", script], input=data, capture_output=True)
        assert done.stdout.decode() == "[2, 3, 1] -:0 None\n", done.stderr.decode()


@pytest.mark.parametrize("cut", [2, 24])
def test_standard_input_that_does_not_wait(cut):
    """The writer is slow: nothing to read yet is no end."""
    script = (
        "import os\n"
        "os.set_blocking(0, False)\n"
        "print('set', flush=True)\n"
        "from edgemtl.flows import read_capture\n"
        "flows, stats = read_capture('-')\n"
        "print(flows['packets'].tolist(), stats.warning)"
    )
    done = subprocess.Popen(
        [sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0
    )
    assert done.stdout.readline() == b"set\n"
    for part in (pcap()[:cut], pcap()[cut:]):
        done.stdin.write(part)
        time.sleep(0.5)
    assert done.communicate()[0] == b"[2, 3, 1] None\n"


def test_pipe(tmp_path):
    """A pipe that gives one byte at a time, and whose size nobody knows."""
    path = tmp_path / "pipe"
    os.mkfifo(path)

    def feed():
        with path.open("wb", buffering=0) as pipe:
            for i in range(0, len(pcap())):
                pipe.write(pcap()[i : i + 1])

    writer = threading.Thread(target=feed)
    writer.start()
    seen = []
    capture = Capture(path, progress=lambda done, total: seen.append((done, total)))
    (flows,) = capture
    writer.join()
    check_expected(flows)
    assert seen[-1] == (len(pcap()), None)


@pytest.mark.parametrize("pack", [gzip.compress, zstd])
def test_packed_data_cut_or_changed(pack, write):
    frames = [(i, packet(A, B, 1, 2, 0)[:42] + random.Random(i).randbytes(99)) for i in range(9999)]
    packed = pack(pcap(frames))
    flows, stats = read_capture(write(packed[: len(packed) // 2]))
    assert 1000 < flows["packets"][0] < 9000
    assert stats.warning.startswith("packed data is damaged or cut (")
    changed = bytearray(packed)
    changed[-6] ^= 1  # a checksum (gzip), or the last block (zstd)
    _, stats = read_capture(write(changed))
    assert stats.packets > 1000
