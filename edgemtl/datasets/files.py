"""Reading and writing flow tables: Parquet, JSON lines, CSV."""

from __future__ import annotations

import csv
import hashlib
import json
import os
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any

from edgemtl.datasets.arrow import from_arrow, pyarrow, to_arrow
from edgemtl.datasets.atomic import whole_file
from edgemtl.datasets.checks import check_values
from edgemtl.datasets.rows import from_json_lines, to_rows
from edgemtl.errors import DataError
from edgemtl.flows import Flows

__all__ = ["FORMATS", "FlowWriter", "flow_files", "read_flows", "sha256"]

FORMATS = ("parquet", "jsonl", "csv")
ROW_GROUP = 16_384  # flows


def flow_files(paths: Sequence[Path]) -> list[Path]:
    """The files behind the paths of a data set: a file is itself, a folder its flow tables."""
    files: list[Path] = []
    for path in paths:
        if path.is_dir():
            inside = sorted(p for p in path.rglob("*") if p.suffix in (".parquet", ".jsonl"))
            if not inside:
                raise DataError(f"{path}: no .parquet or .jsonl in this folder")
            files += inside
        elif path.exists():
            files.append(path)
        else:
            raise DataError(f"{path}: no such file: make it with edgemtl flows or edgemtl import")
    return files


def read_flows(paths: Sequence[Path | str]) -> Flows:
    """Read a data set: flow tables (.parquet, .jsonl), or folders of them, as one.

    Raises
    ------
    DataError
        Naming the file, and the column or row that breaks the schema.
    """
    files = flow_files([Path(path) for path in paths])
    flows = Flows.concat([_read_file(path) for path in files])
    if len(files) > 1:
        check_values(flows, "the files together")
    return flows


def _read_file(path: Path) -> Flows:
    try:
        if path.suffix == ".jsonl":
            with path.open(encoding="utf-8") as lines:
                return from_json_lines(lines, str(path))
        pa = pyarrow()
        try:
            table = pa.parquet.ParquetFile(path).read()
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError, OSError) as error:
            if isinstance(error, PermissionError):
                raise
            reason = str(error).splitlines()[0]
            raise DataError(f"{path}: neither Parquet nor .jsonl: {reason}") from None
        return from_arrow(table, str(path))
    except UnicodeDecodeError:
        raise DataError(f"{path}: is not UTF-8 text, as JSON lines must be") from None


def sha256(path: Path) -> str:
    """Hex SHA-256 of a file."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


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
        self._writer: Any = None

    def __enter__(self) -> FlowWriter:
        with ExitStack() as stack:
            if self._stdout:
                self._file: Any = sys.stdout
            else:
                temporary = stack.enter_context(whole_file(self._path))
                if self.kind == "parquet":
                    self._file = stack.enter_context(temporary.open("wb"))
                else:
                    self._file = stack.enter_context(
                        temporary.open("w", encoding="utf-8", newline="")
                    )
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
            if self.kind == "parquet" and self._writer is None:
                self.write(Flows.empty())

    def _close_parquet(self) -> None:
        try:
            self._writer.close()
        finally:
            self._writer.is_open = False  # or it tries, and complains, once more when collected

    @property
    def size(self) -> int:
        """Bytes in the file so far."""
        self._file.flush()
        return os.fstat(self._file.fileno()).st_size

    def write(self, flows: Flows) -> None:
        """Append flows; for Parquet, in row groups of at most 16,384."""
        if self.kind == "parquet":
            table = to_arrow(flows)
            if self._writer is None:
                self._writer = pyarrow().parquet.ParquetWriter(
                    self._file, table.schema, compression="zstd"
                )
                self._stack.callback(self._close_parquet)
            self._writer.write_table(table.select(self._writer.schema.names), ROW_GROUP)
            return
        for row in to_rows(flows):
            text = json.dumps(row, separators=(",", ":"))
            if self.kind == "jsonl":
                self._file.write(text + "\n")
                continue
            if self._writer is None:
                self._writer = csv.DictWriter(self._file, list(row))
                self._writer.writeheader()
            self._writer.writerow(
                {k: json.dumps(v) if isinstance(v, list) else v for k, v in row.items()}
            )
