"""Whether the files that a capture was cut into are in the order of time."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

__all__ = ["Span", "out_of_order"]

CROSSING_US = 1_000_000  # packets of several queues cross each other: so late is in order


class Span(NamedTuple):
    """The times of a file's first record and of its last one; 0 where it has none."""

    path: str
    first_us: int
    last_us: int


def out_of_order(files: Sequence[Span]) -> str | None:
    """One line about the first file that begins before the one ahead of it ends, or None."""
    timed = [file for file in files if file.first_us]
    late = [(ahead, file) for ahead, file in pairwise(timed) if _begins_before_end(file, ahead)]
    if not late:
        return None
    ahead, file = late[0]
    seconds = (ahead.last_us - file.first_us) / 1e6
    others = f" (so do {len(late) - 1} others)" if late[1:] else ""
    return (
        f"{file.path}: begins {seconds:.3f} s before {ahead.path}, given ahead of it, ends"
        f"{others}: give files in the order of time, or join those that overlap with mergecap"
    )


def _begins_before_end(file: Span, ahead: Span) -> bool:
    latest_start_us = max(ahead.first_us, ahead.last_us - CROSSING_US)
    return file.first_us < min(latest_start_us, ahead.last_us)
