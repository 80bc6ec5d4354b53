"""Keeps C++ libraries, which write where they like, off standard output and standard error."""

from __future__ import annotations

import logging
import os
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path

__all__ = ["quiet"]


@contextmanager
def quiet() -> Iterator[None]:
    """What the block prints, warns or logs is dropped; errors are raised as ever.

    File descriptors 1 and 2 are turned away for the whole process: not for threads that print.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    kept = [os.dup(1), os.dup(2)]
    level = logging.root.manager.disable
    try:
        with (
            Path(os.devnull).open("w", encoding="utf-8") as sink,
            redirect_stdout(sink),
            redirect_stderr(sink),
            warnings.catch_warnings(),
        ):
            warnings.simplefilter("ignore")
            logging.disable(logging.CRITICAL)
            for number in (1, 2):
                os.dup2(sink.fileno(), number)
            yield
    finally:
        for number, saved in enumerate(kept, 1):
            os.dup2(saved, number)
            os.close(saved)
        logging.disable(level)
