"""The benchmark's figures, beside what is wanted of them, as one document and as tables."""

from __future__ import annotations

import platform
import shlex
import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime, timezone
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.featurizer.peers import ANSWERS
from benchmarks.featurizer.rates import Timing, ratio
from edgemtl import __version__
from edgemtl.bench.device import device_name
from edgemtl.cli.output import print_table

__all__ = ["about", "aims", "print_report"]

OURS, COMMAND, WALK = "edgemtl, into memory", "edgemtl flows, into Parquet", "walk"
# Of rates: the first over the second, each on one capture.
RATIOS = (
    ("BIG into memory: × the walk", ("BIG", OURS), ("BIG", WALK)),
    ("BIG into memory: × NFStream", ("BIG", OURS), ("BIG", "NFStream")),
    ("BIG into memory: × ipfixprobe", ("BIG", OURS), ("BIG", "ipfixprobe")),
    ("BIG into Parquet, as a command: × the walk", ("BIG", COMMAND), ("BIG", WALK)),
    ("MANY into memory: × BIG into memory", ("MANY", OURS), ("BIG", OURS)),
)
AIMS = {
    "BIG into memory: × the walk": ("≥", 1.2),
    "BIG into memory: × NFStream": ("≥", 80),
    "BIG into memory: × ipfixprobe": ("≥", 10),
    "BIG into Parquet, as a command: × the walk": ("≥", 0.6),
    "MANY into memory: × BIG into memory": ("≥", 0.6),
    "MANY: bytes a flow": ("≤", 200),
    "MANY: longest pause, ms": ("≤", 5),
    "MANY-IPV6: bytes a flow": ("≤", 200),
    "MANY-IPV6: longest pause, ms": ("≤", 5),
    "SYN-FLOOD: longest pause, ms": ("≤", 5),
    "SYN-FLOOD: % of established flows whole": ("≥", 100),
    "UDP-FLOOD: % of established flows whole": ("≥", 100),
    "ANSWERED-FLOOD: % of established flows whole": ("≥", 100),
    "many files: two cores × one": ("≥", 1.8),
}


def about(versions: dict[str, str | None]) -> dict[str, Any]:
    """Where, when and of what the figures are."""
    root = Path(__file__).parents[2]
    git = ["git", "-C", str(root), "describe", "--always", "--dirty", "--abbrev=12"]
    commit = subprocess.run(git, capture_output=True, text=True, check=False).stdout.strip()
    return {
        "command": "python -m benchmarks.featurizer " + shlex.join(sys.argv[1:]),
        "date": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "commit": commit or None,
        "machine": device_name(),
        "system": platform.platform(),
        "python": platform.python_version(),
        "versions": {"edgemtl": __version__, **versions},
    }


def aims(document: dict[str, Any], timings: list[Timing]) -> list[dict[str, Any]]:
    """What is wanted, what was found, and whether that is enough; of those measured in this run."""
    rows = []
    for name, value in _found(document, timings):
        sense, wanted = AIMS[name]
        met = value >= wanted if sense == "≥" else value <= wanted
        rows.append({"aim": name, "found": value, "wanted": f"{sense} {wanted:g}", "met": met})
    return rows


def _found(document: dict[str, Any], timings: list[Timing]) -> Iterator[tuple[str, float]]:
    rate = {(each.capture, each.peer): each.rate for each in timings}
    for name, ours, theirs in RATIOS:
        if ours in rate and theirs in rate:
            yield name, rate[ours] / rate[theirs]
    for row in document["bounds"]:
        if f"{row['capture']}: bytes a flow" in AIMS:
            yield f"{row['capture']}: bytes a flow", row["memory_bytes"] / row["open_flows"]
        yield f"{row['capture']}: longest pause, ms", max(row["longest_us"]) / 1e3
    for row in document["flood"]:
        name = f"{row['capture']}: % of established flows whole"
        if name in AIMS:
            yield name, 100 * row["whole"] / row["established"]
    if document["cores"]:
        yield "many files: two cores × one", document["cores"]["speedup"]


