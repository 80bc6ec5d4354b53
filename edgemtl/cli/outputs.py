"""Where commands write: never over what they read."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from edgemtl.errors import DataError

__all__ = ["refuse_own_input"]


def refuse_own_input(output: Path | None, inputs: Iterable[Path]) -> None:
    """DataError where the output would replace one of these files, under whatever name."""
    if output is None or not output.is_file():
        return
    for path in inputs:
        if path.is_file() and path.samefile(output):
            raise DataError(f"-o {output}: is {path}, which is to be read: give another name")
