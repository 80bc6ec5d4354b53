"""What became of a capture's packets, as JSON, as a table, and in one line."""

from __future__ import annotations

import resource
import sys
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

from edgemtl.cli.output import note, print_json, print_table
from edgemtl.cli.reading import Refused
from edgemtl.flows import CaptureStats

__all__ = ["oversized", "print_statistics"]


def print_statistics(
    each: Sequence[CaptureStats], refused: Sequence[Refused], output: Path | None, as_json: bool
) -> None:
    """The JSON document, a table where there is no other output, else a line."""
    if as_json:
        document = {
            "captures": [_facts(stats) for stats in each],
            "refused": [capture._asdict() for capture in refused],
            "peak_rss_bytes": _peak_rss_bytes(),
        }
        print_json(document)
    elif each and output is None:
        _print(each)
    elif each:
        _say(each, output)


def _peak_rss_bytes() -> int:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak * (1 if sys.platform == "darwin" else 1024)  # macOS counts bytes, Linux KiB


def _facts(stats: CaptureStats) -> dict[str, Any]:
    names = [
        field.name for field in fields(stats) if field.name not in ("link_types", "open_flows")
    ]
    return {name: getattr(stats, name) for name in names}


def _print(each: Sequence[CaptureStats]) -> None:
    rows = [
        (s.path, s.packets, s.ip_packets, s.flow_packets, s.flows, _skipped(s), _remarks(s))
        for s in each
    ]
    columns = ("capture", "packets", "IP", "in flows", "flows", "skipped", "worth knowing")
    print_table("", columns, rows)


def _say(each: Sequence[CaptureStats], output: Path | None) -> None:
    total = _total(each)
    what = f"{_count(total.flows, 'flow')} of {_count(total.packets, 'packet')}"
    text = f"{what} in {output}; skipped: {_skipped(total)}"
    more = _remarks(total)
    note(f"{text}; {more}" if more else text)


def _total(each: Sequence[CaptureStats]) -> CaptureStats:
    """The counters of all captures together."""
    total = CaptureStats("")
    for field in fields(total):
        if field.type == "int":
            setattr(total, field.name, sum(getattr(stats, field.name) for stats in each))
    for stats in each:
        for reason, count in stats.skipped.items():
            total.skipped[reason] = total.skipped.get(reason, 0) + count
    return total


def _skipped(stats: CaptureStats) -> str:
    return ", ".join(f"{n} {reason}" for reason, n in stats.skipped.items() if n) or "none"


def _remarks(stats: CaptureStats) -> str:
    """What a reader of the flows should know, where there is anything."""
    each = (
        (stats.evicted, f"{_count(stats.evicted, 'flow')} ended for lack of room"),
        (stats.clock_back, f"{_count(stats.clock_back, 'packet')} with a clock that stepped back"),
        (stats.tunnelled, f"{_count(stats.tunnelled, 'packet')} in tunnels"),
        (stats.oversized, oversized(stats.oversized)),
        (stats.split, f"{_count(stats.split, 'packet')} split into {stats.segments} of the wire"),
    )
    return ", ".join(text for n, text in each if n > 0)


def oversized(n: int) -> str:
    """So many packets longer than the MTU, what they may be, and what to do."""
    return f"{_count(n, 'packet')} longer than the MTU: offload? edgemtl flows --split-offload"


def _count(n: int, noun: str) -> str:
    return f"{n} {noun}" if n == 1 else f"{n} {noun}s"
