"""What a machine does once, done beforehand: files come into the page cache, memory from a host."""

from __future__ import annotations

import mmap
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

__all__ = ["RESERVE", "read_from_disk"]

MEMORY = 3 << 27  # bytes, 384 MiB; a million flows in memory take less


def read_from_disk(path: Path) -> None:
    """Bring the file into the page cache as reading does, in large pieces of memory.

    What was just written lies there in small ones: that doubles the cost of a walk.
    """
    with path.open("rb", buffering=0) as file:
        os.fsync(file.fileno())
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        while file.read(1 << 20):
            pass


class Reserve:
    """Memory in use, given back to the system just before whoever is measured asks for some.

    Free memory of a virtual machine may be its host's again within seconds, and a huge page then
    takes 8 to 40 ms to come back, where others take 0.2 to 0.6. Nobody here is measured by that.
    """

    def __init__(self) -> None:
        self._memory: mmap.mmap | None = None

    @contextmanager
    def lent(self) -> Iterator[None]:
        """Within, the memory is free."""
        memory = self._memory or _touched(MEMORY)
        memory.close()
        try:
            yield
        finally:
            self._memory = _touched(MEMORY)


def _touched(size: int) -> mmap.mmap:
    memory = mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    with suppress(OSError):  # a system without huge pages
        memory.madvise(mmap.MADV_HUGEPAGE)
    for page in range(0, size, mmap.PAGESIZE):
        memory[page] = 1
    return memory


RESERVE = Reserve()
