"""The Pareto picture: accuracy of each head against multiply-adds."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from edgemtl.draw.figure import new_figure, svg

__all__ = ["draw_steps"]

WIDTH, HEIGHT = 7.0, 4.5  # inches


def draw_steps(file: Path, title: str, steps: Sequence[dict[str, Any]], judged: str) -> None:
    """Write an SVG of a pruning's steps (`edgemtl.quantize.prune.walk.walk`).

    Raises
    ------
    MissingDependency
        Where matplotlib is not installed.
    """
    figure = new_figure(WIDTH, HEIGHT)
    axes = figure.subplots()
    kept = [row for row in steps if row["kept"]]
    for head in steps[0]["heads"]:
        points = [
            (row["macs"] / 1000, 100 * row["heads"][head]["accuracy"], row["kept"])
            for row in steps
            if row["heads"][head]["n"]
        ]
        if not points:
            continue
        (line,) = axes.plot(*zip(*[(x, y) for x, y, _ in points], strict=True), label=head)
        for x, y, good in points:
            face = line.get_color() if good else "white"
            axes.plot(x, y, "o", ms=5, color=line.get_color(), mfc=face)
    axes.axvline(kept[-1]["macs"] / 1000, color="0.6", ls="--", lw=1, label="kept")
    axes.set_xscale("log")
    labels = [f"{row['macs'] / 1000:.3g}\n{row['share']:.0%}" for row in steps]
    axes.set_xticks([row["macs"] / 1000 for row in steps], labels)
    axes.set_xticks([], minor=True)
    axes.set_xlabel("thousand multiply-adds a flow, and share of the whole network's")
    axes.set_ylabel("accuracy in %")
    axes.set_title(f"{title}: {judged}", fontsize=9)
    axes.grid(alpha=0.3)
    axes.legend(fontsize=8)
    file.write_text(svg(figure), encoding="utf-8")