def print_report(document: dict[str, Any], timings: list[Timing]) -> None:
    """All that `document` holds, as tables."""
    facts = document["about"]
    print(f"{facts['machine']}, {facts['system']}, Python {facts['python']}, {facts['commit']}")
    for name in dict.fromkeys(each.capture.removesuffix("-first") for each in timings):
        _print_rates(name, [t for t in timings if t.capture.removesuffix("-first") == name])
    if document["bounds"]:
        _print_bounds(document["bounds"])
    if document["flood"]:
        _print_flood(document["flood"])
    if cores := document["cores"]:
        _print_cores(cores)
    if document["aims"]:
        rows = [
            (row["aim"], f"{row['found']:.4g}", row["wanted"], "yes" if row["met"] else "NO")
            for row in document["aims"]
        ]
        print_table("Aims", ("aim", "found", "wanted", "met"), rows)


def _print_rates(name: str, timings: list[Timing]) -> None:
    by_peer = {each.peer: each for each in timings}
    rows = []
    for each in timings:
        rates = [rate / 1e6 for rate in each.rates]
        walk, ours = by_peer.get(WALK), by_peer.get(OURS)
        rows.append(
            (
                each.peer,
                f"{each.packets:,}",
                _spread(rates, "{:.2f}" if each.rate > 1e6 else "{:.3f}"),
                "–" if walk is None else _ratio(each, walk),
                "–" if ours is None or each is ours else _ratio(ours, each),
                f"{each.startup_s:.2f}" if each.startup_s else "–",
                f"{median(w / c for w, c in zip(each.wall_s, each.cpu_s, strict=True)):.2f}",
                "all" if each.answers == ANSWERS else ", ".join(each.answers) or "–",
            )
        )
    columns = (
        "reader",
        "packets",
        "M packets/s",
        "× the walk",
        "into memory × it",
        "start-up s",
        "wall/CPU",
        "equal",
    )
    rounds = len(timings[0].cpu_s)
    title = f"{name}: one core, CPU time; median (least–most) of {rounds}; start-up is taken off"
    print_table(title, columns, rows)


def _print_bounds(rows: list[dict[str, Any]]) -> None:
    body = [
        (
            row["capture"],
            f"{row['max_flows']:,}",
            f"{row['open_flows']:,}",
            f"{row['evicted']:,}",
            f"{row['memory_bytes'] / row['open_flows']:.0f}",
            f"{row['grown_bytes'] / row['open_flows']:.0f}",
            f"{row['steps']:,}",
            *(_spread(row[key], "{:,.0f}") for key in ("p50_us", "p999_us", "longest_us")),
        )
        for row in rows
    ]
    columns = (
        "capture",
        "max flows",
        "then open",
        "evicted",
        "bytes a flow",
        "process grew",
        "steps",
        "median µs",
        "99.9 % µs",
        "longest µs",
    )
    print_table("C core, 64 packets a step; CPU time of each step", columns, body)


def _print_cores(cores: dict[str, Any]) -> None:
    seconds = ("wall_s", "startup_s", "cpu_s")
    body = [
        (row["cpus"], *(_spread(row[key], "{:.2f}") for key in seconds)) for row in cores["rows"]
    ]
    title = (
        f"edgemtl flows on {cores['files']} captures, into Parquet: "
        f"two cores are {cores['speedup']:.2f} × one, start-up taken off"
    )
    print_table(title, ("cores", "wall s", "of these start-up", "CPU s"), body)


def _print_flood(rows: list[dict[str, Any]]) -> None:
    body = [
        (
            row["capture"],
            f"{row['max_flows']:,}",
            f"{row['whole']:,} of {row['established']:,}",
            f"{row['newcomers_whole']:,} of {row['newcomers']:,}",
            f"{row['flows']:,}",
            f"{row['evicted']:,}",
            _spread([row["packets"] / s / 1e6 for s in row["cpu_s"]], "{:.2f}"),
            f"{row['memory_bytes'] / 1e6:.1f}",
            f"{row['grown_bytes'] / 1e6:.1f}",
        )
        for row in rows
    ]
    columns = (
        "1 M new flows in a second",
        "max flows",
        "established: whole",
        "newcomers: whole",
        "flows",
        "evicted",
        "M packets/s",
        "flows' MB",
        "process grew, MB",
    )
    print_table("Floods", columns, body)


def _spread(values: list[float], form: str) -> str:
    return f"{form} ({form}–{form})".format(median(values), min(values), max(values))


def _ratio(ours: Timing, theirs: Timing) -> str:
    middle, least, most = (f"{x:.2g}" if x < 100 else f"{x:.0f}" for x in ratio(ours, theirs))
    return f"{middle} ({least}–{most})"
