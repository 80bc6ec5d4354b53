"""Converters at arm's length: they print what they like, raise what they like, and need room."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from edgemtl.errors import ModelError
from edgemtl.runtime.quiet import interrupt_held, quiet

__all__ = ["run_converter"]

ROOM = 8 << 20  # bytes free; the largest file has 1.2 MB, and converters write their own beside it


def run_converter(file: Path, work: Callable[..., None], *arguments: Any) -> None:
    """Call work(*arguments), which makes `file` or a step on the way to it.

    Raises
    ------
    ModelError
        In one line that names the file, whatever the converter raised.
    OSError
        If the disk is full: some converters end the process then.
    """
    if shutil.disk_usage(file.parent).free < ROOM:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(file))
    try:
        with interrupt_held(), quiet():
            work(*arguments)
    except (OSError, MemoryError):
        raise
    except Exception as error:
        reason = next(iter(str(error).splitlines()), "") or type(error).__name__
        raise ModelError(f"{file.name}: its converter can't take this network: {reason}") from error
