"""Figures by matplotlib, for files of their own."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from edgemtl.errors import MissingDependency

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["new_figure", "svg"]


def new_figure(width: float, height: float) -> Figure:
    """An empty figure; width and height in inches.

    Raises
    ------
    MissingDependency
        Where matplotlib is not installed.
    """
    try:
        from matplotlib.figure import Figure
    except ImportError:
        raise MissingDependency("pictures", "matplotlib", "train") from None
    return Figure(figsize=(width, height), layout="constrained")


def svg(figure: Figure, description: str | None = None) -> str:
    """The figure as SVG; the same figure gives the same text: no date, no names drawn at random."""
    from matplotlib import rc_context

    text = io.StringIO()
    told = {"Description": description} if description is not None else {}
    with rc_context({"svg.hashsalt": "edgemtl"}):
        figure.savefig(text, format="svg", metadata={"Date": None, **told})
    return text.getvalue()
