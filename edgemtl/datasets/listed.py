"""Flows of tables that list the first packets of each flow in its row."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from edgemtl.datasets.sources import ROWS, Row, Seen, ignore, read_rows
from edgemtl.datasets.values import text
from edgemtl.errors import DataError
from edgemtl.flows import COLUMNS, NULL, OPTIONAL_COLUMNS, Flows

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Listed", "Source", "flows_of_listed", "import_rows"]


@dataclass(frozen=True)
class Listed:
    """One flow as its source lists it.

    Parameters
    ----------
    iat_us, length, direction : arrays, shape (n,)
        As in a flow table; the length is of `kind`.
    kind : {"ip", "payload"}
        What a length is. Of flows with payload lengths alone the IP lengths are 0: not known.
    columns : dict
        Of `COLUMNS` and `OPTIONAL_COLUMNS`; what is missing is not known.
    """

    iat_us: NDArray[np.int64]
    length: NDArray[np.int64]
    direction: NDArray[np.int64]
    kind: str
    columns: dict[str, Any]


@dataclass(frozen=True)
class Source:
    """A kind of table.

    Parameters
    ----------
    required, optional : tuple of str
        The columns that `parse` reads.
    parse : callable
        A row to a `Listed`; ValueError where it is not so.
    """

    required: tuple[str, ...]
    optional: tuple[str, ...]
    parse: Callable[[Row], Listed]


def import_rows(
    path: Path,
    source: Source,
    name: str | None = None,
    partition: str | None = None,
    packets: int = 256,
    label: str | None = None,
    seen: Seen = ignore,
) -> Iterator[Flows]:
    """Read a table, a few thousand flows at a time; `flow_id` is its name and a number.

    Parameters
    ----------
    path : Path
        See `read_rows`.
    source : Source
    name : str, optional
        Goes into `flow_id`; the file's unless told.
    partition : str, optional
        What the source says, or `name`, unless told.
    packets : int
        How many packets of each flow the series keep.
    label : str, optional
        The column that holds the traffic class; what the source says unless told.
    seen : callable

    Raises
    ------
    DataError
        Naming the column that is missing, or the line that is not so.
    """
    name = name or path.name
    required = source.required + ((label,) if label else ())
    batch: list[Listed] = []
    first = 0
    for where, row in read_rows(path, required, source.optional, seen):
        try:
            flow = source.parse(row)
            if label:
                flow.columns["traffic_class"] = text(row, label)
        except (ValueError, OverflowError) as error:
            raise DataError(f"{where}: {error}") from None
        batch.append(flow)
        if len(batch) == ROWS:
            yield flows_of_listed(batch, name, first, partition, packets)
            first, batch = first + ROWS, []
    if batch:
        yield flows_of_listed(batch, name, first, partition, packets)
    elif not first:
        raise DataError(f"{path}: holds no flow")


def flows_of_listed(
    flows: Sequence[Listed], name: str, first: int, partition: str | None, packets: int
) -> Flows:
    """Flows in memory; they are numbered from `first` on, and lists are cut to `packets`."""
    n = len(flows)
    kept = [min(len(flow.length), packets) for flow in flows]
    lengths = _joined([flow.length[:packets] for flow in flows], np.int32)
    payload = flows[0].kind == "payload"
    columns: dict[str, Any] = {
        column: _column(column, [flow.columns[column] for flow in flows])
        for column in flows[0].columns
        if all(column in flow.columns for flow in flows)
    }
    columns["flow_id"] = _texts([f"{name}:{first + i}" for i in range(n)])
    if "partition" not in columns or partition:
        columns["partition"] = _texts([partition or name] * n)
    if "bytes_per_s" not in columns:
        columns["bytes_per_s"] = _rate(columns["bytes"], columns["duration_s"])
    return Flows(
        _joined([flow.iat_us[:packets] for flow in flows], np.int64),
        np.zeros_like(lengths) if payload else lengths,
        _joined([flow.direction[:packets] for flow in flows], np.int8),
        np.concatenate([[0], np.cumsum(kept)]).astype(np.int64),
        columns,
        payload=lengths if payload else None,
    )


def _rate(size: NDArray[np.int64], duration: NDArray[np.float64]) -> NDArray[np.float64]:
    known = (size != NULL) & (duration > 0)
    rate = np.full(len(size), np.nan)
    rate[known] = size[known] / duration[known]
    return rate


def _joined(parts: Sequence[NDArray[Any]], kind: type) -> NDArray[Any]:
    return np.concatenate(parts).astype(kind)


def _column(name: str, values: Sequence[Any]) -> NDArray[Any]:
    kind = (COLUMNS | OPTIONAL_COLUMNS)[name]
    return _texts(values) if kind is object else np.array(values, kind)


def _texts(values: Sequence[Any]) -> NDArray[np.object_]:
    column = np.empty(len(values), object)
    column[:] = values
    return column
