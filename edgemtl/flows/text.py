"""Text columns as bytes, so that a million flows cost no million Python strings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Text"]


@dataclass(frozen=True)
class Text:
    """n strings in the layout of Arrow's: UTF-8, one after the other.

    Parameters
    ----------
    offsets : array of int64, shape (n + 1,)
        String i is the bytes from ``offsets[i]`` up to, not including, ``offsets[i + 1]``.
    data : array of uint8
    """

    offsets: NDArray[np.int64]
    data: NDArray[np.uint8]

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def objects(self) -> NDArray[np.object_]:
        """The strings as Python has them, shape (n,)."""
        data, ends = self.data.tobytes(), self.offsets.tolist()
        strings = np.empty(len(self), object)
        strings[:] = [data[a:b].decode() for a, b in pairwise(ends)]
        return strings

    @classmethod
    def concat(cls, parts: Sequence[Text]) -> Text:
        """All strings of all parts."""
        starts = np.cumsum([0, *(part.offsets[-1] for part in parts)])
        offsets = [part.offsets[1:] + start for part, start in zip(parts, starts, strict=False)]
        return cls(np.concatenate([[0], *offsets]), np.concatenate([part.data for part in parts]))

    @classmethod
    def repeat(cls, string: str, n: int) -> Text:
        """The same string n times."""
        data = np.frombuffer(string.encode(), np.uint8)
        return cls(np.arange(n + 1) * len(data), np.tile(data, n))

    @classmethod
    def choose(cls, strings: Sequence[str], index: NDArray[np.integer]) -> Text:
        """``strings[i]`` for each i of `index`."""
        encoded = np.array([string.encode() for string in strings])  # fixed width, zeros behind
        lengths = np.array([len(string) for string in encoded])[index]
        rows = encoded[index].view(np.uint8).reshape(len(index), encoded.itemsize)
        return cls._of_lengths(lengths, rows[np.arange(encoded.itemsize) < lengths[:, None]])

    @classmethod
    def numbered(cls, prefix: str, first: int, n: int) -> Text:
        """The prefix with a number behind it: n in a row, from `first` on."""
        front = np.frombuffer(prefix.encode(), np.uint8)
        parts = [cls(np.zeros(1, np.int64), front[:0])]
        for digits in range(len(str(first)), len(str(first + n)) + 1):  # as many: rows are alike
            low = max(first, 10 ** (digits - 1) if digits > 1 else 0)
            rest = np.arange(low, min(first + n, 10**digits))
            rows = np.empty((len(rest), len(front) + digits), np.uint8)
            rows[:, : len(front)] = front
            for place in range(1, digits + 1):
                rest, ones = rest // 10, rest
                rows[:, -place] = ones - 10 * rest + ord("0")
            parts.append(cls(np.arange(len(rows) + 1) * rows.shape[1], rows.reshape(-1)))
        return cls.concat(parts)

    @classmethod
    def _of_lengths(cls, lengths: NDArray[np.int64], data: NDArray[np.uint8]) -> Text:
        return cls(np.concatenate([[0], np.cumsum(lengths)]), data)
