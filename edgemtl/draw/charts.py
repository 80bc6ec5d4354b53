"""Charts as inline SVG. Colours are the page's, so that they follow light and dark."""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import dataclass
from math import ceil, log2, sqrt
from typing import TYPE_CHECKING

import numpy as np

from edgemtl.draw.frame import NAME_MAX, WIDTH, Frame, legend, picture, text
from edgemtl.draw.markup import Markup, short, tag

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = [
    "Line",
    "heat_map",
    "line_chart",
    "pareto_chart",
    "reliability_chart",
    "share_bar",
    "up_and_down",
]

VALUE_MAX = 1e100


@dataclass(frozen=True)
class Line:
    """A line of a chart.

    Parameters
    ----------
    name : str
    x, y : sequences of float, equally long
        Where it runs; points with a y that is not finite, or beyond all sense, are left out.
    colour : int
        0 to 4, of the page's.
    dots : sequence of str
        Marks at its points, with what their tooltips say; none if empty.
    """

    name: str
    x: Sequence[float]
    y: Sequence[float]
    colour: int
    dots: Sequence[str] = ()


def line_chart(lines: Sequence[Line], x_label: str, y_label: str, unit: str = "") -> Markup:
    """Lines over a common axis, from 0 up, or from 0 to 100 %."""
    values = [v for line in lines for v in line.y if abs(v) < VALUE_MAX]
    places = [v for line in lines for v in line.x]
    top = 100.0 if unit == "%" else max([*values, 1e-9]) * 1.05
    frame = Frame((min(places, default=0.0), max(places, default=1.0)), (0.0, top))
    parts = frame.axes(x_label, y_label, unit)
    for line in lines:
        points = [
            f"{frame.px(x):.1f} {frame.py(y):.1f}"
            for x, y in zip(line.x, line.y, strict=True)
            if abs(y) < VALUE_MAX
        ]
        if points:
            title = tag("title", line.name)
            style = f"line c{line.colour}"
            parts.append(tag("path", title, class_=style, d="M" + "L".join(points)))
        for x, y, words in zip(line.x, line.y, line.dots, strict=False):
            style, title = f"bar c{line.colour}", tag("title", words)
            parts.append(tag("circle", title, class_=style, cx=frame.px(x), cy=frame.py(y), r=4.0))
    return picture(f"{y_label} by {x_label}", [*parts, *legend((n.name, n.colour) for n in lines)])


def pareto_chart(
    lines: Sequence[Line], kept: float, poor: Container[float], x_label: str, y_label: str
) -> Markup:
    """What is given up for less, in %: shares of a cost, each half as wide as the one above it.

    Parameters
    ----------
    lines : sequence of Line
        `x` are shares in %, 100 and less; `y`, in %, too, are shown no further than they reach.
    kept : float
        The share that was settled for: a dashed line.
    poor : container of float
        Shares that gave up too much: their dots are hollow.
    """
    places = [log2(x / 100) for line in lines for x in line.x] or [-1.0]
    values = [y for line in lines for y in line.y] or [0.0, 100.0]
    edge = 0.08 * (max(values) - min(values)) + 0.5
    frame = Frame((min(places) - 0.2, 0.2), (min(values) - edge, max(values) + edge))
    halves = [(float(n), f"{100 * 2**n:.3g} %") for n in range(ceil(min(places)), 1)]
    parts = [*frame.y_axis(y_label, "%"), *frame.x_axis(x_label, halves)]
    at = frame.px(log2(kept / 100))
    ends = {"y1": frame.top, "y2": frame.height - frame.bottom}
    parts.append(tag("line", class_="line grey dashed", x1=at, x2=at, **ends))
    for line in lines:
        points = [
            (frame.px(log2(x / 100)), frame.py(y)) for x, y in zip(line.x, line.y, strict=True)
        ]
        path = "L".join(f"{x:.1f} {y:.1f}" for x, y in points)
        parts.append(
            tag("path", tag("title", line.name), class_=f"line c{line.colour}", d=f"M{path}")
        )
        for (x, y), share, words in zip(points, line.x, line.dots, strict=True):
            style = f"line hollow c{line.colour}" if share in poor else f"bar c{line.colour}"
            parts.append(tag("circle", tag("title", words), class_=style, cx=x, cy=y, r=4.0))
    return picture(f"{y_label} by {x_label}", [*parts, *legend((n.name, n.colour) for n in lines)])


