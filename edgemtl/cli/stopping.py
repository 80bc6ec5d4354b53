"""A job without an end of its own, and the signals that end it."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from typing import Any

__all__ = ["leave_on_signal", "stop_on_signal"]

SAME_S = 1.0  # a terminal that closes sends SIGHUP twice: the second tells nothing new


def leave_on_signal() -> None:
    """Let SIGTERM and SIGHUP leave by way of the `finally` blocks that delete half-written files.

    SIGINT does by itself. Here and below, a signal that is ignored (nohup) stays so.
    """
    _handle((signal.SIGTERM, signal.SIGHUP), _leave)


def stop_on_signal(stop: Callable[[], None]) -> None:
    """Call `stop` on the first SIGINT, SIGTERM or SIGHUP; from now until the program ends.

    The same signal within a second is the same call. Any other leaves, as above; where even that
    hangs, one more ends the program.
    """
    signals = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    first: tuple[int, float] | None = None

    def handle(number: int, frame: Any) -> None:
        nonlocal first
        now = time.monotonic()
        if first is None:
            first = number, now
            stop()
        elif number != first[0] or now - first[1] >= SAME_S:
            _handle(signals, signal.SIG_DFL)
            _leave(number, frame)

    _handle(signals, handle)


def _handle(signals: tuple[signal.Signals, ...], handler: Any) -> None:
    for number in signals:
        if signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, handler)


def _leave(number: int, frame: Any) -> None:
    raise SystemExit(128 + number)
