"""What is measured of one head. numpy alone: it runs on the device too."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from edgemtl.errors import ModelError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = ["confusion_matrix", "expected_calibration_error", "head_metrics", "reliability"]

BINS = 15  # as in the paper below


def head_metrics(p: ArrayLike, y: ArrayLike) -> dict[str, Any]:
    """Accuracy, macro F1 and calibration error of one head.

    Parameters
    ----------
    p : array of float, shape (n, classes)
        Probabilities.
    y : array of int, shape (n,)
        Class numbers; -1 where unknown, such flows don't count.

    Returns
    -------
    dict
        ``n`` flows counted, ``accuracy``, ``macro_f1`` (mean F1 of the classes that `y` has),
        ``ece`` (`expected_calibration_error`) and ``largest``, the largest class's share of the
        flows, which is the accuracy of saying nothing else; all but n are None when n is 0.

    Raises
    ------
    ModelError
        If a probability is not finite.
    ValueError
        If shapes don't fit, or `y` has a class that `p` has no column for.
    """
    p, y = _known(p, y)
    if not len(y):
        return {"n": 0, "accuracy": None, "macro_f1": None, "ece": None, "largest": None}
    hits = np.diag(counts := _confusion(p, y))
    # F1 is 2 TP / (2 TP + FP + FN), and row plus column sum is that denominator
    f1 = 2 * hits / np.maximum(counts.sum(0) + counts.sum(1), 1)
    return {
        "n": len(y),
        "accuracy": float(hits.sum() / len(y)),
        "macro_f1": float(f1[counts.sum(1) > 0].mean()),
        "ece": expected_calibration_error(p, y),
        "largest": float(counts.sum(1).max() / len(y)),
    }


def confusion_matrix(p: ArrayLike, y: ArrayLike) -> NDArray[np.int64]:
    """Flows by class (row) and by answer (column); flows of unknown class don't count."""
    return _confusion(*_known(p, y))


def expected_calibration_error(p: NDArray[Any], y: NDArray[np.int64]) -> float:
    """Mean distance between confidence and accuracy, over 15 equal bins of the top probability.

    References
    ----------
    .. [1] C. Guo et al., "On Calibration of Modern Neural Networks", arXiv:1706.04599.
    """
    _, confidence, right = _by_confidence(p, y)
    return float(np.abs(confidence - right).sum() / len(y))


def reliability(p: ArrayLike, y: ArrayLike) -> NDArray[np.float64]:
    """What a reliability diagram is drawn of, shape (3, 15).

    For each of 15 equal bins of the top probability: flows, the sum of their confidences, and how
    many answers were right. Flows of unknown class don't count.
    """
    return np.stack(_by_confidence(*_known(p, y)))


def _by_confidence(
    p: NDArray[Any], y: NDArray[np.int64]
) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
    top = p.max(1)
    right = p.argmax(1) == y
    bins = np.clip(np.ceil(top * BINS).astype(int) - 1, 0, BINS - 1)  # bin i is (i/15, (i + 1)/15]
    flows = np.bincount(bins, minlength=BINS).astype(np.float64)
    return flows, np.bincount(bins, top, BINS), np.bincount(bins, right, BINS)


def _known(p: ArrayLike, y: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    p, y = np.asarray(p, np.float64), np.asarray(y, np.int64)
    if p.ndim != 2 or y.shape != p.shape[:1] or (len(y) and not -1 <= y.max() < p.shape[1]):
        raise ValueError(f"probabilities {p.shape} and classes {y.shape} don't fit")
    if not np.isfinite(p).all():
        raise ModelError("the model answers with probabilities that are not finite")
    return p[y >= 0], y[y >= 0]


def _confusion(p: NDArray[np.float64], y: NDArray[np.int64]) -> NDArray[np.int64]:
    classes = p.shape[1]
    return np.bincount(y * classes + p.argmax(1), minlength=classes**2).reshape(classes, classes)
