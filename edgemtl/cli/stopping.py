"""A job without an end of its own, and the signals that end it."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

__all__ = ["stop_on_signal"]

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@contextmanager
def stop_on_signal(stop: Callable[[], None]) -> Iterator[None]:
    """Call `stop` on the first SIGINT, SIGTERM or SIGHUP; a second one ends the program at once.

    A signal that is ignored (nohup) stays so.
    """
    before = {number: signal.getsignal(number) for number in SIGNALS}
    ours = [number for number in SIGNALS if before[number] != signal.SIG_IGN]

    def first(number: int, frame: Any) -> None:
        for each in ours:
            signal.signal(each, signal.SIG_DFL)
        stop()

    for number in ours:
        signal.signal(number, first)
    try:
        yield
    finally:
        for number in ours:
            signal.signal(number, before[number])
