"""Captures read by several threads at once, and given out one after the other."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from queue import Full, Queue

from edgemtl.flows.capture import Capture, CaptureStats
from edgemtl.flows.config import physical_memory
from edgemtl.flows.table import Flows
from edgemtl.flows.text import Text

__all__ = ["CaptureAhead", "default_threads", "read_ahead"]

BATCHES = 4  # of each capture, that wait for whoever takes them
CAPTURES = 2  # begun beyond those that threads are reading
WAIT_S = 0.2  # between looks at whether anybody still takes


def default_threads(max_memory: int) -> int:
    """One a core that this process may use, while their flows fit into half the memory."""
    try:
        cores = len(os.sched_getaffinity(0))
    except AttributeError:  # not on Linux
        cores = os.cpu_count() or 1
    return max(1, min(cores, physical_memory() // 2 // max_memory))


class CaptureAhead:
    """A capture that a thread reads; to be iterated over once, as a `Capture`."""

    def __init__(self, make: Callable[[], Capture]) -> None:
        self._make = make
        self._batches: Queue[Flows | Capture | BaseException] = Queue(BATCHES)
        self.stats: CaptureStats
        self.refused: dict[str, str]

    def __iter__(self) -> Iterator[Flows]:
        while isinstance(batch := self._batches.get(), Flows):
            yield batch
        if isinstance(batch, BaseException):
            raise batch
        self.stats, self.refused = batch.stats, batch.refused

    def read(self, stop: threading.Event) -> None:
        """Read the capture, unless nobody wants it any more."""
        try:
            capture = self._make()
            for batch in capture:
                _write_out(batch)
                self._put(batch, stop)
            self._put(capture, stop)
        except _Stopped:
            pass
        except BaseException as error:
            with suppress(_Stopped):
                self._put(error, stop)

    def _put(self, batch: Flows | Capture | BaseException, stop: threading.Event) -> None:
        while not stop.is_set():
            try:
                return self._batches.put(batch, timeout=WAIT_S)
            except Full:
                pass
        raise _Stopped


def _write_out(batch: Flows) -> None:
    """Text is made here, by many threads, not by the one that takes all batches."""
    for column in batch.columns.values():
        if isinstance(column, Text):
            _ = column.data


class _Stopped(Exception):
    """Whoever took the batches has left."""


def read_ahead(makes: Sequence[Callable[[], Capture]], threads: int) -> Iterator[CaptureAhead]:
    """Read captures by so many threads; give them in the order of `makes`.

    What comes out does not depend on the threads. Each must be iterated over before the next.
    """
    captures = [CaptureAhead(make) for make in makes]
    stop = threading.Event()
    begun = threading.Semaphore(threads + CAPTURES)
    following = iter(captures)
    lock = threading.Lock()

    def work() -> None:
        while begun.acquire() and not stop.is_set():
            with lock:
                capture = next(following, None)
            if capture is None:
                return
            capture.read(stop)

    for _ in range(min(threads, len(captures))):
        # daemon: one that waits for a pipe must not keep the process from ending
        threading.Thread(target=work, daemon=True).start()
    try:
        for capture in captures:
            yield capture
            begun.release()
    finally:
        stop.set()
        begun.release(threads)
