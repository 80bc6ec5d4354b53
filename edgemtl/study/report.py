"""A study as a table like Table III, in Markdown and pictures."""

from __future__ import annotations

import json
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgemtl._version import __version__
from edgemtl.card import HEADS
from edgemtl.datasets.atomic import whole_file
from edgemtl.draw.figure import new_figure, svg
from edgemtl.study.methods import find_method
from edgemtl.study.study import Plan, summary

__all__ = ["PAPER", "columns", "table", "write_report"]

# Table III of arXiv:1906.05248: another split of more data (6,139 training flows, 300 tested).
PAPER: dict[str, dict[int | None, float]] = {  # the traffic class, by labels per class; None: all
    "mtl": {10: 93.33, 20: 94.67, 50: 96.00, 100: 97.33},
    "stl": {None: 97.67},
    "transfer": {10: 85.33, 20: 87.33, 50: 90.67, 100: 92.67},
    "cnn-rnn2": {10: 64.67, 20: 66.67, 50: 76.67, 100: 85.33},
    "rf": {10: 48.67, 20: 64.00, 50: 78.00, 100: 86.67},
}
# Bandwidth and duration there; a range is over the label counts.
PAPER_MEASURED = {"mtl": ("89.3–90.7", "91.0–92.0"), "cnn-rnn2": ("89.3", "92.0")}
TITLES = {"accuracy": "Accuracy in %", "macro_f1": "Macro F1 in %", "ece": "Calibration error in %"}


def columns(plan: Plan) -> list[str]:
    """Of the table: the traffic class for each label count, then the two measured heads."""
    return ["method", *(f"class, {n or 'all'}" for n in plan.labels), "bandwidth", "duration"]


def table(
    rows: Sequence[dict[str, Any]], plan: Plan, measure: str, paper: bool = False
) -> list[list[str]]:
    """Cells of the table laid out like Table III: mean ± half the 95 % interval, in %."""
    found = {(row["method"], row["head"], row["labels"]): row for row in rows}
    lines = []
    for name in plan.methods:
        keys = [("traffic_class", n or "all") for n in plan.labels]
        keys += [("bandwidth", "mean"), ("duration", "mean")]
        figures = [_figure(found.get((name, *key)), measure) for key in keys]
        lines.append([find_method(name).title, *figures])
    if paper and measure == "accuracy":
        lines += [_paper_line(name, plan) for name in PAPER]
    return lines


def _paper_line(name: str, plan: Plan) -> list[str]:
    figures = [PAPER[name].get(n) for n in plan.labels]
    cells = ["–" if figure is None else f"{figure:.1f}" for figure in figures]
    title = f"the paper: {find_method(name).title}".split(",")[0]
    return [title, *cells, *PAPER_MEASURED.get(name, ("–", "–"))]


def _figure(row: dict[str, Any] | None, measure: str) -> str:
    if row is None:
        return "–"
    interval = row[f"{measure}_interval"]
    mean = f"{100 * row[measure]:.1f}"
    return mean if interval is None else f"{mean} ±{100 * interval:.1f}"


def write_report(
    folder: Path,
    cells: Sequence[dict[str, Any]],
    plan: Plan,
    command: Sequence[str],
    data: dict[str, str],
    paper: bool = False,
) -> dict[str, Any]:
    """Write study.json, study.md and the pictures; return what study.json holds.

    Raises
    ------
    MissingDependency
        Where matplotlib is not installed.
    """
    rows = summary(cells, plan)
    words = shlex.join(command)
    document = {
        "edgemtl": __version__,
        "command": list(command),
        "data": data,
        "rows": rows,
        "skipped": sorted({cell["skipped"] for cell in cells if "skipped" in cell}),
        "notes": sorted({note for cell in cells for note in cell.get("notes", ())}),
        "cells": list(cells),
    }
    _write(folder / "study.json", json.dumps(document, indent=1))
    _write(folder / "study.md", _markdown(document, plan, words, paper))
    _draw_all(folder, document, plan, words, paper)
    return document


def _write(file: Path, text: str) -> None:
    with whole_file(file) as temporary:
        temporary.write_text(text + "\n", encoding="utf-8")


def _markdown(document: dict[str, Any], plan: Plan, command: str, paper: bool) -> str:
    seeds = sorted({row["seeds"] for row in document["rows"]}) or [0]
    over = f"{seeds[0]} to {seeds[-1]}" if seeds[1:] else f"{seeds[0]}"
    what = (
        "trainings on one split, the last flows its test" if plan.split_by == "time" else "splits"
    )
    lines = [
        "# Study",
        "",
        f"Mean and 95 % interval over {over} {what}; on flows kept aside; class, n: with n labels "
        "of each class. Made by",
        "",
        f"    {command}",
    ]
    for measure, title in TITLES.items():
        head = columns(plan)
        lines += ["", f"## {title}", "", f"| {' | '.join(head)} |"]
        lines.append(f"| --- |{' ---: |' * (len(head) - 1)}")
        body = table(document["rows"], plan, measure, paper)
        lines += [f"| {' | '.join(row)} |" for row in body]
    if paper:
        lines += [
            "",
            "The paper's figures are of another split of more data: 6,139 training flows; a range "
            "is over its label counts.",
        ]
    for note in (*document["skipped"], *document["notes"]):
        lines += ["", f"* {note}"]
    return "\n".join(lines)


