"""report.html: what an export made and how it compares, for people; one file, no script."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path
from typing import Any

from edgemtl.quantize.pictures import bytes_and_points
from edgemtl.quantize.proof import Report

__all__ = ["write_page"]

STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; max-width: 72em; margin: 2em auto; padding: 0 1em; }
table { border-collapse: collapse; margin: 1em 0; font-variant-numeric: tabular-nums; }
th, td { padding: .2em .8em; border-bottom: 1px solid #ddd; text-align: right; }
th:first-child, td:first-child { text-align: left; white-space: nowrap; }
td.left, th.left { text-align: left; min-width: 14em; overflow-wrap: anywhere; }
code { font-size: 90%; overflow-wrap: anywhere; }
svg { max-width: 100%; height: auto; }
"""
HOW = {
    "fp32": "float32, as trained",
    "fp16": "weights of 16 bits, float32 once loaded",
    "dynamic": "int8 weights; values in between quantised as they come",
}


def write_page(file: Path, manifest: dict[str, Any], report: Report, max_drop: float) -> None:
    """Write the page.

    Parameters
    ----------
    manifest : dict
        What manifest.json holds.
    max_drop : float
        Points of accuracy that a file was allowed to lose on any head.
    """
    data = "; ".join(f"{f['path']} (SHA-256 {f['sha256']})" for f in manifest["data"])
    parts = [
        f"<h1>{escape(manifest['name'])}</h1>",
        f"<p>Each file answered {report.flows} held-out flows, by its own runtime, beside the "
        f"network of <code>{escape(manifest['run'])}</code>, and loses at most {max_drop:g} points "
        "of accuracy on any head.</p>",
        f"<p>Training data: <code>{escape(data)}</code></p>",
        bytes_and_points(report, max_drop),
        "<h2>Files</h2>",
        _files(report),
        "<h2>Answers, head by head</h2>",
        "<p>In brackets: points beside the network. Turned: decisions other than the network's. "
        "ECE: expected calibration error.</p>",
        _heads(report),
        "<h2>Flows that are answered otherwise</h2>",
        _turned(report),
        "<h2>Made with</h2>",
        _table(("package", "version"), manifest["versions"].items()),
        f"<p>Trained by <code>{escape(shlex.join(manifest['command']))}</code></p>",
    ]
    title = f"<title>{escape(manifest['name'])}: exported files</title>"
    page = ["<!DOCTYPE html>", '<meta charset="utf-8">', title, f"<style>{STYLE}</style>", *parts]
    file.write_text("\n".join(page) + "\n", encoding="utf-8")


def _files(report: Report) -> str:
    rows = [_file(report.reference, report, "PyTorch, the network itself")]
    if report.pruned:
        rows.append(_file(report.pruned, report, "PyTorch, pruned: what the files were made of"))
    rows += [_file(row, report, _made(row)) for row in report.files]
    columns = ("file", "bytes", "times smaller", "multiply-adds", "how", "SHA-256")
    return _table(columns, rows, left=(4, 5))


def _file(row: dict[str, Any], report: Report, how: str) -> tuple[str, ...]:
    smaller = report.reference["bytes"] / row["bytes"]
    size = (f"{row['bytes']:,}", f"{smaller:.1f}", f"{row['macs']:,}")
    return (row["file"], *size, how, row.get("sha256", "–"))


def _made(row: dict[str, Any]) -> str:
    made = row["made"]
    if not made:
        return HOW[row["precision"]]
    tuned = ", fine-tuned" if made["fine_tuned"] else ""
    return f"int8 weights and values, calibrated by {made['calibration']}{tuned}"


def _heads(report: Report) -> str:
    columns = (
        "head", "file", "accuracy in %", "macro F1 in %", "ECE in %", "agreement in %", "turned",
        "largest difference",
    )  # fmt: skip
    rows = []
    for head, own in report.reference["heads"].items():
        for file in filter(None, (report.reference, report.pruned, *report.files)):
            m = file["heads"][head]
            rows.append(
                (
                    head,
                    file["file"],
                    *(_beside(m[name], own[name]) for name in ("accuracy", "macro_f1", "ece")),
                    f"{100 * m['agreement']:.2f}",
                    f"{m['turned']} of {report.flows}",
                    f"{m['max_difference']:.1e}",
                )
            )
    return _table(columns, rows, left=(1,))


def _beside(value: float, own: float) -> str:
    return f"{100 * value:.2f} ({100 * (value - own):+.2f})"


def _turned(report: Report) -> str:
    rows = []
    for file in report.files:
        for head, m in file["heads"].items():
            if m["turned"]:
                more = m["turned"] - len(m["turned_flows"])
                named = ", ".join(m["turned_flows"]) + (f" and {more} more" if more else "")
                rows.append((file["file"], head, str(m["turned"]), named))
    if not rows:
        return "<p>None: every file decides as the network does.</p>"
    return _table(("file", "head", "flows", "ids"), rows, left=(1, 3))


def _table(columns: Sequence[str], rows: Iterable[Sequence[str]], left: Sequence[int] = ()) -> str:
    def line(cells: Sequence[str], tag: str) -> str:
        kinds = [' class="left"' if i in left else "" for i in range(len(cells))]
        inner = "".join(
            f"<{tag}{kind}>{escape(cell)}</{tag}>" for cell, kind in zip(cells, kinds, strict=True)
        )
        return f"<tr>{inner}</tr>"

    body = "\n".join(line(row, "td") for row in rows)
    return f"<table>\n{line(columns, 'th')}\n{body}\n</table>"
