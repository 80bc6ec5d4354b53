"""Who reads the captures: how each is run, what it answers, and how it is installed.

Each keeps the first KEPT packets of each flow. A peer is a program run anew for each round. The
`loops` and our own programs time their work themselves and print JSON; commands are timed from
outside. What `starts` is also timed on a capture of one packet, and that is taken off.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.featurizer.captures import KEPT
from benchmarks.featurizer.run import one_cpu, run

__all__ = ["ANSWERS", "PEERS", "Peer", "build", "nfstream_python"]

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
ANSWERS = ("packets", "flows", "bytes", "kept")  # that a peer may give; as in captures.Capture
TSHARK_FIELDS = (
    *("frame.time_epoch", "ip.src", "ipv6.src", "ip.dst", "ipv6.dst", "ip.proto", "ipv6.nxt"),
    *("ip.len", "ipv6.plen", "tcp.srcport", "udp.srcport", "tcp.dstport", "udp.dstport"),
    *("tcp.stream", "udp.stream"),
)


@dataclass(frozen=True)
class Peer:
    """One reader of captures."""

    name: str
    command: Callable[[Path, Path], list[str]]  # capture, the benchmark's folder
    answer: Callable[[str, Path], dict[str, Any]]  # its output, the folder: some of ANSWERS
    limit: int | None = None  # packets: of a longer capture it reads the first FIRST
    is_command: bool = False
    starts: bool = False
    version: Callable[[Path], str | None] = lambda folder: None
    missing: Callable[[Path], str | None] = lambda folder: None  # how to install it


def build(folder: Path) -> None:
    """Compile the C programs into `folder`; the core is the library that its Makefile builds."""
    csrc = ROOT / "csrc"
    run(["make", "-C", str(csrc)], one_cpu())
    for name in ("walk", "core"):
        command = ["cc", "-std=c99", "-O2", f"-I{csrc}/include", str(HERE / f"{name}.c")]
        command += [str(csrc / "build" / "libemtl.a"), "-lm", "-o", str(folder / name)]
        run(command, one_cpu())


def nfstream_python(folder: Path) -> Path:
    """NFStream pins packages, so it has an environment of its own."""
    return folder / "nfstream" / "bin" / "python"


def last_line(output: str, folder: Path) -> dict[str, Any]:
    answer: dict[str, Any] = json.loads(output.splitlines()[-1])
    return answer


def edgemtl_answer(output: str, folder: Path) -> dict[str, Any]:
    (capture,) = json.loads(output)["captures"]
    return {"packets": capture["flow_packets"], "flows": capture["flows"]}


def tshark_answer(output: str, folder: Path) -> dict[str, Any]:
    """A line a packet; its flows are the streams of TCP and those of UDP."""
    rows = [line.split("\t") for line in output.splitlines()]
    return {"packets": len(rows), "flows": len({(row[-2], row[-1]) for row in rows})}


def found(program: str, how: str) -> Callable[[Path], str | None]:
    return lambda folder: None if shutil.which(program) else how


def first_line(*command: str) -> str | None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return (done.stdout + done.stderr).strip().partition("\n")[0] or None


def nfstream_missing(folder: Path) -> str | None:
    if nfstream_python(folder).exists():
        return None
    own = folder / "nfstream"
    return f"make bench-peers, or: python3 -m venv {own} && {own}/bin/pip install nfstream"


def nfstream_version(folder: Path) -> str | None:
    show = "from importlib.metadata import version; print('nfstream', version('nfstream'))"
    return first_line(str(nfstream_python(folder)), "-c", show)


def loop(name: str, python: Callable[[Path], str]) -> Callable[[Path, Path], list[str]]:
    script = str(HERE / f"{name}.py")
    return lambda capture, folder: [python(folder), script, str(capture), str(KEPT)]


def this_python(folder: Path) -> str:
    return sys.executable


PEERS = (
    Peer("walk", lambda capture, folder: [str(folder / "walk"), "mmap", str(capture)], last_line),
    Peer(
        "walk, by read()",
        lambda capture, folder: [str(folder / "walk"), "read", str(capture)],
        last_line,
    ),
    Peer(
        "edgemtl, C core",
        lambda capture, folder: [str(folder / "core"), str(capture), str(KEPT), "1048576"],
        last_line,
    ),
    Peer("edgemtl, into memory", loop("edgemtl_memory", this_python), last_line),
    Peer(
        "edgemtl flows, into Parquet",
        lambda capture, folder: [
            *(sys.executable, "-m", "edgemtl", "flows", str(capture), "--packets", str(KEPT)),
            *("-o", str(folder / "flows.parquet"), "--json"),
        ],
        edgemtl_answer,
        is_command=True,
        starts=True,
    ),
    Peer(
        "ipfixprobe",
        lambda capture, folder: [
            *("ipfixprobe", "-i", f"pcap;file={capture}", "-p", "pstats", "-o", "text")
        ],
        lambda output, folder: {},
        is_command=True,
        starts=True,
        version=lambda folder: first_line("ipfixprobe", "-V"),
        missing=found("ipfixprobe", "build it from github.com/CESNET/ipfixprobe, with pcap"),
    ),
    Peer(
        "NFStream",
        loop("nfstream_loop", lambda folder: str(nfstream_python(folder))),
        last_line,
        limit=1_000_000,
        starts=True,
        version=nfstream_version,
        missing=nfstream_missing,
    ),
    Peer(
        "tshark -T fields",
        lambda capture, folder: [
            *("tshark", "-n", "-r", str(capture), "-T", "fields"),
            *(word for field in TSHARK_FIELDS for word in ("-e", field)),
        ],
        tshark_answer,
        limit=100_000,
        is_command=True,
        starts=True,
        version=lambda folder: first_line("tshark", "--version"),
        missing=found("tshark", "apt-get install tshark"),
    ),
    Peer("dpkt loop", loop("dpkt_loop", this_python), last_line, limit=100_000),
)
