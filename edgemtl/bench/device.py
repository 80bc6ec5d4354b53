"""What this device is called, and how fast it makes features."""

from __future__ import annotations

import platform
from collections.abc import Callable
from pathlib import Path
from time import perf_counter_ns

import numpy as np

from edgemtl.features import FeatureSpec
from edgemtl.flows import Flows

__all__ = ["device_name", "features_us", "invented_flows", "percentiles_us"]


def device_name() -> str:
    """The board, as the device tree of single-board computers has it, or the processor."""
    try:
        board = Path("/proc/device-tree/model").read_text(encoding="utf-8")
        return board.rstrip("\0").strip()
    except OSError:
        pass
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            name, _, value = line.partition(":")
            if name.strip() in ("model name", "cpu model", "Model", "Hardware"):
                return value.strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def invented_flows(n: int, k: int) -> Flows:
    """n flows of k packets, drawn at random: for times, which depend little on values."""
    rng = np.random.default_rng(0)
    iat_us = rng.integers(1, 100_000, n * k)
    iat_us[::k] = 0
    length = rng.integers(40, 1500, n * k, dtype=np.int32)
    direction = rng.choice(np.array([1, -1], np.int8), n * k)
    return Flows(iat_us, length, direction, np.arange(n + 1) * k, payload=length)


def features_us(spec: FeatureSpec) -> dict[str, float]:
    """µs a flow to make features of k packets: one flow at a time, and of a thousand at once."""
    many = invented_flows(1000, spec.k)
    one = many.select([0])
    alone = percentiles_us(lambda i: one.tensor(spec), 1000)["p50_us"]
    together = percentiles_us(lambda i: many.tensor(spec), 20)["p50_us"]
    return {"one_flow_us": alone, "of_many_us": together / len(many)}


def percentiles_us(call: Callable[[int], object], calls: int) -> dict[str, float]:
    """Percentiles of the time of call(i), after a tenth as many calls for warming up."""
    for i in range(max(1, calls // 10)):
        call(i)
    times = np.empty(calls)
    for i in range(calls):
        start = perf_counter_ns()
        call(i)
        times[i] = perf_counter_ns() - start
    p50, p95, p99 = np.percentile(times, (50, 95, 99)) / 1e3
    return {"p50_us": float(p50), "p95_us": float(p95), "p99_us": float(p99)}
