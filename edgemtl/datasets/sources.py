"""Tables of other people's: CSV, JSON lines and Parquet, row by row and never all at once."""

from __future__ import annotations

import csv
import gzip
import io
import json
import lzma
import zlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, TextIO

from edgemtl.datasets.arrow import pyarrow
from edgemtl.errors import DataError

__all__ = ["ROWS", "Row", "Seen", "ignore", "read_rows"]

ROWS = 4096  # at a time
LINE_MAX = 1 << 24  # characters; 65,535 packets take 2 MB
COLUMNS_SHOWN = 40  # of those found, where one is missing
PACKERS: dict[str, Any] = {".gz": gzip.open, ".xz": lzma.open}

Row = dict[str, Any]
Seen = Callable[[float], None]  # hears which share of a file has been read


def ignore(share: float) -> None:
    """Hear of progress and do nothing."""


def read_rows(
    path: Path, required: Sequence[str], optional: Sequence[str] = (), seen: Seen = ignore
) -> Iterator[tuple[str, Row]]:
    """Read a table's rows one by one.

    Parameters
    ----------
    path : Path
        ``.parquet``; ``.json`` or ``.jsonl``, an object a line; anything else is CSV with a header.
        The last two may end in ``.gz`` or ``.xz``.
    required, optional : sequence of str
        Columns to read; ``a|b`` is one of both. Types in front of a name, as UniRec writes them,
        don't count.
    seen : callable

    Yields
    ------
    where : str
        File and line (or row), for messages.
    row : dict of column to value
        Text in CSV; what is not known is None.

    Raises
    ------
    DataError
        If a column is missing, naming it and those that are there, or the file is damaged.
    """
    path_of = Path(path.stem) if path.suffix in PACKERS else path
    try:
        if path_of.suffix == ".parquet":
            yield from _parquet(path, required, optional, seen)
        elif path_of.suffix in (".json", ".jsonl"):
            yield from _json_lines(path, required, seen)
        else:
            yield from _csv(path, required, optional, seen)
    except UnicodeDecodeError:
        raise DataError(f"{path}: is no CSV: not UTF-8 text") from None
    except (gzip.BadGzipFile, EOFError, zlib.error, lzma.LZMAError) as error:
        raise DataError(f"{path}: is damaged, or not {path.suffix}: {error}") from None


def _csv(
    path: Path, required: Sequence[str], optional: Sequence[str], seen: Seen
) -> Iterator[tuple[str, Row]]:
    csv.field_size_limit(LINE_MAX)
    rows = csv.reader(_lines(path, seen))
    try:
        names = [_bare(name) for name in next(rows, [])]
        _check_columns(path, names, required)
        _refuse_twice(path, names, _wanted(required, optional))
        for fields in rows:
            where = f"{path}: line {rows.line_num}"
            if not fields:
                continue
            if len(fields) != len(names):
                raise DataError(f"{where}: has {len(fields)} fields, the header has {len(names)}")
            yield where, {n: field.strip() or None for n, field in zip(names, fields, strict=True)}
    except csv.Error as error:
        raise DataError(f"{path}: is no CSV: {error}") from None


def _json_lines(path: Path, required: Sequence[str], seen: Seen) -> Iterator[tuple[str, Row]]:
    for number, line in enumerate(_lines(path, seen), 1):
        where = f"{path}: line {number}"
        if not line.strip():
            continue
        try:
            raw = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise DataError(f"{where}: is no JSON: {error}; wants one object a line") from None
        if not isinstance(raw, dict):
            raise DataError(f"{where}: must be one JSON object a line, is a {type(raw).__name__}")
        row = {_bare(name): value for name, value in raw.items()}
        _check_columns(where, list(row), required)
        yield where, row


def _parquet(
    path: Path, required: Sequence[str], optional: Sequence[str], seen: Seen
) -> Iterator[tuple[str, Row]]:
    pa = pyarrow()
    number = 0
    try:
        with path.open("rb") as opened, pa.parquet.ParquetFile(opened) as file:
            names = file.schema_arrow.names
            bare = [_bare(name) for name in names]
            wanted = _wanted(required, optional)
            _check_columns(path, bare, required)
            _refuse_twice(path, bare, wanted)
            columns_read = [name for name in names if _bare(name) in wanted]
            for batch in file.iter_batches(ROWS, columns=columns_read):
                columns = {_bare(n): batch.column(n).to_pylist() for n in batch.schema.names}
                for values in zip(*columns.values(), strict=True):
                    yield f"{path}: row {number}", dict(zip(columns, values, strict=True))
                    number += 1
                seen(number / max(file.metadata.num_rows, 1))
    except pa.ArrowException as error:
        raise DataError(f"{path}: is no Parquet: {str(error).splitlines()[0]}") from None


def _lines(path: Path, seen: Seen) -> Iterator[str]:
    """The lines of a text file, whatever packs it; one that never ends is refused."""
    size = path.stat().st_size
    with path.open("rb") as raw:
        packer = PACKERS.get(path.suffix)
        text: TextIO = io.TextIOWrapper(
            packer(raw) if packer else raw, encoding="utf-8-sig", newline=""
        )
        number = 0
        while line := text.readline(LINE_MAX):
            number += 1
            if len(line) == LINE_MAX:
                raise DataError(f"{path}: line {number}: is over {LINE_MAX} characters")
            yield line
            if number % ROWS == 0:
                seen(raw.tell() / size)


def _bare(name: str) -> str:
    """``PPI_PKT_LENGTHS`` of ``uint16* PPI_PKT_LENGTHS``."""
    return name.strip().rsplit(" ", 1)[-1].removeprefix("#")


def _wanted(required: Sequence[str], optional: Sequence[str]) -> list[str]:
    return [name for either in required for name in either.split("|")] + list(optional)


def _refuse_twice(path: Path, names: Sequence[str], wanted: Sequence[str]) -> None:
    """DataError where a column that is read stands there twice: which one is meant is not told."""
    for name in wanted:
        if names.count(name) > 1:
            raise DataError(f"{path}: column {name} stands there twice: leave one out")


def _check_columns(where: Path | str, names: Sequence[str], required: Sequence[str]) -> None:
    missing = [name for name in required if not set(name.split("|")) & set(names)]
    if missing:
        name = missing[0].replace("|", " or ")
        more = f", … {len(names)} in all" if len(names) > COLUMNS_SHOWN else ""
        raise DataError(
            f"{where}: column {name} is missing; wants {','.join(required)}, has "
            f"{','.join(names[:COLUMNS_SHOWN]) or 'none'}{more}"
        )
