"""Probabilities from logits, and the temperature that makes them honest."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["fit_temperature", "softmax"]

# A validation part of a few dozen flows that are all answered right would ask for temperature 0.
TEMPERATURES = (0.5, 20.0)


def softmax(logits: NDArray[Any], temperature: float = 1.0) -> NDArray[Any]:
    """Probabilities, shape and dtype as `logits` (n, classes)."""
    scaled = logits / np.asarray(temperature, logits.dtype)
    grown = np.exp(scaled - scaled.max(1, keepdims=True))
    return np.asarray(grown / grown.sum(1, keepdims=True))


def fit_temperature(logits: NDArray[Any], y: NDArray[np.int64]) -> float:
    """The temperature of least cross-entropy on these flows, between 0.5 and 20.

    The cross-entropy is convex in 1 / temperature: bisection on the sign of its slope.

    Parameters
    ----------
    logits : array, shape (n, classes)
    y : array of int, shape (n,)
        Class numbers; flows with -1 don't count, and without any other the answer is 1.

    References
    ----------
    .. [1] C. Guo et al., "On Calibration of Modern Neural Networks", arXiv:1706.04599.
    """
    logits, y = logits[y >= 0].astype(np.float64), y[y >= 0]
    if not len(y):
        return 1.0
    own = logits[np.arange(len(y)), y].mean()
    low, high = 1 / TEMPERATURES[1], 1 / TEMPERATURES[0]
    for _ in range(40):
        middle = (low + high) / 2
        expected = (softmax(logits, 1 / middle) * logits).sum(1).mean()
        low, high = (middle, high) if expected < own else (low, middle)
    return round(2 / (low + high), 6)
