"""Probabilities from logits, the temperature that makes them honest, and which to reject."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["Threshold", "fit_temperature", "fit_threshold", "softmax"]

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


class Threshold(NamedTuple):
    """From which probability on answers count, and what the others leave."""

    probability: float
    precision: float  # share of the answers that count which are right
    answered: float  # share of the flows whose answers count


def fit_threshold(p: NDArray[Any], y: NDArray[np.int64], precision: float) -> Threshold:
    """The least of these answers' probabilities from which on they are right in such a share.

    Where there is none, that of the highest share.

    Parameters
    ----------
    p : array, shape (n, classes)
        Probabilities of flows that were not learned from, of one known class at least.
    y : array of int, shape (n,)
        Class numbers; flows with -1 don't count.
    precision : float
        The share that is wanted.
    """
    p, y = p[y >= 0], y[y >= 0]
    top = p.max(1)
    order = np.argsort(-top, kind="stable")
    top, right = top[order], (p.argmax(1) == y)[order]
    shares = np.cumsum(right) / np.arange(1, len(y) + 1)
    shares[:-1][top[:-1] == top[1:]] = -1  # no threshold parts equal probabilities
    reached = np.flatnonzero(shares >= min(precision, shares.max()))
    last = reached[-1]
    least = np.floor(float(top[last]) * 1e6) / 1e6
    return Threshold(float(least), float(shares[last]), float((last + 1) / len(y)))
