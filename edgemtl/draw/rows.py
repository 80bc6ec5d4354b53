"""Charts of named rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from edgemtl.draw.frame import NAME_MAX, WIDTH, Frame, legend, picture, text
from edgemtl.draw.markup import Markup, short, tag

__all__ = ["balance_chart", "bar_chart", "shift_chart"]

LEFT = 118.0  # room for names


def balance_chart(
    names: Sequence[str], first: Sequence[int], second: Sequence[int], titles: tuple[str, str]
) -> Markup:
    """How many flows each class has in two parts, as bars beside each other."""
    row, top = 32.0, 26.0
    most = max([*first, *second, 1])
    named = zip(titles, range(2), strict=True)
    parts = [text(0, 12, "flows", "start", "label"), *legend(named)]
    for i, name in enumerate(names):
        y = top + i * row
        parts.append(text(LEFT - 8, y + 17, short(name, NAME_MAX), "end", "", name))
        for number, (values, offset) in enumerate(((first, 2.0), (second, 14.0))):
            width = (WIDTH - LEFT - 48) * values[i] / most
            parts.append(
                tag("rect", class_=f"bar c{number}", x=LEFT, y=y + offset, height=10.0,
                    width=max(width, 1.0), rx=2.0)
            )  # fmt: skip
            parts.append(text(LEFT + width + 6, y + offset + 9, str(values[i]), "start", "small"))
    return picture("flows of each class", parts, top + len(names) * row + 4)


def bar_chart(names: Sequence[str], values: Sequence[float], label: str) -> Markup:
    """A value of each row, as a bar with the number behind it."""
    row, top = 26.0, 26.0
    most = max([*values, 1e-9])
    parts = [text(0, 12, label, "start", "label")]
    for i, (name, value) in enumerate(zip(names, values, strict=True)):
        y, width = top + i * row, (WIDTH - LEFT - 64) * value / most
        parts.append(text(LEFT - 8, y + 14, short(name, NAME_MAX), "end", "", name))
        parts.append(
            tag("rect", class_="bar c0", x=LEFT, y=y + 3, height=14.0, width=width, rx=2.0)
        )
        parts.append(text(LEFT + width + 6, y + 14, f"{value:,.0f}", "start", "small"))
    return picture(label, parts, top + len(names) * row + 4)


def shift_chart(
    names: Sequence[str], shifts: Mapping[str, Sequence[float]], least: float, label: str
) -> Markup:
    """How far each row is from 0 in several respects, as dots.

    Parameters
    ----------
    names : sequence of str
    shifts : mapping of str to sequence of float
        A colour and a height within the row each, so that colour is not all that tells them.
    least : float
        Where no dot is to be left of: a dashed line.
    label : str
    """
    row, top, bottom = 26.0, 26.0, 38.0
    height = top + len(names) * row + bottom
    every = [least, 0.0, *(value for values in shifts.values() for value in values)]
    edge = 0.06 * (max(every) - min(every) or 1)
    frame = Frame((min(every) - edge, max(every) + edge), (len(names), 0), LEFT, 12, top, bottom,
                  height=height)  # fmt: skip
    ends = {"y1": frame.py(0), "y2": frame.py(len(names))}
    parts = [*frame.x_axis(label), *legend(zip(shifts, range(len(shifts)), strict=True))]
    for value, style in ((0.0, "grid"), (least, "line grey dashed")):
        parts.append(tag("line", class_=style, x1=frame.px(value), x2=frame.px(value), **ends))
    for i, name in enumerate(names):
        parts.append(text(LEFT - 8, frame.py(i + 0.5) + 4, short(name, NAME_MAX), "end", "", name))
        for number, (respect, values) in enumerate(shifts.items()):
            title = tag("title", f"{name}, {respect}: {values[i]:+.2f}")
            x, y = frame.px(values[i]), frame.py(i + (number + 1) / (len(shifts) + 1))
            parts.append(tag("circle", title, class_=f"bar c{number}", cx=x, cy=y, r=3.5))
    return picture(label, parts, height)
