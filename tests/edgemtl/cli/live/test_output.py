"""What it writes while it runs: files, and a line at a terminal."""

import os
import select
import time

import pytest

from edgemtl.datasets import read_flows
from tests.edgemtl.cli.live.far_end import EDGEMTL, ROOT, end, listen, udp


def test_the_last_line_names_the_files_that_are_there(cable, folder):
    live = listen(cable, "-o", folder / "f.jsonl", "--rotate", "1h")
    with cable.sender() as sock:
        sock.send(udp("10.1.0.1", 1, "10.2.0.2", 443))
        time.sleep(0.3)
    line = end(live)[1].splitlines()[-1]
    assert line.startswith(f"1 flow of 1 packet in {folder}/f-*.jsonl; skipped: none")
    assert len(list(folder.glob("f-*.jsonl"))) == 1


@pytest.mark.parametrize(("rotate", "ending"), [("1s", "parquet"), ("20K", "jsonl")])
def test_files_change_while_it_runs_and_no_flow_is_lost(cable, folder, rotate, ending):
    live = listen(
        cable, "-o", folder / f"f.{ending}", "--rotate", rotate, "--idle-timeout", "1", "--json"
    )
    with cable.sender() as sock:
        for port in range(1, 501):
            sock.send(udp("10.1.0.1", port, "10.2.0.2", 443))
            time.sleep(0.008)
    end(live)
    files = sorted(folder.iterdir())
    assert len(files) >= 4
    assert all(path.name.startswith("f-20") and path.suffix == f".{ending}" for path in files)
    assert {path.owner() for path in files} == {"nobody"}
    if rotate == "20K":
        assert all(path.stat().st_size >= 20 << 10 for path in files[:-1])
    flows = read_flows([folder])  # also: no flow_id twice
    assert sorted(flows["src_port"].tolist()) == list(range(1, 501))


def read_until(terminal, text, seconds=10):
    """What a terminal shows, up to and with a text."""
    seen = b""
    while text not in seen:
        assert select.select([terminal], [], [], seconds)[0], seen
        seen += os.read(terminal, 4096)
    return seen


def test_a_terminal_shows_how_it_goes(cable):
    terminal, slave = os.openpty()
    words = (*EDGEMTL, "flows", "-i", "v")
    live = cable.start(cable.far, *words, env={**os.environ, "PYTHONPATH": str(ROOT)}, stderr=slave)
    read_until(terminal, b"Ctrl-C ends it")
    with cable.sender() as sock:
        for port in range(1, 8):
            sock.send(udp("10.1.0.1", port, "10.2.0.2", 443))
    read_until(terminal, b"v: 7 packets, 0 dropped, 7 flows open, 0 out")
    end(live)
    os.close(terminal)
    os.close(slave)
