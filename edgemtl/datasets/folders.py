"""What lies in a folder."""

from __future__ import annotations

import os
from pathlib import Path

from edgemtl.errors import DataError

__all__ = ["files_below"]


def files_below(folder: Path) -> list[Path]:
    """All files in a folder and in those inside it; links to folders are not followed.

    Raises
    ------
    DataError
        Naming a folder that can't be read: what it holds must not be missed in silence.
    """

    def fail(error: OSError) -> None:
        raise DataError(f"{error.filename}: can't read this folder: {error.strerror}")

    return [
        path
        for where, _, names in os.walk(folder, onerror=fail)
        for path in (Path(where, name) for name in names)
        if path.is_file()
    ]
