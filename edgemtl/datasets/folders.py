"""What lies in a folder."""

from __future__ import annotations

import os
from pathlib import Path

from edgemtl.errors import DataError

__all__ = ["files_below"]


def files_below(folder: Path) -> list[Path]:
    """All files in a folder and in those inside it, in no promised order.

    Names with a dot in front don't count, files or folders: so are files called while they are
    written. Nor does a file system's own folder; and links to folders are not followed.

    Raises
    ------
    DataError
        Naming a folder that can't be read: what it holds must not be missed in silence.
    """

    def fail(error: OSError) -> None:
        raise DataError(f"{error.filename}: can't read this folder: {error.strerror}")

    found: list[Path] = []
    for where, inside, names in os.walk(folder, onerror=fail):
        inside[:] = [name for name in inside if not name.startswith(".") and name != "lost+found"]
        found += (Path(where, name) for name in names if not name.startswith("."))
    return [path for path in found if path.is_file()]
