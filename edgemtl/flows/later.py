"""Columns that follow from what is there: memory is written when somebody asks."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Later"]


class Later:
    """n values that are computed when they are asked for.

    Parameters
    ----------
    n : int
    compute : callable
        Gives the array, shape (n,). A partial of a function, so that it can be pickled; what it
        holds, nobody changes.
    """

    def __init__(self, n: int, compute: Callable[[], NDArray[Any]]) -> None:
        self._n = n
        self._compute = compute

    def __len__(self) -> int:
        return self._n

    def array(self) -> NDArray[Any]:
        """The values, in an array of the caller's."""
        return self._compute()
