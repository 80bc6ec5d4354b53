"""Where commands write: never over what they read."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from edgemtl.errors import DataError

__all__ = ["refuse_own_input"]


def refuse_own_input(output: Path | None, inputs: Iterable[Path]) -> None:
    """DataError where the output would replace one of these files, under whatever name."""
    if output is None or not output.is_file():
        return
    for path in inputs:
        # Path.is_file() fails where the text is too long for a name, as that of a key may be
        if os.path.isfile(path) and path.samefile(output):  # noqa: PTH113
            raise DataError(f"-o {output}: is {path}, which is to be read: give another name")
