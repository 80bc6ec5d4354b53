"""Answers from a flow's first packets: how good they are, and after how many one can be sure.

numpy alone: it runs on the device too.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from edgemtl.features import K_MAX, FeatureSpec
from edgemtl.flows import Flows
from edgemtl.models.metrics import head_metrics

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["CONFIDENCES", "FIRST", "early_metrics", "prefix_answers", "prefixes", "sure_at"]

FIRST = 10  # packets at which a flow is first asked about; then at twice as many, and so on
CONFIDENCES = (0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99)


def prefixes(spec: FeatureSpec) -> tuple[int, ...]:
    """Numbers of first packets at which a model is asked: 10, 20, 40, … as far as it can, and k."""
    counts = (FIRST << i for i in range(K_MAX.bit_length()))
    return (*(n for n in counts if spec.min_packets <= n < spec.k), spec.k)


def prefix_answers(
    predict: Callable[[NDArray[np.float32]], dict[str, NDArray[Any]]],
    flows: Flows,
    spec: FeatureSpec,
) -> dict[str, NDArray[Any]]:
    """Probabilities after each of `prefixes`.

    Parameters
    ----------
    predict : callable
        From the tensor of n flows to the probabilities of each head.
    flows : Flows
        n flows that are `usable`.

    Returns
    -------
    dict of head to ndarray, shape (prefixes, n, classes)
        All 0 where fewer packets count than the model wants. The last row is of all k packets.
    """
    each = []
    counts = prefixes(spec)
    for count in counts:
        # packets without payload may not count, and then k are more than k of them
        seen = flows if count == spec.k else flows.first(count)
        few = seen.counted_packets(spec) < spec.min_packets
        answers = predict(seen.tensor(spec))
        each.append({head: np.where(few[:, None], 0, p) for head, p in answers.items()})
    return {head: np.stack([p[head] for p in each]) for head in each[0]}


def sure_at(p: Sequence[NDArray[Any]], confidence: float) -> NDArray[np.int64]:
    """The first of `prefixes` after which all of these heads are sure; else the last one.

    Parameters
    ----------
    p : sequence of array, shape (prefixes, n, classes)
    confidence : float
        The least probability of an answer.

    Returns
    -------
    ndarray of int, shape (n,)
    """
    sure = np.asarray(np.stack([head.max(2) >= confidence for head in p]).all(0))
    sure[-1] = True
    return np.asarray(sure.argmax(0))


def early_metrics(
    p: NDArray[Any],
    y: NDArray[np.int64],
    flows: Flows,
    spec: FeatureSpec,
    unknown_below: float = 0.0,
) -> dict[str, list[dict[str, Any]]]:
    """How good a head's answers from first packets are, and after how many it is sure.

    Parameters
    ----------
    p : array, shape (prefixes, n, classes)
        See `prefix_answers`.
    y : array of int, shape (n,)
        Classes; flows with -1 don't count.
    flows : Flows
        The n flows. One that ends before so many packets is whole there, and has needed them all.
    unknown_below : float
        The head's: less probable answers are none.

    Returns
    -------
    dict
        ``prefixes``, a list: after each of `prefixes` its number, ``packets``, and `head_metrics`.
        ``early``, a list: for each of `CONFIDENCES` what an answer is worth that comes as soon as
        it is so probable, and not unknown: ``confidence``, ``accuracy`` (None where all are
        unknown), ``unknown``, the share of flows that are so in the end, ``packets_mean`` and
        ``packets_median`` that were needed, and ``early``, the share of flows that were answered
        before their end and before packet k; empty where no class is known.
    """
    rows = []
    for count, answers in zip(prefixes(spec), p, strict=True):
        told = answers.any(1)
        rows.append({"packets": count} | head_metrics(answers[told], y[told]))
    known = y >= 0
    kept = np.minimum(flows.kept_packets()[known], spec.k)
    early = _as_soon_as_sure(p[:, known], y[known], kept, spec, unknown_below)
    return {"prefixes": rows, "early": early}


def _as_soon_as_sure(
    p: NDArray[Any],
    y: NDArray[np.int64],
    kept: NDArray[np.int64],
    spec: FeatureSpec,
    unknown_below: float,
) -> list[dict[str, Any]]:
    rows = []
    for confidence in CONFIDENCES if len(y) else ():
        at = sure_at([p], max(confidence, unknown_below))
        needed = np.minimum(np.array(prefixes(spec))[at], kept)
        answers = p[at, np.arange(len(y))]
        told = answers.max(1) >= unknown_below
        right = answers.argmax(1) == y
        rows.append(
            {
                "confidence": confidence,
                "accuracy": float(right[told].mean()) if told.any() else None,
                "unknown": float((~told).mean()),
                "packets_mean": float(needed.mean()),
                "packets_median": float(np.median(needed)),
                "early": float((needed < kept).mean()),
            }
        )
    return rows
