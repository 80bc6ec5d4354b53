"""Writing flow tables: Parquet, JSON lines, CSV."""

from __future__ import annotations

import csv
import json
import os
import sys
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol

from edgemtl.datasets.arrow import pyarrow, to_arrow
from edgemtl.datasets.atomic import whole_file
from edgemtl.datasets.rows import to_rows
from edgemtl.errors import DataError
from edgemtl.flows import Flows

__all__ = ["FORMATS", "FlowWriter"]

FORMATS = ("parquet", "jsonl", "csv")
ROW_GROUP = 65_536  # flows
# Where few values come again and again; elsewhere looking for them costs time and gains nothing.
DICTIONARIES = ["partition", "traffic_class", "end_reason", "anonymised", "direction.list.element"]


class FlowWriter:
    """Writes flow batches to one file, which is whole or not there.

    Parameters
    ----------
    path : Path
        Its name tells the format, unless `kind` does; ``-`` is standard output.
    kind : {"parquet", "jsonl", "csv"}, optional
        ``jsonl`` for standard output unless told.

    Attributes
    ----------
    kind : str
    """

    def __init__(self, path: Path, kind: str | None = None) -> None:
        self._stdout = str(path) == "-"
        self._path = path
        if kind is not None and kind not in FORMATS:
            raise DataError(f"--format: must be one of {', '.join(FORMATS)}, got {kind!r}")
        self.kind = kind or ("jsonl" if self._stdout else path.suffix.lstrip("."))
        if self.kind not in FORMATS:
            raise DataError(f"{path}: must end in .{', .'.join(FORMATS)}, or give --format")
        if self.kind == "parquet":
            pyarrow()
            if self._stdout:
                raise DataError("-: Parquet can't be written to standard output: give a file name")
        if not self._stdout and not path.parent.is_dir():
            raise DataError(f"{path}: the folder {path.parent} is not there")
        self._stack = ExitStack()
        self._table: _Table

    def __enter__(self) -> FlowWriter:
        with ExitStack() as stack:
            self._file: Any = sys.stdout
            if not self._stdout:
                temporary = stack.enter_context(whole_file(self._path))
                if self.kind == "parquet":
                    self._file = stack.enter_context(temporary.open("wb"))
                else:
                    self._file = stack.enter_context(
                        temporary.open("w", encoding="utf-8", newline="")
                    )
            self._table = _TABLES[self.kind](self._file)
            stack.callback(self._table.close)
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with self._stack:  # closes, and renames or deletes, whatever happens in here
            if error is not None:
                raise error

    @property
    def size(self) -> int:
        """Bytes in the file so far."""
        self._file.flush()
        return os.fstat(self._file.fileno()).st_size

    def write(self, flows: Flows) -> None:
        """Append flows; for Parquet, as row groups of their own."""
        self._table.write(flows)


class _Table(Protocol):
    """A file that takes flows, in one of the formats."""

    def write(self, flows: Flows) -> None: ...

    def close(self) -> None: ...


class _Parquet:
    def __init__(self, file: Any) -> None:
        self._file = file
        self._writer: Any = None

    def write(self, flows: Flows) -> None:
        table = to_arrow(flows)
        if self._writer is None:
            self._writer = pyarrow().parquet.ParquetWriter(
                self._file,
                table.schema,
                compression="zstd",
                compression_level=1,
                use_dictionary=DICTIONARIES,
                column_encoding=_deltas(table.schema),
            )
        self._writer.write_table(table.select(self._writer.schema.names), ROW_GROUP)

    def close(self) -> None:
        if self._writer is None:
            self.write(Flows.empty())
        try:
            self._writer.close()
        finally:
            self._writer.is_open = False  # or it tries, and complains, once more when collected


def _deltas(schema: Any) -> dict[str, str]:
    """Whole numbers by their differences: smaller than plain ones, and faster to compress.

    Every reader knows it since Parquet 2. BYTE_STREAM_SPLIT does a little better, but is too new.
    """
    types = pyarrow().types
    encodings = {}
    for field in schema:
        is_list = types.is_list(field.type)
        path = f"{field.name}.list.element" if is_list else field.name
        kind = field.type.value_type if is_list else field.type
        if types.is_integer(kind) and path not in DICTIONARIES:
            encodings[path] = "DELTA_BINARY_PACKED"
    return encodings


class _JsonLines:
    def __init__(self, file: Any) -> None:
        self._file = file

    def write(self, flows: Flows) -> None:
        encode = json.JSONEncoder(separators=(",", ":")).encode
        self._file.writelines(encode(row) + "\n" for row in to_rows(flows))

    def close(self) -> None:
        """Whoever opened the file closes it."""


class _Csv:
    def __init__(self, file: Any) -> None:
        self._file = file
        self._writer: Any = None

    def write(self, flows: Flows) -> None:
        for row in to_rows(flows):
            if self._writer is None:
                self._writer = csv.writer(self._file)
                self._writer.writerow(row)
            self._writer.writerow(row.values())  # a list of numbers as JSON would have it

    def close(self) -> None:
        """Whoever opened the file closes it."""


_TABLES: dict[str, Callable[[Any], _Table]] = {
    "parquet": _Parquet,
    "jsonl": _JsonLines,
    "csv": _Csv,
}
