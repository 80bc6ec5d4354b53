"""Memory of a flow, and pauses: the C core, fed a few packets at a time, each call timed."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.featurizer.captures import KEPT, make, many, many_ipv6
from benchmarks.featurizer.flood import MAX_FLOWS, syn_flood
from benchmarks.featurizer.run import one_cpu, run
from benchmarks.featurizer.settle import RESERVE

__all__ = ["bounds"]

PIECE = 64 * (16 + 60)  # bytes of 64 records of the shortest frames
Say = Callable[[str], None]
# What happens: a million flows open and then all end at once; and a full table, flow by flow.
CASES = (
    ("MANY", many, 1 << 20),
    ("MANY-IPV6", many_ipv6, 1 << 20),
    ("SYN-FLOOD", syn_flood, MAX_FLOWS),
)


def bounds(folder: Path, rounds: int, say: Say) -> list[dict[str, Any]]:
    """One row a case. Of the `rounds` runs all pauses are kept: the machine has a part in each."""
    rows = []
    for name, traffic, max_flows in CASES:
        say(f"{name}: making the capture")
        capture = make(name, traffic, folder)[0]
        command = [str(folder / "core"), str(capture.path), str(KEPT), str(max_flows), str(PIECE)]
        runs = []
        for turn in range(rounds):
            say(f"{name}: pauses: round {turn + 1} of {rounds}")
            with RESERVE.lent():
                runs.append(json.loads(run(command, one_cpu()).output))
        row = {key: runs[0][key] for key in ("open_flows", "evicted", "memory_bytes", "steps")}
        row["grown_bytes"] = max(each["grown_bytes"] for each in runs)
        pauses = {key: [each[key] for each in runs] for key in ("p50_us", "p999_us", "longest_us")}
        rows.append({"capture": name, "max_flows": max_flows, **row, **pauses})
    return rows
