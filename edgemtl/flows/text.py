"""Text columns as bytes, so that a million flows cost no million Python strings."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property, partial
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Text"]


class Text:
    """n strings in the layout of Arrow's: UTF-8, one after the other.

    What others are told of in few words (one string n times, a choice of few, a number) is written
    out when it is asked for.

    Parameters
    ----------
    n : int
    write : callable
        Gives `offsets` and `data`. A partial of a function, so that it can be pickled.

    Attributes
    ----------
    offsets : array of int64, shape (n + 1,)
        String i is the bytes from ``offsets[i]`` up to, not including, ``offsets[i + 1]``.
    data : array of uint8
    """

    def __init__(
        self, n: int, write: Callable[[], tuple[NDArray[np.int64], NDArray[np.uint8]]]
    ) -> None:
        self._n = n
        self._write = write

    def __len__(self) -> int:
        return self._n

    @cached_property
    def _written(self) -> tuple[NDArray[np.int64], NDArray[np.uint8]]:
        return self._write()

    @property
    def offsets(self) -> NDArray[np.int64]:
        """Where each string begins and ends, in `data`."""
        return self._written[0]

    @property
    def data(self) -> NDArray[np.uint8]:
        """The bytes of all strings."""
        return self._written[1]

    def array(self) -> NDArray[np.object_]:
        """The strings as Python has them, shape (n,)."""
        data, ends = self.data.tobytes(), self.offsets.tolist()
        strings = np.empty(len(self), object)
        strings[:] = [data[a:b].decode() for a, b in pairwise(ends)]
        return strings

    @classmethod
    def of(cls, offsets: NDArray[np.int64], data: NDArray[np.uint8]) -> Text:
        """Strings that are written out."""
        return cls(len(offsets) - 1, partial(_written, offsets, data))

    @classmethod
    def concat(cls, parts: Sequence[Text]) -> Text:
        """All strings of all parts."""
        return cls(sum(map(len, parts)), partial(_concat, parts))

    @classmethod
    def repeat(cls, string: str, n: int) -> Text:
        """The same string n times."""
        return cls(n, partial(_repeat, string, n))

    @classmethod
    def choose(cls, strings: Sequence[str], index: NDArray[np.integer]) -> Text:
        """``strings[i]`` for each i of `index`, which nobody changes later."""
        return cls(len(index), partial(_choose, strings, index))

    @classmethod
    def numbered(cls, prefix: str, first: int, n: int) -> Text:
        """The prefix with a number behind it: n in a row, from `first` on."""
        return cls(n, partial(_numbered, prefix, first, n))


def _written(
    offsets: NDArray[np.int64], data: NDArray[np.uint8]
) -> tuple[NDArray[np.int64], NDArray[np.uint8]]:
    return offsets, data


def _concat(parts: Sequence[Text]) -> tuple[NDArray[np.int64], NDArray[np.uint8]]:
    starts = np.cumsum([0, *(part.offsets[-1] for part in parts)])
    offsets = [part.offsets[1:] + start for part, start in zip(parts, starts, strict=False)]
    return np.concatenate([[0], *offsets]), np.concatenate([part.data for part in parts])


def _repeat(string: str, n: int) -> tuple[NDArray[np.int64], NDArray[np.uint8]]:
    data = np.frombuffer(string.encode(), np.uint8)
    return np.arange(n + 1) * len(data), np.tile(data, n)


def _choose(
    strings: Sequence[str], index: NDArray[np.integer]
) -> tuple[NDArray[np.int64], NDArray[np.uint8]]:
    encoded = np.array([string.encode() for string in strings])  # fixed width, zeros behind
    lengths = np.array([len(string) for string in encoded])[index]
    rows = encoded[index].view(np.uint8).reshape(len(index), encoded.itemsize)
    data = rows[np.arange(encoded.itemsize) < lengths[:, None]]
    return np.concatenate([[0], np.cumsum(lengths)]), data


def _numbered(prefix: str, first: int, n: int) -> tuple[NDArray[np.int64], NDArray[np.uint8]]:
    front = np.frombuffer(prefix.encode(), np.uint8)
    parts = [Text.of(np.zeros(1, np.int64), front[:0])]
    for digits in range(len(str(first)), len(str(first + n)) + 1):  # as many: rows are alike
        low = max(first, 10 ** (digits - 1) if digits > 1 else 0)
        rest = np.arange(low, min(first + n, 10**digits))
        rows = np.empty((len(rest), len(front) + digits), np.uint8)
        rows[:, : len(front)] = front
        for place in range(1, digits + 1):
            rest, ones = rest // 10, rest
            rows[:, -place] = ones - 10 * rest + ord("0")
        parts.append(Text.of(np.arange(len(rows) + 1) * rows.shape[1], rows.reshape(-1)))
    return _concat(parts)
