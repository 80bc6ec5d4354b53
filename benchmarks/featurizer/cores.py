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
    Flows,
    Packets,
    draw_flows,
    draw_packets,
    heavy_tailed,
    make,
    mixed_sizes,
)
from benchmarks.featurizer.run import BenchmarkError, run

__all__ = ["cores"]

FILES = 8
Say = Callable[[str], None]


def part(rng: np.random.Generator) -> tuple[Flows, Packets]:
    """250 k packets, 5 k flows, of mixed sizes."""
    flows = draw_flows(rng, 5_000, tcp=0.7, ipv6=0.1)
    return flows, draw_packets(rng, flows, heavy_tailed(rng, 5_000, 250_000, 1.5), mixed_sizes)


def cores(folder: Path, rounds: int, say: Say) -> dict[str, Any] | None:
    """Wall seconds of each round on one CPU and on two; None where there is only one."""
    cpus = sorted(os.sched_getaffinity(0))
    if len(cpus) < 2:
        say("cores: this process may use one CPU only: left out")
        return None
    say(f"cores: making {FILES} captures")
    captures = [make(f"PART{i}", part, folder, seed=i)[0] for i in range(FILES)]
    command = [sys.executable, "-m", "edgemtl", "flows", *(str(each.path) for each in captures)]
    command += ["--packets", str(KEPT), "-o", str(folder / "parts.parquet"), "--json"]
    truth = [(each.packets, each.flows) for each in captures]
    wall_s: dict[int, list[float]] = {1: [], 2: []}
    for turn in range(rounds):
        for n in (1, 2) if turn % 2 else (2, 1):
            say(f"cores: {n} of them: round {turn + 1} of {rounds}")
            done = run(command, cpus[-n:])
            each = json.loads(done.output)["captures"]
            if [(one["flow_packets"], one["flows"]) for one in each] != truth:
                raise BenchmarkError(f"edgemtl flows on {FILES} captures: not their true counts")
            wall_s[n].append(done.wall_s)
    one, two = median(wall_s[1]), median(wall_s[2])
    return {"files": FILES, "wall_s": {"1": wall_s[1], "2": wall_s[2]}, "speedup": one / two}
