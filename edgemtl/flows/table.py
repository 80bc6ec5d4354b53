"""Flows: a flow table in memory, as numpy columns."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from edgemtl.errors import DataError
from edgemtl.features import FeatureSpec, ppi_tensor

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["COLUMNS", "END_REASONS", "NULL", "OPTIONAL_COLUMNS", "Flows"]

NULL = -1  # an integer that is not known
END_REASONS = ("idle", "active", "end_of_flow", "forced", "lack_of_resources", "unknown")

# One value a flow. Text is an object array of str or None; times and rates are NaN when unknown.
COLUMNS: dict[str, Any] = {
    "flow_id": object,
    "partition": object,
    "traffic_class": object,
    "packets": np.int64,
    "bytes": np.int64,
    "duration_s": np.float64,
    "bytes_per_s": np.float64,
    "end_reason": object,
}
OPTIONAL_COLUMNS: dict[str, Any] = {
    "start_us": np.int64,
    "protocol": np.int64,
    "src": object,
    "dst": object,
    "src_port": np.int64,
    "dst_port": np.int64,
    "vlan": np.int64,
}


@dataclass
class Flows:
    """n flows: one value a flow in `columns`, and the PPI series of all, one after the other.

    Parameters
    ----------
    iat_us, length, direction : arrays of int64, int32, int8, shape (m,)
        The PPI series; see `edgemtl.features.ppi_tensor` for units.
    offsets : array of int64, shape (n + 1,)
        Flow i has the packets from ``offsets[i]`` up to, not including, ``offsets[i + 1]``.
    columns : dict of name to array, shape (n,)
        Those of `COLUMNS`, and any of `OPTIONAL_COLUMNS`. A missing one of `COLUMNS` is filled with
        null (`flow_id` with the flow's number, `end_reason` with "unknown").
    """

    iat_us: NDArray[np.int64]
    length: NDArray[np.int32]
    direction: NDArray[np.int8]
    offsets: NDArray[np.int64]
    columns: dict[str, NDArray[Any]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        n = len(self.offsets) - 1
        if n < 0 or not len(self.iat_us) == len(self.length) == len(self.direction):
            raise DataError("flows: series differ in length, or there are no offsets")
        for name, kind in COLUMNS.items():
            if name not in self.columns:
                null = {np.float64: np.nan, np.int64: NULL}.get(kind)
                self.columns[name] = np.full(n, null, kind)
                if name == "flow_id":
                    self.columns[name][:] = [str(i) for i in range(n)]
                elif name == "end_reason":
                    self.columns[name][:] = "unknown"
        for name, values in self.columns.items():
            if len(values) != n:
                raise DataError(f"flows: column {name} has {len(values)} values for {n} flows")

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def __getitem__(self, name: str) -> NDArray[Any]:
        return self.columns[name]

    def tensor(self, spec: FeatureSpec) -> NDArray[np.float32]:
        """The model's input, float32 (n, 2, k)."""
        return ppi_tensor(self.iat_us, self.length, self.direction, self.offsets, spec)

    def kept_packets(self) -> NDArray[np.int64]:
        """How many packets of each flow the series hold, shape (n,)."""
        return np.diff(self.offsets)

    def select(self, index: Any) -> Flows:
        """The flows at `index` (numbers or a mask), in that order."""
        rows = np.arange(len(self))[index]
        counts = self.kept_packets()[rows]
        offsets = np.concatenate([[0], np.cumsum(counts)])
        packets = np.arange(offsets[-1]) + np.repeat(self.offsets[rows] - offsets[:-1], counts)
        return Flows(
            self.iat_us[packets],
            self.length[packets],
            self.direction[packets],
            offsets,
            {name: values[rows] for name, values in self.columns.items()},
        )

    def batches(self, rows: int) -> Iterator[Flows]:
        """The same flows, at most `rows` at a time."""
        for start in range(0, len(self), rows):
            yield self.select(slice(start, start + rows))

    @classmethod
    def concat(cls, parts: Sequence[Flows]) -> Flows:
        """All flows of all parts; an optional column that not all have is left out."""
        if not parts:
            return cls.empty()
        counts = np.concatenate([part.kept_packets() for part in parts])
        names = [n for n in parts[0].columns if all(n in part.columns for part in parts)]
        return cls(
            np.concatenate([part.iat_us[: part.offsets[-1]] for part in parts]),
            np.concatenate([part.length[: part.offsets[-1]] for part in parts]),
            np.concatenate([part.direction[: part.offsets[-1]] for part in parts]),
            np.concatenate([[0], np.cumsum(counts)]).astype(np.int64),
            {name: np.concatenate([part.columns[name] for part in parts]) for name in names},
        )

    @classmethod
    def empty(cls) -> Flows:
        """No flows, with every column."""
        return cls(
            np.empty(0, np.int64),
            np.empty(0, np.int32),
            np.empty(0, np.int8),
            np.zeros(1, np.int64),
            {name: np.empty(0, kind) for name, kind in (COLUMNS | OPTIONAL_COLUMNS).items()},
        )