def _draw_all(
    folder: Path, document: dict[str, Any], plan: Plan, command: str, paper: bool
) -> None:
    for name, draw in (
        ("accuracy", _draw_accuracy), ("confusion", _draw_confusion),
        ("reliability", _draw_reliability),
    ):  # fmt: skip
        figure = new_figure(12, 4.5)
        draw(figure, document, plan, paper)
        figure.supxlabel(command, fontsize=6, color="0.4", wrap=True)
        with whole_file(folder / f"{name}.svg") as temporary:
            temporary.write_text(svg(figure, command), encoding="utf-8")


def _draw_accuracy(figure: Any, document: dict[str, Any], plan: Plan, paper: bool) -> None:
    """Accuracy against labels of a class, one picture a head."""
    places = list(plan.labels)
    for axes, head in zip(figure.subplots(1, len(HEADS)), HEADS, strict=True):
        for name in plan.methods:
            rows = [r for r in document["rows"] if (r["method"], r["head"]) == (name, head)]
            rows = [r for r in rows if r["labels"] != "mean"]
            x = [places.index(None if r["labels"] == "all" else r["labels"]) for r in rows]
            y = [100 * r["accuracy"] for r in rows]
            error = [100 * (r["accuracy_interval"] or 0) for r in rows]
            if rows:
                title = find_method(name).title
                axes.errorbar(x, y, error, label=title, marker="o", ms=3, capsize=2)
        if paper and head == "traffic_class":
            for name, figures in PAPER.items():
                x = [i for i, n in enumerate(places) if n in figures]
                y = [figures[n] for n in places if n in figures]
                label = f"{find_method(name).title.split(',')[0]} (paper, more data)"
                if x:  # a lone figure has no line: the marker shows it
                    axes.plot(x, y, "--", lw=1, marker="o", ms=3, label=label)
        axes.set_title(head)
        axes.set_xticks(range(len(places)), [str(n or "all") for n in places])
        axes.set_xlabel("labels of a class")
        axes.set_ylabel("accuracy in %")
        low, high = axes.get_ylim()
        axes.set_ylim(max(low, 0), min(high, 101))  # few seeds have intervals beyond what can be
        axes.grid(alpha=0.3)
        if axes.has_data():
            axes.legend(fontsize=6)


def _draw_confusion(figure: Any, document: dict[str, Any], plan: Plan, paper: bool) -> None:
    """Share of each class (row) by answer, all seeds together, of the first method."""
    for axes, head in zip(figure.subplots(1, len(HEADS)), HEADS, strict=True):
        which, figures = _cells_of(document, plan, plan.methods[0], head)
        title = f"{find_method(plan.methods[0]).title}: {head}"
        if not figures:
            axes.set_title(title, fontsize=9)
            axes.set_axis_off()
            continue
        axes.set_title(f"{title}, {which}", fontsize=9)
        names, counts = _together(figures)
        share = counts / np.maximum(counts.sum(1, keepdims=True), 1)
        axes.imshow(share, cmap="Blues", vmin=0, vmax=1)
        axes.set_xticks(range(len(names)), names, rotation=45, ha="right", fontsize=7)
        axes.set_yticks(range(len(names)), names, fontsize=7)
        for (i, j), value in np.ndenumerate(share):
            dark = "white" if value > 0.5 else "black"
            axes.text(j, i, f"{100 * value:.0f}", ha="center", va="center", fontsize=7, color=dark)


def _together(figures: list[dict[str, Any]]) -> tuple[list[str], NDArray[np.int64]]:
    """The classes of all splits, which may differ, and their confusions added up."""
    names = list(dict.fromkeys(name for f in figures for name in f["classes"]))
    counts = np.zeros((len(names), len(names)), np.int64)
    for f in figures:
        places = [names.index(name) for name in f["classes"]]
        counts[np.ix_(places, places)] += np.array(f["confusion"], np.int64)
    return names, counts


def _draw_reliability(figure: Any, document: dict[str, Any], plan: Plan, paper: bool) -> None:
    """How often answers of a confidence are right, all seeds together."""
    for axes, head in zip(figure.subplots(1, len(HEADS)), HEADS, strict=True):
        axes.plot([0, 1], [0, 1], "--", color="0.6", lw=1)
        for name in plan.methods:
            which, figures = _cells_of(document, plan, name, head)
            if not figures:
                continue
            flows, confidence, right = np.sum([f["reliability"] for f in figures], axis=0)
            some = flows > 0
            axes.plot(
                confidence[some] / flows[some], right[some] / flows[some], marker="o", ms=3,
                label=f"{find_method(name).title}, {which}",
            )  # fmt: skip
        axes.set_title(head)
        axes.set_xlabel("confidence")
        axes.set_ylabel("share of right answers")
        if axes.get_legend_handles_labels()[0]:
            axes.legend(fontsize=6)


def _cells_of(
    document: dict[str, Any], plan: Plan, method: str, head: str
) -> tuple[str, list[dict[str, Any]]]:
    """The last label count that a method has figures for, in words, and these."""
    for labels in reversed(plan.labels):
        found = [
            cell["heads"][head]
            for cell in document["cells"]
            if (cell["method"], cell["labels"]) == (method, labels)
            and cell["heads"].get(head, {}).get("n")
        ]
        if found:
            return f"{labels or 'all'} labels", found
    return "", []
