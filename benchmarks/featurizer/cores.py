"""Many captures at once: `edgemtl flows` on one CPU and on two, in turns, in wall time."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from benchmarks.featurizer.captures import (
    KEPT,
    Capture,
    Flows,
    Packets,
    draw_flows,
    draw_packets,
    heavy_tailed,
    make,
    mixed_sizes,
)
from benchmarks.featurizer.run import BenchmarkError, Done, run

__all__ = ["cores"]

FILES = 8
Say = Callable[[str], None]


def part(rng: np.random.Generator) -> tuple[Flows, Packets]:
    """500 k packets, 10 k flows, of mixed sizes."""
    flows = draw_flows(rng, 10_000, tcp=0.7, ipv6=0.1)
    return flows, draw_packets(rng, flows, heavy_tailed(rng, 10_000, 500_000, 1.5), mixed_sizes)


def cores(folder: Path, rounds: int, say: Say) -> dict[str, Any] | None:
    """Seconds of each round on one CPU and on two; None where there is only one."""
    cpus = sorted(os.sched_getaffinity(0))
    if len(cpus) < 2:
        say("cores: this process may use one CPU only: left out")
        return None
    say(f"cores: making {FILES} captures")
    captures = [make(f"PART{i}", part, folder, seed=i) for i in range(FILES)]
    whole, one = [each[0] for each in captures], captures[0][2:]
    rows = [{"cpus": n, "startup_s": [], "wall_s": [], "cpu_s": []} for n in (1, 2)]
    for turn in range(rounds):
        for row in rows if turn % 2 else rows[::-1]:
            say(f"cores: {row['cpus']} of them: round {turn + 1} of {rounds}")
            row["startup_s"].append(_flows(one, folder, cpus[-row["cpus"] :]).wall_s)
            done = _flows(whole, folder, cpus[-row["cpus"] :])
            row["wall_s"].append(done.wall_s)
            row["cpu_s"].append(done.cpu_s)
    alone, both = (median(row["wall_s"]) - median(row["startup_s"]) for row in rows)
    return {"files": FILES, "rows": rows, "speedup": alone / both}


def _flows(captures: list[Capture], folder: Path, cpus: list[int]) -> Done:
    """`edgemtl flows` on these captures; its counts are the true ones."""
    command = [sys.executable, "-m", "edgemtl", "flows", *(str(each.path) for each in captures)]
    command += ["--packets", str(KEPT), "-o", str(folder / "parts.parquet"), "--json"]
    done = run(command, cpus)
    found = [(each["flow_packets"], each["flows"]) for each in json.loads(done.output)["captures"]]
    if found != [(each.packets, each.flows) for each in captures]:
        raise BenchmarkError(f"edgemtl flows on {len(captures)} captures: not their true counts")
    return done
