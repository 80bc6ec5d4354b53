"""What all commands share: where text goes, tables, and progress that does not disturb data."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from rich import box
from rich.console import Console
from rich.measure import Measurement
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn
from rich.table import Table

from edgemtl.errors import DataError
from edgemtl.printable import printable

WIDTH_MAX = 300  # columns of a table

__all__ = [
    "HEAD_COLUMNS",
    "check_suffix",
    "head_rows",
    "note",
    "print_json",
    "print_table",
    "printable",
    "progress",
]

HEAD_COLUMNS = ("head", "flows", "accuracy", "macro F1", "largest class", "calibration error")


def head_rows(heads: dict[str, dict[str, Any]]) -> list[tuple[Any, ...]]:
    """What `head_metrics` says of each head as cells of `HEAD_COLUMNS`, in %."""
    names = ("accuracy", "macro_f1", "largest", "ece")
    return [
        (head, m["n"], *(f"{100 * m[name]:.1f}" for name in names))
        for head, m in heads.items()
        if m["n"]
    ]


def check_suffix(file: Path | None, suffix: str, option: str) -> None:
    """DataError unless the file's name ends so: a slip must not replace a run, or a table."""
    if file is not None and file.suffix != suffix:
        raise DataError(f"{option}: {file}: must end in {suffix}")


def note(message: str) -> None:
    """One line for the person at the keyboard, on standard error, where that takes it."""
    with suppress(OSError):
        print(printable(message), file=sys.stderr, flush=True)


def print_json(document: Any) -> None:
    """One JSON document on standard output; what is not finite becomes null."""
    print(json.dumps(_finite(document), indent=2))


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _finite(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(inner) for inner in value]
    if isinstance(value, float) and (value != value or value in (float("inf"), float("-inf"))):
        return None
    return value


class _Console(Console):
    def on_broken_pipe(self) -> None:
        raise BrokenPipeError  # as of print(); rich would exit with 1, a bad answer


def print_table(title: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """A table on standard output; numbers to the right. As wide as it needs to be."""
    table = Table(title=printable(title), title_justify="left", box=box.SIMPLE_HEAD)
    body = [[_cell(str(cell)) for cell in row] for row in rows]
    for i, name in enumerate(columns):
        numeric = all(row[i][:1].isdigit() or row[i][:1] in "-–+" for row in body)
        table.add_column(_cell(name), justify="right" if numeric else "left", overflow="fold")
    for row in body:
        table.add_row(*row)
    console = _Console(markup=False, emoji=False, highlight=False)
    wide = console.options.update(max_width=WIDTH_MAX)
    width = Measurement.get(console, wide, table).maximum  # a wrapped line reads better than cells
    console.width = max(console.width, width)
    console.print(table)


def _cell(text: str) -> str:
    return "\n".join(printable(line) for line in text.split("\n"))


def progress() -> Progress:
    """A progress bar on standard error, gone when done; nothing where that is no terminal."""
    console = Console(stderr=True)
    return Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TaskProgressColumn(),
        TimeRemainingColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )
