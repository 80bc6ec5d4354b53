"""Values of other people's tables: lists, times and counts, each within bounds or refused.

ValueError says in a few words what is wrong; whoever reads the table says where.
"""

from __future__ import annotations

import json
import re
from datetime import datetime
from math import isfinite, nan
from typing import TYPE_CHECKING, Any

import numpy as np

from edgemtl.datasets.series import TIME_MAX
from edgemtl.datasets.sources import Row
from edgemtl.flows import NULL, OPTIONAL_COLUMNS

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = [
    "ETHERNET",
    "IP_MIN",
    "LENGTH_MAX",
    "count",
    "ends",
    "gaps_of_ms",
    "instants",
    "ip_lengths",
    "is_set",
    "matrix",
    "microseconds_of",
    "numbers",
    "seconds",
    "text",
    "whole",
    "whole_number",
]

ETHERNET = 14  # bytes of frame header before the IP packet
IP_MIN = 20  # bytes of an IP packet that is nothing but header
LENGTH_MAX = 2**31 - 1
LIST_MAX = 65_535  # packets
# numpy takes more for a time, "now" for instance, and years that wrap; what is beyond µs is cut
INSTANT = re.compile(
    r"(\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d{1,6})?)\d{0,3}(?:Z|\+00:00)?", re.ASCII
)
EXAMPLE = "2022-10-31T00:00:00.123456"
COUNT_MAX = 2**53  # what a float still holds exactly


def numbers(value: Any, name: str) -> NDArray[np.float64]:
    """A list of numbers, or its text: ``[1, 2]``, or ``[1|2]`` as UniRec has it; shape (n,)."""
    array = _array(_parsed(value, name), name)
    if array.ndim != 1:
        raise ValueError(f"{name} must be a list of numbers, got {array.ndim} dimensions")
    return array


def matrix(value: Any, name: str, rows: int) -> NDArray[np.float64]:
    """The first `rows` of some lists of numbers, equally long; or of their text."""
    lists = _parsed(value, name)
    if not isinstance(lists, list | tuple | np.ndarray) or len(lists) < rows:
        raise ValueError(f"{name} must be {rows} lists or more")
    array = _array(list(lists[:rows]), name)
    if array.ndim != 2:
        raise ValueError(f"{name}: its lists differ in length")
    return array


def _parsed(value: Any, name: str) -> Any:
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value.replace("|", ","))
    except (ValueError, RecursionError):
        raise ValueError(f"{name} must be a list of numbers, got {value[:40]!r}") from None


def _array(value: Any, name: str) -> NDArray[np.float64]:
    try:
        array = np.array(value, np.float64)
    except (TypeError, ValueError, OverflowError):
        raise ValueError(f"{name} must be numbers, in lists that are equally long") from None
    if not np.isfinite(array).all():
        raise ValueError(f"{name} has a number that is not finite")
    if array.shape and array.shape[-1] > LIST_MAX:
        raise ValueError(f"{name} lists {array.shape[-1]} packets, limit is {LIST_MAX}")
    return array


def whole(values: NDArray[np.float64], name: str, low: int, high: int) -> NDArray[np.int64]:
    """The same as whole numbers; ValueError where one is none, or out of bounds."""
    fine = (values >= low) & (values <= high) & (values == np.floor(values))
    if not fine.all():
        raise ValueError(
            f"{name} must be whole numbers from {low} to {high}, got {values[~fine][0]:g}"
        )
    return values.astype(np.int64)


def whole_number(word: str, name: str, low: int, high: int) -> int:
    """A whole number of a text, also ``100.0``, as pandas writes it; bounds as of `whole`."""
    try:
        number = float(word)
    except ValueError:
        number = nan
    if not (low <= number <= high and number.is_integer()):
        raise ValueError(f"{name} must be a whole number from {low} to {high}, got {word[:40]!r}")
    return int(number)


def ip_lengths(values: NDArray[np.float64], name: str, header: int) -> NDArray[np.int64]:
    """Lengths of IP packets of those of frames, `header` bytes longer."""
    return whole(values, name, IP_MIN + header, LENGTH_MAX) - header


def microseconds_of(values: NDArray[np.float64], name: str, unit_us: int) -> NDArray[np.int64]:
    """Times in units of so many µs, as whole µs."""
    wild = np.abs(values) > TIME_MAX // unit_us
    if wild.any():
        raise ValueError(f"{name} is out of range: {values[wild][0]:g}")
    return np.round(values * unit_us).astype(np.int64)


def gaps_of_ms(values: NDArray[np.float64], name: str) -> NDArray[np.int64]:
    """Inter-arrival times in ms as whole µs; a flow's first packet has 0, whatever stands there."""
    us = microseconds_of(values, name, 1000)
    us[:1] = 0
    return us


def instants(value: Any, name: str) -> NDArray[np.int64]:
    """A list of times, ``2022-10-31T00:00:00.123456``, as µs since 1970; or of its text."""
    if isinstance(value, str):
        inner = value.strip().removeprefix("[").removesuffix("]").replace("|", ",")
        value = inner.split(",") if inner else []
    if not isinstance(value, list | tuple) or len(value) > LIST_MAX:
        raise ValueError(f"{name} must be a list of times, {LIST_MAX} at most")
    words = []
    for time in value:
        word = time.isoformat() if isinstance(time, datetime) else str(time).strip(' "')
        if not (found := INSTANT.fullmatch(word)):
            raise ValueError(f"{name} must be times such as {EXAMPLE}, got {word[:40]!r}")
        words.append(found[1])
    try:
        us: NDArray[np.int64] = np.array(words, "datetime64[us]").astype(np.int64)
    except ValueError:  # there is no 32nd of any month
        raise ValueError(f"{name} has a time that is none") from None
    return us


def seconds(row: Row, name: str, unit: float = 1.0) -> float:
    """A duration in units of so many seconds; NaN where it is not known."""
    value = _number(row, name)
    if value is not None and value < 0:
        raise ValueError(f"{name} must not be negative, got {value:g}")
    return np.nan if value is None else value * unit


def count(row: Row, *names: str) -> int:
    """The sum of some columns that count; NULL where one is not known."""
    total = 0
    for name in names:
        value = _number(row, name)
        if value is None:
            return NULL
        if not 0 <= value <= COUNT_MAX or not value.is_integer():
            raise ValueError(f"{name} must be a whole number from 0 to {COUNT_MAX}, got {value:g}")
        total += int(value)
    return total


def _number(row: Row, name: str) -> float | None:
    value = row.get(name)
    if value is None:
        return None
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        raise ValueError(f"{name} must be a number, got {str(value)[:40]!r}") from None
    if not isfinite(number):
        raise ValueError(f"{name} must be finite, got {number}")
    return number


def text(row: Row, name: str) -> str | None:
    """A column as text; None where it is not known."""
    value = row.get(name)
    return None if value is None else str(value)


def is_set(row: Row, name: str) -> bool:
    """Whether a column says 1 or true, in whatever type."""
    return str(row.get(name)).lower() in ("1", "1.0", "true")


def ends(row: Row, names: dict[str, str]) -> dict[str, Any]:
    """The `OPTIONAL_COLUMNS` that this row has: column of the flow table to the source's name."""
    return {
        column: count(row, name) if OPTIONAL_COLUMNS[column] is np.int64 else text(row, name)
        for column, name in names.items()
        if name in row
    }
