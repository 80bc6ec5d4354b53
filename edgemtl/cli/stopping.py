"""A job without an end of its own, and the signals that end it."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from typing import Any

__all__ = ["leave_on_signal", "outlive_interrupt", "stop_on_signal"]

ENDS = (signal.SIGINT, signal.SIGTERM)
SAME_S = 1.0  # a terminal that closes sends SIGHUP twice: the second tells nothing new


def leave_on_signal() -> None:
    """Let SIGTERM and SIGHUP leave by way of the `finally` blocks that delete half-written files.

    SIGINT does by itself. A signal that is ignored stays so: SIGHUP under nohup, and SIGINT in what
    a script starts in its background, where Ctrl-C is not meant for it.
    """
    _handle((signal.SIGTERM, signal.SIGHUP), _leave)


def stop_on_signal(stop: Callable[[], None]) -> None:
    """Call `stop` on the first SIGINT, SIGTERM or SIGHUP; from now until the program ends.

    SIGHUP alone stays ignored where it is (nohup). SIGINT is ignored in what a script starts in its
    background; what has no end of its own is ended by it all the same, as tcpdump is.

    The same signal within a second is the same call. Any other leaves, as above; where even that
    hangs, one more ends the program.
    """
    first: tuple[int, float] | None = None

    def handle(number: int, frame: Any) -> None:
        nonlocal first
        now = time.monotonic()
        if first is None:
            first = number, now
            stop()
        elif number != first[0] or now - first[1] >= SAME_S:
            _handle((*ENDS, signal.SIGHUP), signal.SIG_DFL)
            _leave(number, frame)

    for number in ENDS:
        signal.signal(number, handle)
    _handle((signal.SIGHUP,), handle)


def outlive_interrupt(say: Callable[[], None]) -> None:
    """Call `say` on the first SIGINT and go on: Ctrl-C also ends whoever writes to our pipe, and so
    what we read. The next one leaves.
    """

    def handle(number: int, frame: Any) -> None:
        signal.signal(number, signal.default_int_handler)
        say()

    _handle((signal.SIGINT,), handle)


def _handle(signals: tuple[signal.Signals, ...], handler: Any) -> None:
    """Handle those of the signals that are not ignored."""
    for number in signals:
        if signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, handler)


def _leave(number: int, frame: Any) -> None:
    raise SystemExit(128 + number)
