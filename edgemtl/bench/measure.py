"""One file in one runtime, in a process of its own: so memory and caches are that file's alone.

Run as ``python measure.py MODEL RUNTIME CALLS INPUTS.npz``; prints JSON.
"""

from __future__ import annotations

import gc
import json
import os
import sys
from pathlib import Path
from typing import Any

import numpy as np

from edgemtl.bench.device import percentiles_us
from edgemtl.errors import EdgemtlError
from edgemtl.models.metrics import head_metrics
from edgemtl.runtime import load

__all__ = ["measure"]

DIFFERENT = 256  # flows that the timed calls take in turn


def measure(path: Path, runtime: str, calls: int, inputs: Path) -> dict[str, Any]:
    """Latency of `calls` predictions of one flow each, memory, and metrics of each head.

    Parameters
    ----------
    inputs : Path
        NumPy archive: ``x``, float32 (n, 2, k), and class numbers by head, where they are known.

    Returns
    -------
    dict
        ``p50_us``, ``p95_us``, ``p99_us``: of `Model.predict`, its checks included. ``rss_bytes``:
        by how much the process grew from before the runtime was imported until the calls were
        done; None where /proc is not there. ``heads``: None without class numbers.
    """
    with np.load(inputs) as archive:
        arrays = dict(archive)
    x = arrays.pop("x")
    before = _resident_bytes()
    model = load(path, runtime, threads=1)
    single = [x[i : i + 1] for i in range(min(len(x), DIFFERENT))]
    gc.disable()
    row: dict[str, Any] = percentiles_us(lambda i: model.predict(single[i % len(single)]), calls)
    gc.enable()
    after = _resident_bytes()
    row["rss_bytes"] = None if before is None or after is None else after - before
    row["heads"] = None
    if arrays:
        p = model.predict(x)
        row["heads"] = {head: head_metrics(p[head], y) for head, y in arrays.items()}
    return row


def _resident_bytes() -> int | None:
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    except OSError:
        return None
    return pages * os.sysconf("SC_PAGE_SIZE")


if __name__ == "__main__":
    try:
        model, runtime, calls, inputs = sys.argv[1:]
        print(json.dumps(measure(Path(model), runtime, int(calls), Path(inputs))))
    except EdgemtlError as error:
        sys.exit(str(error))
