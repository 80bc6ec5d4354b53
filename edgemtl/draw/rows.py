"""Charts of named rows."""

from __future__ import annotations

from collections.abc import Sequence

from edgemtl.draw.frame import NAME_MAX, WIDTH, legend, picture, text
from edgemtl.draw.markup import Markup, short, tag

__all__ = ["balance_chart"]


def balance_chart(
    names: Sequence[str], first: Sequence[int], second: Sequence[int], titles: tuple[str, str]
) -> Markup:
    """How many flows each class has in two parts, as bars beside each other."""
    left, row, top = 118.0, 32.0, 26.0
    most = max([*first, *second, 1])
    named = zip(titles, range(2), strict=True)
    parts = [text(0, 12, "flows", "start", "label"), *legend(named)]
    for i, name in enumerate(names):
        y = top + i * row
        parts.append(text(left - 8, y + 17, short(name, NAME_MAX), "end", "", name))
        for number, (values, offset) in enumerate(((first, 2.0), (second, 14.0))):
            width = (WIDTH - left - 48) * values[i] / most
            parts.append(
                tag("rect", class_=f"bar c{number}", x=left, y=y + offset, height=10.0,
                    width=max(width, 1.0), rx=2.0)
            )  # fmt: skip
            parts.append(text(left + width + 6, y + offset + 9, str(values[i]), "start", "small"))
    return picture("flows of each class", parts, top + len(names) * row + 4)
