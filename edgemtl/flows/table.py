"""Flows: a flow table in memory, as numpy columns."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from edgemtl.errors import DataError
from edgemtl.features import FeatureSpec, ppi_tensor
from edgemtl.flows.later import Later
from edgemtl.flows.text import Text

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = [
    "COLUMNS",
    "END_REASONS",
    "NULL",
    "OPTIONAL_COLUMNS",
    "OPTIONAL_SERIES",
    "SERIES",
    "Flows",
]

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
    "anonymised": object,
}
# One value for each packet that is kept.
SERIES: dict[str, type] = {"iat_us": np.int64, "length": np.int32, "direction": np.int8}
OPTIONAL_SERIES: dict[str, type] = {"payload": np.int32}


@dataclass
class Flows:
    """n flows: one value a flow in `columns`, and the PPI series of all, one after the other.

    Parameters
    ----------
    iat_us, length, direction : arrays of int64, int32, int8, shape (m,)
        The PPI series; see `edgemtl.features.ppi_tensor` for units. A length of 0 is not known.
    offsets : array of int64, shape (n + 1,)
        Flow i has the packets from ``offsets[i]`` up to, not including, ``offsets[i + 1]``.
    columns : dict of name to array of shape (n,), Text or Later
        Those of `COLUMNS`, and any of `OPTIONAL_COLUMNS`. A missing one of `COLUMNS` is filled with
        null (`flow_id` with the flow's number, `end_reason` with "unknown"). ``flows[name]`` is an
        array of the type said there whatever it was, made when it is first asked for.
    payload : array of int32, shape (m,), optional
        The fourth series, where it was kept: bytes behind the transport header.
    """

    iat_us: NDArray[np.int64]
    length: NDArray[np.int32]
    direction: NDArray[np.int8]
    offsets: NDArray[np.int64]
    columns: dict[str, NDArray[Any] | Text | Later] = field(default_factory=dict)
    payload: NDArray[np.int32] | None = None

    def __post_init__(self) -> None:
        n = len(self.offsets) - 1
        if n < 0 or len({len(values) for values in self.series().values()}) > 1:
            raise DataError("flows: series differ in length, or there are no offsets")
        for name, kind in COLUMNS.items():
            if name not in self.columns:
                self.columns[name] = Later(n, partial(_unknown, name, kind, n))
        for name, values in self.columns.items():
            if len(values) != n:
                raise DataError(f"flows: column {name} has {len(values)} values for {n} flows")

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def __getitem__(self, name: str) -> NDArray[Any]:
        values = self.columns[name]
        if isinstance(values, Text | Later):
            values = self.columns[name] = values.array()
        return values

    def series(self) -> dict[str, NDArray[Any]]:
        """The series by name: three, or four with `payload`."""
        each = {name: getattr(self, name) for name in SERIES | OPTIONAL_SERIES}
        return {name: values for name, values in each.items() if values is not None}

    def tensor(self, spec: FeatureSpec) -> NDArray[np.float32]:
        """The model's input, float32 (n, 2, k)."""
        self._must_have(spec)
        return ppi_tensor(
            self.iat_us, self.length, self.direction, self.offsets, spec, self.payload
        )

    def lengths(self, spec: FeatureSpec) -> NDArray[np.int32]:
        """Bytes of each kept packet: what this spec takes for a length.

        Raises
        ------
        DataError
            If these flows lack what it needs.
        """
        self._must_have(spec)
        if spec.length_kind == "ip" or self.payload is None:
            return self.length
        return self.payload

    def _must_have(self, spec: FeatureSpec) -> None:
        """DataError if these flows lack lengths that the spec needs."""
        if spec.needs_payload and self.payload is None:
            raise DataError(
                "the model needs payload lengths, which these flows lack: "
                "extract again with --payload"
            )
        if spec.length_kind == "ip" and self._may_lack_length() and self.lacks_ip_length().any():
            raise DataError(
                "the model needs lengths of IP packets, which some of these flows lack: "
                "give --length-kind payload"
            )

    def kept_packets(self) -> NDArray[np.int64]:
        """How many packets of each flow the series hold, shape (n,)."""
        return np.diff(self.offsets)

    def _may_lack_length(self) -> bool:
        """Whether to look which flows do: on a device most calls are of one flow, and none does."""
        return bool(np.count_nonzero(self.length) < len(self.length))

    def lacks_ip_length(self) -> NDArray[np.bool_]:
        """Flows with a packet of length 0: its source tells of payload alone; shape (n,)."""
        lacking = np.concatenate([[0], np.cumsum(self.length[: self.offsets[-1]] == 0)])
        return np.diff(lacking[self.offsets]) > 0

    def counted_packets(self, spec: FeatureSpec) -> NDArray[np.int64]:
        """How many of the kept packets of each flow count for this spec, shape (n,)."""
        if not spec.skip_empty or self.payload is None:
            return self.kept_packets()
        counted = np.concatenate([[0], np.cumsum(self.payload > 0)])
        return np.diff(counted[self.offsets])

    def select(self, index: Any) -> Flows:
        """The flows at `index` (numbers or a mask), in that order."""
        rows = np.arange(len(self))[index]
        columns = {name: self[name][rows] for name in self.columns}
        return self._stretches(self.offsets[rows], self.kept_packets()[rows], columns)

    def first(self, n: int) -> Flows:
        """The same flows with at most their first n packets; the columns still tell of them all."""
        counts = np.minimum(self.kept_packets(), n)
        return self._stretches(self.offsets[:-1], counts, dict(self.columns))

    def after(self, n: int) -> Flows:
        """The same flows as if they began behind their first n packets; the columns stay."""
        missed = np.minimum(self.kept_packets(), n)
        counts = self.kept_packets() - missed
        later = self._stretches(self.offsets[:-1] + missed, counts, dict(self.columns))
        later.iat_us[later.offsets[:-1][counts > 0]] = 0
        return later

    def _stretches(
        self, starts: NDArray[np.int64], counts: NDArray[np.int64], columns: dict[str, Any]
    ) -> Flows:
        """A flow of each of these stretches of packets."""
        offsets = np.concatenate([[0], np.cumsum(counts)])
        packets = np.arange(offsets[-1]) + np.repeat(starts - offsets[:-1], counts)
        series = {name: values[packets] for name, values in self.series().items()}
        return Flows(offsets=offsets, columns=columns, **series)

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
        each = [part.series() for part in parts]
        series = {
            name: np.concatenate(
                [
                    part[name][flows.offsets[0] : flows.offsets[-1]]
                    for part, flows in zip(each, parts, strict=True)
                ]
            )
            for name in each[0]
            if all(name in part for part in each)
        }
        names = [n for n in parts[0].columns if all(n in part.columns for part in parts)]
        return cls(
            offsets=np.concatenate([[0], np.cumsum(counts)]).astype(np.int64),
            columns={name: _joined([part.columns[name] for part in parts]) for name in names},
            **series,
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


def _unknown(name: str, kind: Any, n: int) -> NDArray[Any]:
    """A column of which nothing is known."""
    values = np.full(n, {np.float64: np.nan, np.int64: NULL}.get(kind), kind)
    if name == "flow_id":
        values[:] = [str(i) for i in range(n)]
    elif name == "end_reason":
        values[:] = "unknown"
    return values


def _joined(parts: Sequence[NDArray[Any] | Text | Later]) -> NDArray[Any] | Text:
    texts = [part for part in parts if isinstance(part, Text)]
    if len(texts) == len(parts):
        return Text.concat(texts)
    return np.concatenate([p.array() if isinstance(p, Text | Later) else p for p in parts])