def heat_map(counts: NDArray[np.int64], names: Sequence[str]) -> Markup:
    """A confusion matrix: the share of each class (row) that got each answer (column), in %."""
    n, left, top = len(names), 118.0, 84.0
    cell = (WIDTH - left - 52) / n  # the last name is turned out of its column
    side = min(cell, 62.0)
    share = counts / np.maximum(counts.sum(1, keepdims=True), 1)
    parts = [text(0, 12, "class ↓  answer →", "start", "label")]
    for i, name in enumerate(names):
        y, x = top + (i + 0.5) * side, left + (i + 0.5) * cell
        parts.append(text(left - 8, y + 4, short(name, NAME_MAX), "end", "", name))
        turned = f"rotate(-35 {x:.1f} {top - 8:.1f})"
        parts.append(text(x, top - 8, short(name, NAME_MAX), "start", "", name, turned))
    for (i, j), value in np.ndenumerate(share):
        title = tag(
            "title", f"{names[i]} answered as {names[j]}: {counts[i, j]} of {counts[i].sum()}"
        )
        parts.append(
            tag(
                "rect", title, class_="hit" if i == j else "miss", x=left + j * cell,
                y=top + i * side, width=cell - 2, height=side - 2, rx=3.0,
                fill_opacity=0.06 + 0.94 * value,
            )
        )  # fmt: skip
        if n <= 12 and value >= 0.005:
            style = "on" if value > 0.5 else "label"
            x, y = left + (j + 0.5) * cell - 1, top + (i + 0.5) * side + 3
            parts.append(text(x, y, f"{100 * value:.0f}", "middle", style))
    return picture("confusion matrix", parts, top + n * side + 4)


def reliability_chart(bins: NDArray[np.float64]) -> Markup:
    """How often answers of a confidence are right: `edgemtl.models.reliability`'s (3, bins)."""
    flows, confidence, right = bins
    some = flows > 0
    frame = Frame((0.0, 100.0), (0.0, 100.0))
    parts = frame.axes("confidence in %", "right answers", "%")
    ends = (frame.px(0), frame.py(0), frame.px(100), frame.py(100))
    parts.append(
        tag("path", class_="line grey dashed", d="M{:.1f} {:.1f}L{:.1f} {:.1f}".format(*ends))
    )
    for n, said, was in zip(
        flows[some], 100 * confidence[some] / flows[some], 100 * right[some] / flows[some],
        strict=True,
    ):  # fmt: skip
        x, y = frame.px(said), frame.py(was)
        title = tag("title", f"{n:.0f} flows: said {said:.0f} %, right {was:.0f} %")
        parts.append(tag("line", class_="line grey", x1=x, x2=x, y1=y, y2=frame.py(said)))
        size = 3 + 12 * sqrt(n / flows.sum())
        parts.append(tag("circle", title, class_="dot", cx=x, cy=y, r=size))
    return picture("reliability diagram", parts)


def share_bar(share: float, mark: float, title: str) -> Markup:
    """A share of 1 as a bar, with a mark to compare it with."""
    at = mark * WIDTH
    parts = [
        tag("title", title),
        tag("rect", class_="bar faint", x=0.0, y=4.0, width=WIDTH, height=10.0, rx=5.0),
        tag("rect", class_="bar c0", x=0.0, y=4.0, width=share * WIDTH, height=10.0, rx=5.0),
        tag("line", class_="mark", x1=at, x2=at, y1=0.0, y2=18.0),
    ]
    return picture(title, parts, 18.0)


def up_and_down(
    x: NDArray[np.float64],
    up: NDArray[np.float64],
    down: NDArray[np.float64] | None,
    x_label: str,
    top: float,
) -> Markup:
    """Bytes sent (up) and received (down) at places along an axis.

    Parameters
    ----------
    x, up, down : arrays, shape (n,)
        `down` is None where one does not know the direction.
    x_label : str
    top : float
        Bytes at the upper and the lower edge; equal ones make pictures comparable.
    """
    end, height = float(x.max(initial=0)) or 1.0, 190.0
    frame = Frame((0.0, end), (0.0 if down is None else -top, top), height=height)
    label = "bytes, either way" if down is None else "bytes ↑ sent ↓ received"
    parts = frame.axes(x_label, label)
    zero = frame.py(0)
    for style, values, sign in (("c0", up, 1), ("c1", down, -1)):
        if values is None or not (values > 0).any():
            continue
        stems = [
            f"M{frame.px(at):.1f} {zero:.1f}V{frame.py(sign * min(value, top)):.1f}"
            for at, value in zip(x, values, strict=True)
            if value > 0
        ]
        parts.append(tag("path", class_=f"stem {style}", d="".join(stems)))
    parts.append(tag("line", class_="axis", x1=frame.px(0), x2=frame.px(end), y1=zero, y2=zero))
    return picture(f"bytes by {x_label}", parts, height)
