"""What became of a capture's packets, as JSON, as a table, and in one line."""

from __future__ import annotations

import resource
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from edgemtl.cli.output import note, print_json, print_table
from edgemtl.flows import CaptureStats

__all__ = ["print_statistics"]


def print_statistics(each: Sequence[CaptureStats], output: Path | None, as_json: bool) -> None:
    """The JSON document, a table where there is no other output, else a line."""
    if as_json:
        print_json({"captures": [_facts(s) for s in each], "peak_rss_bytes": _peak_rss_bytes()})
    elif each and output is None:
        _print(each)
    elif each:
        _say(each, output)


def _peak_rss_bytes() -> int:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak * (1 if sys.platform == "darwin" else 1024)  # macOS counts bytes, Linux KiB


def _facts(stats: CaptureStats) -> dict[str, Any]:
    return {
        "path": str(stats.path),
        "packets": stats.packets,
        "ip_packets": stats.ip_packets,
        "flow_packets": stats.flow_packets,
        "flows": stats.flows,
        "evicted": stats.evicted,
        "clock_back": stats.clock_back,
        "skipped": stats.skipped,
        "warning": stats.warning,
    }


def _print(each: Sequence[CaptureStats]) -> None:
    rows = [
        (s.path, s.packets, s.ip_packets, s.flow_packets, s.flows, _skipped(s.skipped))
        for s in each
    ]
    columns = ("capture", "packets", "IP", "in flows", "flows", "skipped")
    print_table("", columns, rows)


def _say(each: Sequence[CaptureStats], output: Path | None) -> None:
    skipped: dict[str, int] = {}
    for stats in each:
        for reason, count in stats.skipped.items():
            skipped[reason] = skipped.get(reason, 0) + count
    count = sum(s.flows for s in each)
    total = sum(s.packets for s in each)
    note(f"{count} flows of {total} packets in {output}; skipped: {_skipped(skipped)}")


def _skipped(reasons: dict[str, int]) -> str:
    return ", ".join(f"{n} {reason}" for reason, n in reasons.items() if n) or "none"
