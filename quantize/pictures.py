"""Pictures of an export, as SVG to put into a page."""

from __future__ import annotations

from edgemtl.draw.figure import new_figure, svg
from edgemtl.quantize.proof import Report

__all__ = ["bytes_and_points"]

MARKS = "osD"  # a shape a head: colour alone tells some people nothing


def bytes_and_points(report: Report, max_drop: float) -> str:
    """How large each file is, and the points of accuracy that it changes on each head.

    Raises
    ------
    MissingDependency
        Where matplotlib is not installed.
    """
    files = [report.reference, *report.files]
    places = range(len(files))
    figure = new_figure(11, 0.9 + 0.42 * len(files))
    sizes, points = figure.subplots(1, 2, sharey=True)
    sizes.barh(places, [file["bytes"] / 1000 for file in files], color="#5b7fa6")
    for place, file in enumerate(files):
        sizes.text(file["bytes"] / 1000, place, f" {file['bytes'] / 1000:,.0f}", va="center")
    sizes.set_yticks(places, [file["file"] for file in files])
    sizes.invert_yaxis()
    sizes.set_xlabel("kB")
    sizes.margins(x=0.15)
    for mark, head in zip(MARKS, report.reference["heads"], strict=False):
        shifts = [0 - file["heads"][head]["drop"] for file in files]
        points.plot(shifts, places, mark, label=head, alpha=0.8)
    points.axvline(0, color="0.6", lw=1)
    points.axvline(-max_drop, color="#b03a2e", ls="--", lw=1, label="allowed to lose")
    points.set_xlabel("points of accuracy beside the network")
    points.grid(axis="y", alpha=0.3)
    points.legend(fontsize=8, loc="center left", bbox_to_anchor=(1, 0.5))
    for axes in (sizes, points):
        axes.spines[["top", "right"]].set_visible(False)
    text = svg(figure)
    return text[text.index("<svg") :]
