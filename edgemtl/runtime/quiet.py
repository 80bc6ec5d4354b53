"""Keeps C++ libraries off standard output and standard error, and Ctrl-C off C++ libraries."""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path

__all__ = ["interrupt_held", "quiet"]


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


@contextmanager
def interrupt_held() -> Iterator[None]:
    """Ctrl-C waits until the block is over: native code loses it, or dies of it."""
    if threading.current_thread() is not threading.main_thread():
        yield  # no signal comes here
        return
    came: list[int] = []
    before = signal.signal(signal.SIGINT, lambda number, frame: came.append(number))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
    if came:
        raise KeyboardInterrupt
