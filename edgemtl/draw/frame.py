"""What charts have in common: places, axes, names. Colours are the page's, see charts.py."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import ceil, floor, log10

from edgemtl.draw.markup import Markup, short, tag

__all__ = ["HEIGHT", "NAME_MAX", "WIDTH", "Frame", "legend", "picture", "text"]

WIDTH = 420.0
HEIGHT = 250.0
NAME_MAX = 16  # characters of a name beside a chart; all of them are in its tooltip


@dataclass(frozen=True)
class Frame:
    """Places in the picture of values of two ranges."""

    x: tuple[float, float]
    y: tuple[float, float]
    left: float = 48.0
    right: float = 12.0
    top: float = 28.0
    bottom: float = 38.0
    width: float = WIDTH
    height: float = HEIGHT

    def px(self, value: float) -> float:
        """Of a value of x, from the left."""
        low, high = self.x
        inner = self.width - self.left - self.right
        return self.left + inner * (value - low) / ((high - low) or 1)

    def py(self, value: float) -> float:
        """Of a value of y, from the top."""
        low, high = self.y
        inner = self.height - self.top - self.bottom
        return self.height - self.bottom - inner * (value - low) / ((high - low) or 1)

    def axes(self, x_label: str, y_label: str, unit: str = "") -> list[Markup]:
        """Lines at round values, their numbers, and what they are of."""
        return [*self.y_axis(y_label, unit), *self.x_axis(x_label)]

    def y_axis(self, label: str, unit: str = "") -> Iterable[Markup]:
        """Lines across the chart at round values; of those under 0 the sizes are told."""
        left, right = self.px(self.x[0]), self.px(self.x[1])
        for value in _round_values(*self.y):
            y = self.py(value)
            yield tag("line", class_="grid", x1=left, x2=right, y1=y, y2=y)
            yield text(left - 6, y + 4, f"{abs(value):g}{unit}", "end")
        yield text(0, 12, label, "start", "label")

    def x_axis(self, label: str, ticks: Iterable[tuple[float, str]] = ()) -> Iterable[Markup]:
        """The line under the chart, with numbers at round values, or with these words there."""
        left, right = self.px(self.x[0]), self.px(self.x[1])
        bottom = self.height - self.bottom
        for value, words in ticks or ((v, f"{v:g}") for v in _round_values(*self.x)):
            yield text(self.px(value), bottom + 16, words, "middle")
        yield tag("line", class_="axis", x1=left, x2=right, y1=bottom, y2=bottom)
        yield text((left + right) / 2, self.height - 4, label, "middle", "label")


def legend(entries: Iterable[tuple[str, int]]) -> Iterable[Markup]:
    """Names and the colours of their lines, up to the right end of the first row."""
    names = [(short(name, 18), colour) for name, colour in entries]
    x = WIDTH - sum(_legend_width(name) for name, _ in names)
    for name, colour in names:
        yield tag("path", class_=f"line c{colour}", d=f"M{x:.1f} 8h14")
        yield text(x + 19, 12, name, "start")
        x += _legend_width(name)


def _legend_width(name: str) -> float:
    return 32 + 7.0 * len(name)  # about; fonts differ


def picture(label: str, parts: Iterable[Markup], height: float = HEIGHT) -> Markup:
    """What is drawn, as one element; the label is for those who can't see it."""
    box = f"0 0 {WIDTH:g} {height:g}"
    return tag("svg", *parts, viewBox=box, role="img", aria_label=label)


def text(
    x: float,
    y: float,
    words: str,
    anchor: str,
    style: str = "",
    title: str = "",
    transform: str = "",
) -> Markup:
    """Words at a place; the title is the tooltip."""
    more: dict[str, str] = {"class_": style} if style else {}
    if transform:
        more["transform"] = transform
    inner = [words, tag("title", title)] if title else [words]
    return tag("text", *inner, x=x, y=y, text_anchor=anchor, **more)


def _round_values(low: float, high: float, wanted: int = 5) -> list[float]:
    """Some four to eight round values from low to high."""
    if not high > low:
        return [low]
    step = 10 ** floor(log10((high - low) / wanted))
    step *= next(m for m in (1, 2, 5, 10) if (high - low) / (m * step) <= wanted)
    return [float(i * step) for i in range(ceil(low / step), floor(high / step) + 1)]
