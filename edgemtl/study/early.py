"""A picture of what early answers cost: accuracy against the packets that they take."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from edgemtl.datasets.atomic import whole_file
from edgemtl.draw.figure import new_figure, svg
from edgemtl.errors import DataError

__all__ = ["draw_early"]

SPAN_MIN = 10  # points of accuracy from bottom to top: one flow more or less is no mountain


def draw_early(file: Path, heads: dict[str, dict[str, Any]], command: Sequence[str]) -> None:
    """Write an SVG: for each head, accuracy by confidence, and after fixed numbers of packets.

    Parameters
    ----------
    heads : dict
        What `edgemtl.models.evaluate` says of each head with `first`.
    command : sequence of str
        What made the figures; it stands in the picture.
    """
    measured = {head: m for head, m in heads.items() if m["n"]}
    if not measured:
        raise DataError(f"{file}: nothing to draw: no flow has a label")
    figure = new_figure(4 * len(measured), 4)
    each = figure.subplots(1, len(measured), squeeze=False)[0]
    for axes, (head, m) in zip(each, measured.items(), strict=True):
        _draw_head(axes, head, m)
    words = shlex.join(command)
    figure.supxlabel(words, fontsize=6, color="0.4", wrap=True)
    with whole_file(file) as temporary:
        temporary.write_text(svg(figure, words), encoding="utf-8")


def _draw_head(axes: Any, head: str, m: dict[str, Any]) -> None:
    told = [row for row in m["early"] if row["accuracy"] is not None]
    packets = [row["packets_mean"] for row in told]
    accuracy = [100 * row["accuracy"] for row in told]
    axes.plot(packets, accuracy, marker="o", ms=4, label="as soon as it is sure")
    for row, x, y in zip(told, packets, accuracy, strict=True):
        axes.annotate(f"{row['confidence']:g}", (x, y), (3, -9), textcoords="offset points",
                      fontsize=6)  # fmt: skip
    rows = [row for row in m["prefixes"] if row["n"]]
    axes.plot([row["packets"] for row in rows], [100 * row["accuracy"] for row in rows], "--",
              marker="s", ms=4, color="0.5", label="always after so many")  # fmt: skip
    low, high = axes.get_ylim()
    axes.set_ylim(min(low, high - SPAN_MIN), high)
    axes.set_title(head)
    axes.set_xlabel("packets needed, mean")
    axes.set_ylabel("accuracy in %")
    axes.grid(alpha=0.3)
    axes.legend(fontsize=7)
