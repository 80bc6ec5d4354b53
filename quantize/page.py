"""report.html: what an export made and how it compares, for people."""

from __future__ import annotations

import shlex
from collections.abc import Iterable
from typing import Any

from edgemtl.draw import (
    Line,
    Markup,
    bar_chart,
    card,
    cards,
    facts,
    page,
    pareto_chart,
    section,
    shift_chart,
    table,
    tag,
)
from edgemtl.quantize.proof import Report
from edgemtl.quantize.prune import step_table, with_change

__all__ = ["report_page"]

HOW = {
    "fp32": "float32, as trained",
    "fp16": "weights of 16 bits, float32 once loaded",
    "dynamic": "int8 weights; values in between quantised as they come",
}


def report_page(manifest: dict[str, Any], report: Report, max_drop: float) -> str:
    """The whole page, as HTML that needs nothing from elsewhere.

    Parameters
    ----------
    manifest : dict
        What manifest.json holds.
    max_drop : float
        Points of accuracy that a file was allowed to lose on any head.
    """
    name = manifest["name"]
    links = [("files", "files"), ("answers", "answers"), ("flows", "turned"), ("origin", "origin")]
    if report.pruning:
        links.insert(0, ("pruning", "pruning"))
    return page(
        f"{name}: exported files",
        tag("h1", name),
        tag(
            "p",
            f"Each file answered {report.flows} held-out flows, by its own runtime, beside the "
            f"network of {manifest['run']}. On no head did one lose more points of accuracy than "
            f"{max_drop:g}.",
        ),
        tag("nav", *(tag("a", words, href=f"#{anchor}") for words, anchor in links)),
        _pictures(name, report, max_drop),
        *([_pruning(report.pruning)] if report.pruning else []),
        _files(report),
        _answers(report),
        _turned(report),
        _origin(manifest),
    )


def _words(name: str) -> str:
    return name.replace("_", " ")


def _networks(report: Report) -> list[dict[str, Any]]:
    """The run, the pruned one, if any, and every file."""
    return [report.reference, *([report.pruned] if report.pruned else []), *report.files]


def _pictures(name: str, report: Report, max_drop: float) -> Markup:
    rows = _networks(report)
    names = [row["file"].removeprefix(f"{name}.") for row in rows]
    shifts = {
        _words(head): [0 - row["heads"][head]["drop"] for row in rows]
        for head in report.reference["heads"]
    }
    label = "points of accuracy beside the network"
    return cards(
        [
            card("How large", bar_chart(names, [row["bytes"] / 1000 for row in rows], "kB")),
            card(
                "What it costs",
                shift_chart(names, shifts, -max_drop, label),
                tag("p", "The dashed line: what a file was allowed to lose."),
            ),
        ]
    )


def _pruning(pruning: dict[str, Any]) -> Markup:
    """The steps down to the smaller network."""
    columns, rows = step_table(pruning)
    return section(
        "Pruning",
        "pruning",
        tag("p", f"Accuracy is that of {pruning['judged']}, in %; in brackets its change."),
        *(tag("p", f"{note[0].upper()}{note[1:]}.") for note in pruning["notes"]),
        cards(
            [
                card(
                    "Accuracy by multiply-adds that are left",
                    _steps(pruning),
                    tag("p", "The dashed line: what was kept. Hollow: a head lost too much."),
                )
            ]
        ),
        table([_words(name) for name in columns], rows),
    )


def _steps(pruning: dict[str, Any]) -> Markup:
    steps = pruning["steps"]
    lines = []
    for colour, head in enumerate(steps[0]["heads"]):
        rows = [row for row in steps if row["heads"][head]["n"]]
        x = [100 * row["share"] for row in rows]
        y = [100 * row["heads"][head]["accuracy"] for row in rows]
        dots = [f"{row['macs']:,} multiply-adds: {with_change(row['heads'][head])}" for row in rows]
        if rows:
            lines.append(Line(_words(head), x, y, colour, dots))
    poor = {100 * row["share"] for row in steps if not row["kept"]}
    label = f"multiply-adds, of {steps[0]['macs']:,} a flow"
    return pareto_chart(lines, 100 * pruning["share"], poor, label, "right answers")


def _files(report: Report) -> Markup:
    rows = [_file(report.reference, report, "PyTorch, the network itself")]
    if report.pruned:
        rows.append(_file(report.pruned, report, "PyTorch, pruned: what the files were made of"))
    rows += [_file(row, report, _made(row)) for row in report.files]
    columns = ("file", "bytes", "times smaller", "multiply-adds", "how")
    digests = facts((row["file"], row["sha256"]) for row in report.files)
    return section("Files", "files", table(columns, rows, words={4}), card("SHA-256", digests))


def _file(row: dict[str, Any], report: Report, how: str) -> tuple[str, ...]:
    smaller = report.reference["bytes"] / row["bytes"]
    return (row["file"], f"{row['bytes']:,}", f"{smaller:.1f}", f"{row['macs']:,}", how)


def _made(row: dict[str, Any]) -> str:
    made = row["made"]
    if not made:
        return HOW[row["precision"]]
    tuned = ", fine-tuned" if made["fine_tuned"] else ""
    io = ", int8 input and outputs" if row["io"] == "int8" else ""
    return f"int8 weights and values, calibrated by {made['calibration']}{tuned}{io}"


def _answers(report: Report) -> Markup:
    words = "In brackets: points beside the network. Turned: decisions other than the network's. "
    if report.pruned:
        words = (
            "In brackets: points beside the whole network. Turned: decisions other than the pruned "
            "network's; its own, other than the whole network's. "
        )
    words += "The largest difference is that of a probability, from the same."
    heads = [part for head in report.reference["heads"] for part in _head(head, report)]
    return section("Answers, head by head", "answers", tag("p", words), *heads)


def _head(head: str, report: Report) -> Iterable[Markup]:
    own = report.reference["heads"][head]
    columns = (
        "file", "accuracy in %", "macro F1 in %", "calibration error in %", "agreement in %",
        "turned", "largest difference",
    )  # fmt: skip
    rows = [
        (
            row["file"],
            *(_beside(m[name], own[name]) for name in ("accuracy", "macro_f1", "ece")),
            f"{100 * m['agreement']:.2f}",
            f"{m['turned']} of {report.flows}",
            f"{m['max_difference']:.1e}",
        )
        for row in _networks(report)
        for m in (row["heads"][head],)
    ]
    yield tag("h3", f"{_words(head)}: accuracy of {own['n']} flows with a label")
    yield table(columns, rows)


def _beside(value: float, own: float) -> str:
    return f"{100 * value:.2f} ({100 * (value - own):+.2f})"


def _turned(report: Report) -> Markup:
    rows = []
    for file in report.files:
        for head, m in file["heads"].items():
            if m["turned"]:
                more = m["turned"] - len(m["turned_flows"])
                named = ", ".join(m["turned_flows"]) + (f" and {more} more" if more else "")
                rows.append((file["file"], _words(head), str(m["turned"]), named))
    columns = ("file", "head", "flows", "ids")
    none = tag("p", "None: every file decides as the network does.")
    found = table(columns, rows, words={3}) if rows else none
    return section("Flows that are answered otherwise", "turned", found)


def _origin(manifest: dict[str, Any]) -> Markup:
    lines: Iterable[tuple[str, str]] = [
        ("trained by", shlex.join(manifest["command"])),
        *((f["path"], f"SHA-256 {f['sha256']}") for f in manifest["data"]),
        *manifest["versions"].items(),
    ]
    return section("Origin", "origin", card("Where it came from", facts(lines)))
