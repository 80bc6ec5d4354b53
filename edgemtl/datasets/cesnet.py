"""CESNET's data sets: TLS22, QUIC22, TLS-Year22 and QUICEXT-25, as published or as DataZoo frames.

Columns and units: https://cesnet.github.io/cesnet-datazoo/features/ (docs/features.md of
CESNET/cesnet-datazoo) and table 2 of https://doi.org/10.1038/s41597-024-03927-4.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from edgemtl.datasets.ipfixprobe import ENDS
from edgemtl.datasets.listed import Listed, Source
from edgemtl.datasets.sources import Row
from edgemtl.datasets.values import (
    LENGTH_MAX,
    count,
    ends,
    gaps_of_ms,
    instants,
    is_set,
    matrix,
    seconds,
    text,
    whole,
)
from edgemtl.flows import NULL

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["CESNET"]

# In frames the names are short. What ends a flow as "other" is not told.
REASONS = {
    "FLOW_ENDREASON_IDLE": "idle", "FEND_IDLE": "idle",
    "FLOW_ENDREASON_ACTIVE": "active", "FEND_ACTIVE": "active",
    "FLOW_ENDREASON_END": "end_of_flow", "FEND_END": "end_of_flow",
}  # fmt: skip
TOTALS = ("BYTES", "BYTES_REV", "PACKETS", "PACKETS_REV", "DURATION")
PPI_MAX = 30  # packets that CESNET's probes list
# What DataZoo's frames have in place of PPI, with flatten_ppi: IPT_1 to SIZE_30.
FLAT = [[f"{name}_{i}" for i in range(1, PPI_MAX + 1)] for name in ("IPT", "DIR", "SIZE")]


def _parse(row: Row) -> Listed:
    gaps, ways, sizes = _series(row["PPI"] if "PPI" in row else _flat(row))
    columns: dict[str, Any] = {
        "traffic_class": text(row, "APP"),
        "packets": count(row, "PACKETS", "PACKETS_REV"),
        "bytes": count(row, "BYTES", "BYTES_REV"),
        "duration_s": seconds(row, "DURATION"),
        "end_reason": next(
            (reason for name, reason in REASONS.items() if is_set(row, name)), "unknown"
        ),
    }
    columns |= ends(row, ENDS)
    if "TIME_FIRST" in row:
        first = row["TIME_FIRST"]
        columns["start_us"] = NULL if first is None else int(instants([first], "TIME_FIRST")[0])
    return Listed(
        gaps_of_ms(gaps, "PPI, inter-packet times"),
        whole(sizes, "PPI, sizes", 0, LENGTH_MAX),
        whole(ways, "PPI, directions", -1, 1),
        "payload",
        columns,
    )


def _flat(row: Row) -> list[list[Any]]:
    """PPI of a row that has a column a packet; ValueError names one that is not there."""
    if missing := [name for names in FLAT for name in names if name not in row]:
        wanted = ", ".join(f"{names[0]} to {names[-1]}" for names in FLAT)
        raise ValueError(f"column {missing[0]} is missing: wants {wanted}, or PPI")
    return [[row[name] for name in names] for names in FLAT]


def _series(ppi: Any) -> NDArray[np.float64]:
    """Inter-packet times in ms, directions and sizes: (3, packets), without the zeros behind."""
    series = matrix(ppi, "PPI", 3)
    packets = int((series[1] != 0).sum())
    if (series[1, :packets] == 0).any():
        raise ValueError("PPI, directions: 0 between packets, where it is only behind the last")
    return series[:, :packets]


CESNET = Source(
    ("PPI|IPT_1", *TOTALS),
    ("APP", "TIME_FIRST", *REASONS, *ENDS.values(), *(name for names in FLAT for name in names)),
    _parse,
)
