"""The bytes of a capture file, unpacked: plain, gzip or zstd, from a file, a pipe or stdin."""

from __future__ import annotations

import gzip
import io
import os
import stat
import zlib
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from edgemtl.errors import CaptureError, MissingDependency

if TYPE_CHECKING:
    from collections.abc import Buffer  # type: ignore[attr-defined, unused-ignore]

__all__ = ["CaptureFile"]

GZIP = b"\x1f\x8b"
ZSTD = b"\x28\xb5\x2f\xfd"
ZSTD_WINDOW = 1 << 27  # bytes; what the zstd program takes without being asked for more
# A zstd block of 4 bytes may stand for 128 KiB (RFC 8878, 3.1.1.2): this much input makes at most
# 64 MiB, whatever a sender packed.
ZSTD_PIECE = 2048


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
            return cast(io.RawIOBase, gzip.GzipFile(fileobj=cast(BinaryIO, self._stored)))
        if self._stored.head == ZSTD:
            return _Zstd(self._stored)
        return self._stored

    @property
    def done(self) -> int:
        """Bytes read of the file as it is stored."""
        return self._stored.done

    def readable(self) -> bool:
        """Whether it can be read: always."""
        return True

    def readinto(self, buffer: Buffer) -> int:
        """Fill the front of the buffer; 0 at the end, or where packed data is damaged."""
        if self.damage:
            return 0
        try:
            return self._reader.readinto(buffer) or 0
        except (EOFError, gzip.BadGzipFile, zlib.error, _ZstdDamage) as error:
            self.damage = f"packed data is damaged or cut ({str(error).rstrip('.')})"
            return 0
        except OSError as error:
            raise CaptureError(f"{self._path}: {error.strerror or error}") from None

    def close(self) -> None:
        """Close the file, unless it is standard input."""
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


class _Stored(io.RawIOBase):
    """A file as it is stored, whose first bytes can be looked at: pipes can't go back."""

    def __init__(self, file: io.FileIO) -> None:
        self._file = file
        self.head = b""
        while len(self.head) < 4 and (more := file.read(4 - len(self.head))):
            self.head += more
        self._unread = self.head
        self.done = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Buffer) -> int:
        view = memoryview(buffer)
        if self._unread:
            n = min(len(view), len(self._unread))
            view[:n], self._unread = self._unread[:n], self._unread[n:]
        else:
            n = self._file.readinto(view) or 0
        self.done += n
        return n


class _ZstdDamage(Exception):
    """Broken zstd data, whatever the library calls it."""


class _Zstd(io.RawIOBase):
    """Unpacks zstd frames; unlike zstandard's own reader it tells when the last one is cut."""

    def __init__(self, stored: _Stored) -> None:
        try:
            import zstandard
        except ImportError:
            raise MissingDependency("zstd captures", "zstandard", "flows") from None
        self._stored = stored
        self._error = zstandard.ZstdError
        self._decompressor = zstandard.ZstdDecompressor(max_window_size=ZSTD_WINDOW)
        self._frame: Any = None
        self._packed = self._unpacked = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Buffer) -> int:
        while not self._unpacked:
            if not self._packed:
                self._packed = memoryview(self._stored.read(ZSTD_PIECE) or b"")
            if not self._packed:
                if self._frame is not None:
                    raise _ZstdDamage("the last frame has no end")
                return 0
            self._unpack()
        view = memoryview(buffer)
        n = min(len(view), len(self._unpacked))
        view[:n], self._unpacked = self._unpacked[:n], self._unpacked[n:]
        return n

    def _unpack(self) -> None:
        if self._frame is None:
            self._frame = self._decompressor.decompressobj()
        try:
            self._unpacked = memoryview(self._frame.decompress(self._packed))
        except self._error as error:
            raise _ZstdDamage(str(error)) from None
        self._packed = memoryview(self._frame.unused_data if self._frame.eof else b"")
        if self._frame.eof:
            self._frame = None
