"""A pruning's steps as a table: accuracy of each head beside multiply-adds."""

from __future__ import annotations

from typing import Any

from edgemtl.quantize.prune.pruning import AUTO

__all__ = ["step_table", "with_change"]


def step_table(pruning: dict[str, Any]) -> tuple[list[str], list[tuple[str, ...]]]:
    """Headings, and a row a step, of `Pruning.record`."""
    heads = list(pruning["steps"][0]["heads"])
    bounded = pruning["told"] == AUTO
    rows = [
        (
            f"{row['macs']:,}", f"{row['share']:.1%}", f"{row['parameters']:,}",
            *(with_change(row["heads"][head]) for head in heads),
            *(("yes" if row["kept"] else "no",) if bounded else ()),
        )
        for row in pruning["steps"]
    ]  # fmt: skip
    columns = ["multiply-adds", "share", "parameters", *heads]
    return columns + ["within bounds"] * bounded, rows


def with_change(head: dict[str, Any]) -> str:
    """Accuracy of a head in %, and in brackets the points of it that were won or lost."""
    if head["accuracy"] is None:
        return "–"
    return f"{100 * head['accuracy']:.2f} ({0 - head['drop']:+.2f})"
