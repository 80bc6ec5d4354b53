"""What every flow table must hold, however it was read."""

from __future__ import annotations

import numpy as np

from edgemtl.errors import DataError
from edgemtl.flows import END_REASONS, Flows

__all__ = ["check_values"]

LENGTH_MAX = 2**31 - 1


def check_values(flows: Flows, where: str) -> None:
    """Refuse values that no flow can have, in one line that names the row."""
    ids = flows["flow_id"]
    _refuse(np.array([v is None for v in ids], bool), where, "flow_id", "must not be null", ids)
    _, first, count = np.unique(ids.astype(str), return_index=True, return_counts=True)
    if (count > 1).any():
        raise DataError(f"{where}: flow_id {ids[first[count > 1][0]]!r} stands there twice")
    for name in ("duration_s", "bytes_per_s"):
        values = flows[name]
        bad = np.isinf(values) | (values < 0)
        _refuse(bad, where, name, "must be null or finite and not negative", values)
    for name in ("packets", "bytes"):
        _refuse(flows[name] < -1, where, name, "must not be negative", flows[name])
    classes = flows["traffic_class"]
    _refuse(classes == "", where, "traffic_class", "must be null or not empty", classes)  # type: ignore[arg-type]
    reasons = flows["end_reason"]
    unknown = ~np.isin(reasons.astype(str), END_REASONS)
    _refuse(unknown, where, "end_reason", f"must be one of {', '.join(END_REASONS)}", reasons)
    counts = flows.kept_packets()
    for name, series in flows.series().items():
        if name == "iat_us":
            continue
        low, high = (-1, 1) if name == "direction" else (0, LENGTH_MAX)
        bad = (series < low) | (series > high)
        if bad.any():
            packet = int(np.flatnonzero(bad)[0])
            row = int(np.searchsorted(np.cumsum(counts), packet, side="right"))
            raise DataError(
                f"{where}: row {row}: {name} must be {low} to {high}, got {series[packet]}"
            )


def _refuse(bad: np.ndarray, where: str, name: str, want: str, values: np.ndarray) -> None:
    if bad.any():
        row = int(np.flatnonzero(bad)[0])
        value = values[row]
        # from_arrow and from_rows mark a NaN that is no null by infinity
        shown = "NaN or infinity" if value == np.inf else repr(value)
        raise DataError(f"{where}: row {row}: {name} {want}, got {shown}")
