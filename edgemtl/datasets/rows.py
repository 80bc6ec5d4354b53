"""Flows as one dict a flow: what JSON lines and CSV hold."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import Any

import numpy as np

from edgemtl.datasets.checks import check_values
from edgemtl.errors import DataError
from edgemtl.flows import COLUMNS, NULL, OPTIONAL_COLUMNS, OPTIONAL_SERIES, SERIES, Flows

__all__ = ["from_json_lines", "to_rows"]

_KINDS = {**COLUMNS, **OPTIONAL_COLUMNS}
_SERIES = SERIES | OPTIONAL_SERIES


def to_rows(flows: Flows) -> Iterator[dict[str, Any]]:
    """One dict a flow, in the order of the schema; None for what is not known."""
    columns = {name: _known(name, flows[name]) for name in _KINDS if name in flows.columns}
    series = {name: values.tolist() for name, values in flows.series().items()}
    names, rows = list(columns), zip(*columns.values(), strict=True)
    for (low, high), row in zip(pairwise(flows.offsets.tolist()), rows, strict=True):
        yield {
            **dict(zip(names, row, strict=True)),
            **{name: values[low:high] for name, values in series.items()},
        }


def _known(name: str, values: np.ndarray) -> list[Any]:
    """A column as plain Python values, None for what is not known."""
    known = values.astype(object)
    if values.dtype == np.float64:
        known[np.isnan(values)] = None
    elif values.dtype == np.int64 and name != "start_us":
        known[values == NULL] = None
    return list(known)


def from_json_lines(lines: Iterable[str], where: str) -> Flows:
    """Flows of JSON lines as `to_rows` gives them; DataError names the first line that is wrong."""
    rows = []
    for number, line in enumerate(lines, 1):
        try:
            row = json.loads(line)
            if not isinstance(row, dict):
                raise ValueError("not an object")
        except (ValueError, RecursionError) as error:
            raise DataError(f"{where}: line {number} is no JSON object: {error}") from None
        for name in (*COLUMNS, *SERIES):
            if name not in row:
                raise DataError(f"{where}: line {number}: column {name} is missing")
        rows.append(row)
    return _from_rows(rows, where)


def _from_rows(rows: list[dict[str, Any]], where: str) -> Flows:
    series = {
        name: [_series(row, name, i, where) for i, row in enumerate(rows)]
        for name in _SERIES
        if name in SERIES or (rows and all(name in row for row in rows))
    }
    counts = [len(values) for values in series["iat_us"]]
    for name, lists in series.items():
        for i, values in enumerate(lists):
            if len(values) != counts[i]:
                raise DataError(f"{where}: row {i}: iat_us and {name} differ in length")
    columns: dict[str, Any] = {}
    for name in _KINDS:
        if rows and not all(name in row for row in rows):
            continue
        columns[name] = _column(name, [row[name] for row in rows], where)
    joined: dict[str, Any] = {
        name: np.concatenate([np.empty(0, _SERIES[name]), *lists]).astype(_SERIES[name])
        for name, lists in series.items()
    }
    offsets = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    flows = Flows(offsets=offsets, columns=columns, **joined)
    check_values(flows, where)
    return flows


def _series(row: dict[str, Any], name: str, i: int, where: str) -> np.ndarray:
    values = row[name]
    limit = np.iinfo(_SERIES[name])
    if not isinstance(values, list) or not all(
        type(v) is int and limit.min <= v <= limit.max for v in values
    ):
        raise DataError(f"{where}: row {i}: {name} must be a list of {limit.dtype}")
    return np.array(values, _SERIES[name])


def _column(name: str, values: list[Any], where: str) -> np.ndarray:
    kind = _KINDS[name]
    column = np.empty(len(values), kind)
    for i, value in enumerate(values):
        if kind is object:
            fine = value is None or isinstance(value, str)
        elif kind is np.int64:
            fine = value is None or (type(value) is int and abs(value) < 2**63)
            value = NULL if value is None else value
        else:
            fine = value is None or type(value) in (int, float)
            if isinstance(value, float) and math.isnan(value):
                value = math.inf  # refused by check_values, unlike null
            value = math.nan if value is None else value
        if not fine:
            want = "text" if kind is object else np.dtype(kind).name
            raise DataError(f"{where}: row {i}: {name} must be {want} or null, got {value!r}")
        column[i] = value
    return column
