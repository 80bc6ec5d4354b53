"""Where bandwidth and duration are divided into classes, from the training flows alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from edgemtl.datasets.labels import CUT_OFF
from edgemtl.errors import DataError
from edgemtl.flows import Flows

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["PAPER", "find_dividers"]

# bytes/s and seconds; the published code of arXiv:1906.05248 (its text has class-midpoints)
PAPER = {"bandwidth": (10e3, 50e3, 100e3, 1e6), "duration": (10.0, 30.0, 60.0)}
COLUMN = {"bandwidth": "bytes_per_s", "duration": "duration_s"}

Dividers = dict[str, tuple[float, ...]]


def find_dividers(how: str, flows: Flows, keep_cut: bool = False) -> Dividers:
    """The dividers of the bandwidth and the duration head.

    Parameters
    ----------
    how : str
        ``paper``: 10 k, 50 k, 100 k, 1 M bytes/s and 10, 30, 60 s. ``class-midpoints``: the average
        of each traffic class, sorted, and the middles of neighbours. ``quantiles``: as many classes
        as the paper's, of equally many flows. Or numbers: ``bandwidth=10e3,50e3:duration=10,30``.
    flows : Flows
        The training flows, with the labels that training may see.
    keep_cut : bool
        Take the duration of flows that were cut off as it is.

    Returns
    -------
    dict
        ``bandwidth`` and ``duration``: rising tuples; an empty one where the flows don't differ.

    Raises
    ------
    DataError
        If `how` is none of these, or `class-midpoints` finds fewer than two labelled classes.
    """
    if how == "paper":
        return dict(PAPER)
    if "=" in how:
        return _explicit(how)
    if how not in ("class-midpoints", "quantiles"):
        raise DataError(
            "--dividers: must be paper, class-midpoints, quantiles or numbers like "
            f"bandwidth=10e3,50e3:duration=10,30, got {how!r}"
        )
    found: Dividers = {}
    for head, column in COLUMN.items():
        known = ~np.isnan(flows[column])
        if head == "duration" and not keep_cut:
            known &= ~np.isin(flows["end_reason"].astype(str), CUT_OFF)
        values, classes = flows[column][known], flows["traffic_class"][known]
        if how == "quantiles":
            found[head] = _quantiles(values, len(PAPER[head]) + 1)
        else:
            found[head] = _midpoints(values, classes, column)
    return found


def _border(value: float) -> float:
    """Six significant digits: as many as a class name shows, so that unlike classes read unlike."""
    return float(f"{value:.6g}")


def _explicit(how: str) -> Dividers:
    found: Dividers = {}
    for part in how.split(":"):
        head, _, numbers = part.partition("=")
        try:
            borders = tuple(_border(float(number)) for number in numbers.split(","))
        except ValueError:
            borders = ()
        rising = all(low < high for low, high in zip((0.0, *borders), borders, strict=False))
        if head not in COLUMN or head in found or not borders or not rising or max(borders) > 1e18:
            raise DataError(
                f"--dividers: {part!r}: must be bandwidth or duration, =, and rising positive "
                "numbers, as in bandwidth=10e3,50e3:duration=10,30"
            )
        found[head] = borders
    if missing := COLUMN.keys() - found.keys():
        raise DataError(f"--dividers: {how!r}: has no {missing.pop()}: name both heads")
    return found


def _quantiles(values: NDArray[np.float64], classes: int) -> tuple[float, ...]:
    if not len(values):
        return ()
    borders = {_border(b) for b in np.quantile(values, np.arange(1, classes) / classes)}
    return tuple(sorted(b for b in borders if b > values.min()))  # below the least is no class


def _midpoints(
    values: NDArray[np.float64], classes: NDArray[np.object_], column: str
) -> tuple[float, ...]:
    names = {name for name in classes if name is not None}
    if len(names) < 2:
        raise DataError(
            f"--dividers class-midpoints: wants two labelled traffic classes or more "
            f"whose {column} is known, found {len(names)}: use quantiles"
        )
    averages = np.unique([values[classes == name].mean() for name in names])
    return tuple(sorted({_border(b) for b in (averages[1:] + averages[:-1]) / 2}))
