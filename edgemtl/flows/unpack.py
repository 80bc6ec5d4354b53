"""The bytes of a capture file, unpacked: plain, gzip or zstd, from a file, a pipe or stdin."""

from __future__ import annotations

import io
import os
import select
import stat
import zlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from edgemtl.errors import CaptureError, MissingDependency

if TYPE_CHECKING:
    from collections.abc import Buffer  # type: ignore[attr-defined, unused-ignore]

__all__ = ["CaptureFile"]

GZIP = b"\x1f\x8b"
ZSTD = b"\x28\xb5\x2f\xfd"
ZSTD_WINDOW = 1 << 27  # bytes; what the zstd program takes without being asked for more
# Packed bytes taken at a time. A zstd block of 4 bytes may stand for 128 KiB (RFC 8878, 3.1.1.2): a
# piece makes at most 32 MiB, whatever a sender packed; and at most a piece is lost to damage.
PIECE = 1024


class CaptureFile(io.RawIOBase):
    """Reads an opened capture; what is packed comes out unpacked.

    Parameters
    ----------
    path : str
        A file or a pipe; "-" is standard input.

    Attributes
    ----------
    damage : str or None
        What was wrong with packed data; reading then ended before it.
    total : int or None
        Bytes of the file as it is stored; None where that is not known.

    Raises
    ------
    CaptureError
        If it can't be opened or read, or is empty.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        self.damage: str | None = None
        self._file = _open(path)
        status = os.fstat(self._file.fileno())
        self.total = status.st_size if stat.S_ISREG(status.st_mode) else None
        try:
            self._stored = _Stored(self._file)
            if not self._stored.head:
                raise CaptureError(f"{path}: is empty: not a capture")
            self._reader = self._unpacker()
        except OSError as error:
            self.close()
            raise CaptureError(f"{path}: {error.strerror}") from None
        except BaseException:
            self.close()
            raise

    def _unpacker(self) -> io.RawIOBase:
        if self._stored.head.startswith(GZIP):
            return _gzip(self._stored)
        if self._stored.head == ZSTD or _is_skippable(self._stored.head):
            return _zstd(self._stored)
        return self._stored

    @property
    def done(self) -> int:
        """Bytes read of the file as it is stored."""
        return self._stored.done

    @property
    def is_plain(self) -> bool:
        """Whether it is a file on disk, opened here, and not packed."""
        return self.total is not None and self._path != "-" and self._reader is self._stored

    def fileno(self) -> int:
        """The descriptor of the file as it is stored."""
        return self._file.fileno()

    def skip_to(self, position: int) -> None:
        """Go on from that byte of a plain file."""
        self._stored.skip_to(position)

    def readable(self) -> bool:
        """Whether it can be read: always."""
        return True

    def readinto(self, buffer: Buffer) -> int:
        """Fill the front of the buffer; 0 at the end, or where packed data is damaged."""
        if self.damage:
            return 0
        try:
            return self._reader.readinto(buffer) or 0
        except _Damage as error:
            self.damage = f"packed data is damaged or cut ({error})"
            return 0
        except OSError as error:
            raise CaptureError(f"{self._path}: {error.strerror or error}") from None

    def close(self) -> None:
        """Close the file, unless it is standard input."""
        if hasattr(self, "_file"):  # not when opening failed: the finaliser closes all the same
            self._file.close()
        super().close()


def _open(path: str) -> io.FileIO:
    try:
        return io.FileIO(0, closefd=False) if path == "-" else io.FileIO(path)
    except FileNotFoundError:
        raise CaptureError(f"{path}: no such file") from None
    except IsADirectoryError:
        raise CaptureError(f"{path}: is a folder: name the captures in it") from None
    except PermissionError:
        raise CaptureError(f"{path}: no permission to read it") from None
    except (OSError, ValueError) as error:  # ValueError: a 0 in the name
        raise CaptureError(f"{path}: {getattr(error, 'strerror', None) or error}") from None


def _is_skippable(head: bytes) -> bool:
    """Whether a frame begins that zstd passes over (RFC 8878, 3.1.2), as in files of pzstd."""
    return head[1:] == b"\x2a\x4d\x18" and head[0] >> 4 == 5


class _Stored(io.RawIOBase):
    """A file as it is stored, whose first bytes can be looked at: pipes can't go back."""

    def __init__(self, file: io.FileIO) -> None:
        self._file = file
        head, n = bytearray(4), 0
        while n < len(head) and (more := self._wait_for(memoryview(head)[n:])):
            n += more
        self._unread = self.head = bytes(head[:n])
        self.done = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Buffer) -> int:
        view = memoryview(buffer)
        if self._unread:
            n = min(len(view), len(self._unread))
            view[:n], self._unread = self._unread[:n], self._unread[n:]
        else:
            n = self._wait_for(view)
        self.done += n
        return n

    def _wait_for(self, view: memoryview) -> int:
        """Read some bytes; 0 at the end, not where standard input has none yet (O_NONBLOCK)."""
        while (n := self._file.readinto(view)) is None:
            select.select([self._file], [], [])
        return n

    def skip_to(self, position: int) -> None:
        self._unread = b""
        self.done = self._file.seek(position)


class _Damage(Exception):
    """Broken packed data, whatever the library calls it."""


class _Packed(io.RawIOBase):
    """Unpacks one frame (zstd) or member (gzip) after the other.

    The libraries' own readers either lose what stands before the damage (gzip), or don't tell that
    the last frame is cut (zstandard).
    """

    def __init__(
        self, stored: _Stored, new_frame: Callable[[], Any], error: type[Exception]
    ) -> None:
        self._stored = stored
        self._new_frame = new_frame
        self._error = error
        self._frame: Any = None
        self._packed = b""
        self._unpacked = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Buffer) -> int:
        while not self._unpacked:
            self._packed = self._packed or self._stored.read(PIECE) or b""
            if not self._packed:
                if self._frame is not None:
                    raise _Damage("it has no end")
                return 0
            self._unpack()
        view = memoryview(buffer)
        n = min(len(view), len(self._unpacked))
        view[:n], self._unpacked = self._unpacked[:n], self._unpacked[n:]
        return n

    def _unpack(self) -> None:
        if self._frame is None:
            self._packed = self._packed.lstrip(b"\0")  # tapes and disks fill up with zeros
            if not self._packed:
                return
            self._frame = self._new_frame()
        try:
            self._unpacked = memoryview(self._frame.decompress(self._packed))
        except self._error as error:
            raise _Damage(str(error)) from None
        self._packed = self._frame.unused_data if self._frame.eof else b""
        if self._frame.eof:
            self._frame = None


def _gzip(stored: _Stored) -> _Packed:
    return _Packed(stored, lambda: zlib.decompressobj(wbits=31), zlib.error)


def _zstd(stored: _Stored) -> _Packed:
    try:
        import zstandard
    except ImportError:
        raise MissingDependency("zstd captures", "zstandard", "flows") from None
    frames = zstandard.ZstdDecompressor(max_window_size=ZSTD_WINDOW)
    return _Packed(stored, frames.decompressobj, zstandard.ZstdError)
