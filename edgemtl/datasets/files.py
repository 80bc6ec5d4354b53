"""Reading flow tables: Parquet, JSON lines."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

from edgemtl.datasets.arrow import from_arrow, pyarrow
from edgemtl.datasets.checks import check_values
from edgemtl.datasets.folders import files_below
from edgemtl.datasets.rows import from_json_lines
from edgemtl.errors import DataError
from edgemtl.flows import Flows

__all__ = ["flow_files", "read_flows", "sha256"]


def flow_files(paths: Sequence[Path]) -> list[Path]:
    """The files behind the paths of a data set: a file is itself, a folder its flow tables."""
    files: list[Path] = []
    for path in paths:
        if path.is_dir():
            inside = sorted(p for p in files_below(path) if p.suffix in (".parquet", ".jsonl"))
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
            with path.open("rb") as file:  # pyarrow opens no name that is no UTF-8
                table = pa.parquet.ParquetFile(file).read()
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
