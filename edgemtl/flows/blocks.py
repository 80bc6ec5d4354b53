"""The bytes of a capture, block by block: mapped where that is safe, else read."""

from __future__ import annotations

import mmap
import signal
import sys
from contextlib import suppress
from typing import TYPE_CHECKING

import numpy as np

from edgemtl import _core
from edgemtl.flows.unpack import CaptureFile

if sys.platform == "linux":
    import fcntl

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Blocks"]

BLOCK = 1 << 20  # bytes read at a time: less costs calls, more leaves the near caches
WINDOW = 1 << 23  # bytes mapped at a time: less costs calls, more gains nothing


class Blocks:
    """Gives the bytes of a capture in order; those that were not used, again.

    Parameters
    ----------
    file : CaptureFile
        Nobody else reads it.
    """

    def __init__(self, file: CaptureFile) -> None:
        self._file = file
        self._mapped = _Mapped.of(file)
        self._data = self._mapped.data if self._mapped else np.empty(BLOCK, np.uint8)
        self._begin = self._end = 0  # of the block, in the data

    @property
    def done(self) -> int:
        """Bytes read of the file as it is stored."""
        return self._end if self._mapped else self._file.done

    @property
    def unused(self) -> int:
        """Bytes of the block that were not used."""
        return self._end - self._begin

    def block(self) -> NDArray[np.uint8]:
        """The unused bytes of the block; good until anything else happens here, and not for long.

        None of them where somebody wants to write to the file: `more` reads them.
        """
        if self._mapped and not self._mapped.hold(self._begin, self._end):
            self._mapped.close()
            self._mapped = None
            self._file.skip_to(self._begin)
            self._data = np.empty(BLOCK, np.uint8)
            self._begin = self._end = 0
        return self._data[self._begin : self._end]

    def use(self, n: int) -> None:
        """The first n unused bytes are done with."""
        self._begin += n

    def more(self) -> bool:
        """Make the block longer; whether there was more."""
        if not self._mapped:
            return self._read()
        self._mapped.drop(self._begin)
        before, self._end = self._end, min(self._end + WINDOW, len(self._data))
        return self._end > before

    def _read(self) -> bool:
        if self._begin > 0:  # else a long record still grows: nothing to move
            self._data[: self.unused] = self._data[self._begin : self._end]
            self._begin, self._end = 0, self.unused
        if self._end == len(self._data):
            self._data = np.concatenate([self._data, np.empty_like(self._data)])
        n = self._file.readinto(self._data[self._end :])
        self._end += n
        return n > 0

    def close(self) -> None:
        """Let others write to the file again."""
        if self._mapped:
            self._mapped.close()


class _Mapped:
    """A whole file in the address space, which nobody shortens meanwhile.

    To touch what is no longer there would end the process. So a read lease is held (fcntl(2)): it
    is given where nobody writes to the file; who wants to must wait until it is given back, for at
    most /proc/sys/fs/lease-break-time, 45 s.
    """

    def __init__(self, fd: int) -> None:
        self._fd = fd
        # The signal that somebody waits: this one is ignored, the usual one ends the process.
        fcntl.fcntl(fd, fcntl.F_SETSIG, signal.SIGURG)
        fcntl.fcntl(fd, fcntl.F_SETLEASE, fcntl.F_RDLCK)
        try:
            self.data = np.frombuffer(mmap.mmap(fd, 0, access=mmap.ACCESS_READ), np.uint8)
        except BaseException:
            self.close()
            raise
        self._dropped = 0

    @classmethod
    def of(cls, file: CaptureFile) -> _Mapped | None:
        """The file mapped; None where it can't be, or not safely."""
        if sys.platform != "linux" or not file.is_plain or not _core.is_local(file.fileno()):
            return None
        try:
            return cls(file.fileno())
        except (OSError, ValueError, OverflowError):  # the latter two: too long for an address
            return None

    def hold(self, begin: int, end: int) -> bool:
        """Bring these bytes into memory; whether they may be read, within seconds from now."""
        held = fcntl.fcntl(self._fd, fcntl.F_GETLEASE) == fcntl.F_RDLCK
        return held and _core.pages_read(self.data, begin, end)

    def drop(self, end: int) -> None:
        """The bytes before `end` are not needed any longer."""
        _core.pages_drop(self.data, self._dropped, end)
        self._dropped = end

    def close(self) -> None:
        """Give the lease back, unless it was taken away."""
        with suppress(OSError):
            fcntl.fcntl(self._fd, fcntl.F_SETLEASE, fcntl.F_UNLCK)
