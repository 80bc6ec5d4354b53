"""What edgemtl sees, and what it loses, of packets sent over a cable at a known rate.

One core sends, another runs `edgemtl flows -i`; the rate is that which was reached. Needs root,
iproute2, util-linux and a C compiler.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from benchmarks.live.cable import Cable
from edgemtl.cli.output import print_json, print_table

ROOT = Path(__file__).resolve().parents[2]
CC_FLAGS = ("-std=c99", "-O2", "-Wall", "-Wextra", "-Wconversion", "-Werror")


@dataclass(frozen=True)
class Run:
    """One run: packets, and seconds of one core."""

    asked_per_s: int
    reached_per_s: int
    sent: int
    seen: int
    dropped: int
    flows: int
    cpu_s: float


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.live",
        description=__doc__,
        epilog="example: python -m benchmarks.live --rates 100000 200000 --packets 2000000",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    option = parser.add_argument
    option("--rates", type=int, nargs="+", default=[200_000], help="packets a second (200000)")
    option("--packets", type=int, default=2_000_000, help="of each run (2000000)")
    option("--flows", type=int, default=19_000, help="that they belong to (19000)")
    option("--runs", type=int, default=3, help="at each rate (3)")
    option("--ring", default="32M", help="edgemtl's ring (32M)")
    option("--json", action="store_true", help="print a JSON document, no table")
    return parser.parse_args()


def measure(cable: Cable, send: Path, rate: int, args: argparse.Namespace) -> Run:
    listen, talk = sorted(os.sched_getaffinity(0))[:2]
    words = (sys.executable, "-m", "edgemtl", "flows", "-i", "v", "--ring", args.ring, "--json")
    live = cable.start(
        cable.far,
        "taskset",
        "-c",
        listen,
        *words,
        "-o",
        "/dev/null",
        "--format",
        "parquet",
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    if "listening" not in (line := live.stderr.readline()):
        raise SystemExit(line + live.stderr.read())
    before = cpu_s(live)
    out = cable.run(cable.near, "taskset", "-c", talk, send, "v", args.packets, rate, args.flows)
    sent, seconds = out.split()
    time.sleep(0.5)
    used = cpu_s(live) - before
    live.send_signal(signal.SIGTERM)
    told = json.loads(live.communicate(timeout=60)[0])["captures"][0]
    return Run(
        rate,
        round(int(sent) / float(seconds)),
        int(sent),
        told["packets"],
        told["dropped"],
        told["flows"],
        round(used, 2),
    )


def cpu_s(process: subprocess.Popen[str]) -> float:
    """Seconds that a process was on a core."""
    fields = Path(f"/proc/{process.pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def main() -> None:
    args = arguments()
    if len(os.sched_getaffinity(0)) < 2:
        raise SystemExit("python -m benchmarks.live: needs two cores: one sends, one listens")
    runs = []
    with tempfile.TemporaryDirectory(prefix="edgemtl-bench-") as folder, Cable() as cable:
        send = Path(folder, "send")
        source = Path(__file__).with_name("send.c")
        subprocess.run(["cc", *CC_FLAGS, source, "-o", send], check=True)
        for rate in args.rates:
            runs += [measure(cable, send, rate, args) for _ in range(args.runs)]
    if args.json:
        print_json({"ring": args.ring, "runs": [asdict(run) for run in runs]})
        return
    columns = ("asked /s", "reached /s", "sent", "seen", "dropped", "flows", "CPU s", "CPU %")
    rows = [
        (
            f"{r.asked_per_s:,}",
            f"{r.reached_per_s:,}",
            f"{r.sent:,}",
            f"{r.seen:,}",
            f"{r.dropped:,}",
            f"{r.flows:,}",
            r.cpu_s,
            f"{100 * r.cpu_s * r.reached_per_s / r.sent:.0f}",
        )
        for r in runs
    ]
    print_table("", columns, rows)


if __name__ == "__main__":
    main()
