"""Calibration: from the values that a tensor takes to the range that its int8 numbers span."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["CALIBRATIONS", "Ranges", "value_range"]

Ranges = dict[str, tuple[float, float]]  # tensor to the least and the largest value it holds

CALIBRATIONS = ("minmax", "percentile", "entropy")
CUT = 0.01  # percent of the values, on either side, that `percentile` leaves out
NOTHING = 1e-9  # share of a bin that is empty: a great loss, not an endless one
BINS, LEVELS = 2048, 128  # as in the slides below; an unsigned half has 128 levels or more


def value_range(values: NDArray[np.float32], calibration: str) -> tuple[float, float]:
    """Least and largest value to represent; those beyond are clipped. Always holds 0.

    Parameters
    ----------
    values : array of float32, any shape
        What calibration flows gave.
    calibration : {"minmax", "percentile", "entropy"}
        Everything seen; all but 0.01 % on either side; or the range whose int8 values tell the
        most about the float ones, by [1]_.

    References
    ----------
    .. [1] S. Migacz, "8-bit Inference with TensorRT", GTC 2017.
    """
    flat = values.ravel()
    low, high = min(0.0, float(flat.min())), max(0.0, float(flat.max()))
    if calibration == "percentile":
        cut_low, cut_high = np.percentile(flat, (CUT, 100 - CUT))
        return min(0.0, float(cut_low)), max(0.0, float(cut_high))
    if calibration == "entropy":
        most = _most_telling(np.abs(flat[flat != 0]))
        return max(low, -most), min(high, most)
    return low, high


def _most_telling(sizes: NDArray[np.float32]) -> float:
    """The size to clip at so that `LEVELS` levels lose least, as Kullback-Leibler divergence."""
    if not len(sizes):
        return 0.0
    counts, edges = np.histogram(sizes, BINS, (0, float(sizes.max())))
    losses = {n: _loss(counts, n) for n in range(LEVELS, BINS + 1, LEVELS // 8)}
    return float(edges[min(losses, key=lambda n: losses[n])])


def _loss(counts: NDArray[np.int64], n: int) -> float:
    """Divergence of n bins, the last with all beyond, from the same in `LEVELS` levels."""
    beyond = counts[n:].sum()
    p = counts[:n].astype(np.float64)
    some = p > 0
    if not some.any():
        return float("inf")
    level = np.arange(n) * LEVELS // n
    total, bins = np.bincount(level, p, LEVELS), np.bincount(level, some, LEVELS)
    q = np.where(some, (total / np.maximum(bins, 1))[level], 0) / p.sum()
    p[-1] += beyond
    p /= p.sum()
    some[-1] |= beyond > 0
    return float((p * np.log(np.maximum(p, NOTHING) / np.maximum(q, NOTHING)))[some].sum())
