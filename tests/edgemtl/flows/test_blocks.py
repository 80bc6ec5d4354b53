"""Captures mapped into memory, and what others do to the files meanwhile."""

import fcntl
import mmap
import os
import subprocess
import sys

import numpy as np
import pytest

from edgemtl import _core
from edgemtl.flows import Capture, FlowConfig, blocks
from edgemtl.flows.blocks import Blocks
from edgemtl.flows.unpack import CaptureFile
from tests.edgemtl.flows.written import PACKETS, pcap

DATA = pcap() + b"".join(pcap([(us + i, frame)])[24:] for i in range(500) for us, frame in PACKETS)
EARLY = FlowConfig(packets=1, early=True)  # each flow is given out with its first packet


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "a.pcap"
    path.write_bytes(DATA)
    with CaptureFile(str(path)) as file:
        if Blocks(file)._mapped is None:
            pytest.skip("no read leases on this file system")
    return path


def read(blocks, step):
    """All that the blocks give, where at most `step` bytes of each are used."""
    out = b""
    while blocks.more():
        block = blocks.block()[:step]
        out += block.tobytes()
        blocks.use(len(block))
    return out + blocks.block().tobytes()


@pytest.mark.parametrize("window", [500, 4096, 1 << 23])
@pytest.mark.parametrize("step", [1000, 1 << 23])
def test_every_byte_comes_once(monkeypatch, path, window, step):
    monkeypatch.setattr(blocks, "WINDOW", window)
    with CaptureFile(str(path)) as file:
        mapped = Blocks(file)
        assert read(mapped, step) == DATA
        assert mapped._mapped and mapped.done == len(DATA)


def test_who_shortens_the_file_waits_until_it_is_read_instead(path):
    with CaptureFile(str(path)) as file:
        mapped = Blocks(file)
        mapped.more()
        assert mapped.block().tobytes() == DATA
        mapped.use(5000)
        other = f"import os; print(flush=True); os.truncate({str(path)!r}, 9000); print('done')"
        with subprocess.Popen([sys.executable, "-c", other], stdout=subprocess.PIPE) as child:
            child.stdout.readline()
            with pytest.raises(subprocess.TimeoutExpired):
                child.wait(0.5)
            assert len(mapped.block()) == 0  # gives the lease back
            assert child.wait(10) == 0
        assert read(mapped, 1 << 20) == DATA[5000:9000]


def test_flows_before_the_cut_are_kept(monkeypatch, path):
    def cutting(self):
        if self.done == 8192:  # another process shortens the file, after two windows
            cut = f"import os; os.truncate({str(path)!r}, 20_000)"
            with subprocess.Popen([sys.executable, "-c", cut]) as child:
                while fcntl.fcntl(self._file.fileno(), fcntl.F_GETLEASE) == fcntl.F_RDLCK:
                    os.sched_yield()
                self.block()
                assert child.wait(10) == 0
        return more(self)

    more = Blocks.more
    monkeypatch.setattr(blocks, "WINDOW", 4096)
    monkeypatch.setattr(Blocks, "more", cutting)
    capture = Capture(path)
    flows = list(capture)
    assert "cut at byte 20000: the flows before it are kept" in capture.stats.warning
    packets = sum(int(batch["packets"].sum()) for batch in flows)
    monkeypatch.undo()
    whole = Capture(path)
    assert packets == sum(int(batch["packets"].sum()) for batch in whole) > 30


def test_a_lease_that_was_taken_away(path):
    """As after lease-break-time: the file is shorter, nobody was asked."""
    with CaptureFile(str(path)) as file:
        mapped = Blocks(file)
        mapped.more()
        mapped.use(60)
        fcntl.fcntl(file.fileno(), fcntl.F_SETLEASE, fcntl.F_UNLCK)
        os.truncate(path, 100)
        assert len(mapped.block()) == 0
        assert read(mapped, 1 << 20) == DATA[60:100]


def test_a_file_that_is_written_to_is_read(path):
    with path.open("ab") as writer, CaptureFile(str(path)) as file:
        growing = Blocks(file)
        assert growing._mapped is None
        assert read(growing, 1 << 20) == DATA
        writer.write(b"more")
        writer.flush()
        assert read(growing, 1 << 20) == b"more"


def test_the_lease_ends_with_the_capture(path):
    for flows in (Capture(path, EARLY), Capture(path)):
        next(iter(flows))
        os.close(os.open(path, os.O_WRONLY | os.O_NONBLOCK))


@pytest.mark.parametrize("there", [5000, 70_000, 5_000_000])
def test_pages_that_are_not_there(tmp_path, there):
    with (tmp_path / "long").open("wb+") as file:
        file.write(bytes(6_000_000))
        file.flush()
        data = np.frombuffer(mmap.mmap(file.fileno(), 0), np.uint8)
        assert _core.pages_read(data, 100, len(data))
        file.truncate(there)
        assert _core.pages_read(data, 100, there)
        for end in (there + mmap.PAGESIZE, len(data)):
            assert not _core.pages_read(data, 100, end)
    with pytest.raises(ValueError, match="pages_read: 0 to"):
        _core.pages_read(data, 0, len(data) + 1)
    with pytest.raises(ValueError, match="pages_drop: 2 to 1"):
        _core.pages_drop(data, 2, 1)
