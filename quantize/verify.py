"""Proof: what a file answers beside what the network answers, head by head."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from edgemtl.models.metrics import head_metrics

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Answers = dict[str, NDArray[np.float32]]

__all__ = ["DIFFERENCES", "Answers", "broken_bounds", "compare", "points_lost"]

# Of a probability. Float kernels add in another order; 16 bits have 11 significant ones.
DIFFERENCES = {"fp32": 1e-4, "fp16": 1e-2}
TURNED_MAX = 20  # flows that are named


def compare(
    reference: Answers,
    answers: Answers,
    targets: dict[str, NDArray[np.int64]],
    ids: NDArray[Any],
) -> dict[str, dict[str, Any]]:
    """Figures by head of one file's probabilities beside the reference's.

    Parameters
    ----------
    reference, answers : dict of head to array, shape (n, classes)
    targets : dict of head to array of int, shape (n,)
        Class numbers, -1 where unknown.
    ids : array of str, shape (n,)
        Names of the flows.

    Returns
    -------
    dict of head to dict
        ``n`` flows of known class; ``accuracy``, ``macro_f1``, ``ece``; ``drop``: points of
        accuracy less than the reference's; ``agreement``: share of all flows with the same
        decision; ``turned``: flows with another, and ``turned_flows``, the first 20 of them;
        ``max_difference``: the largest of a probability.
    """
    lost = points_lost(reference, answers, targets)
    figures = {}
    for head, p in reference.items():
        q, y = answers[head], targets[head]
        turned = p.argmax(1) != q.argmax(1)
        figures[head] = head_metrics(q, y) | {
            "drop": lost[head],
            "agreement": float(1 - turned.mean()),
            "turned": int(turned.sum()),
            "turned_flows": [str(flow) for flow in ids[turned][:TURNED_MAX]],
            "max_difference": float(np.abs(p - q).max()),
        }
    return figures


def points_lost(
    reference: Answers, answers: Answers, targets: dict[str, NDArray[np.int64]]
) -> dict[str, float]:
    """Points of accuracy that the answers have less than the reference, of heads with labels."""
    lost = {}
    for head, y in targets.items():
        if (y >= 0).any():
            before, after = (head_metrics(p[head], y)["accuracy"] for p in (reference, answers))
            lost[head] = 100 * (before - after)
    return lost


def broken_bounds(
    file: str,
    precision: str,
    heads: dict[str, dict[str, Any]],
    max_drop: float,
    pruned: dict[str, Any] | None = None,
) -> list[str]:
    """One line for each bound that a file breaks; none when it is proved.

    Parameters
    ----------
    precision : {"fp32", "fp16", "dynamic", "int8"}
        Files of float weights must agree to `DIFFERENCES`, any file may lose `max_drop` points.
    pruned : dict, optional
        ``file`` and ``heads`` of the network that the file was made of: where that one has lost
        too much already, the line is the same for each of its files.
    """
    lines = []
    for head, figures in heads.items():
        difference = figures["max_difference"]
        allowed = DIFFERENCES.get(precision, 1.0)
        if not difference <= allowed:
            lines.append(
                f"{file}: {head}: a probability differs by {difference:.2g}, "
                f"at most {allowed:g} is allowed"
            )
        if not figures["drop"] <= max_drop + 1e-9:
            loser = file
            if pruned and not pruned["heads"][head]["drop"] <= max_drop + 1e-9:
                loser, figures = pruned["file"], pruned["heads"][head]
            lines.append(_loss(loser, head, figures, max_drop))
    return lines


def _loss(loser: str, head: str, figures: dict[str, Any], max_drop: float) -> str:
    n = figures["n"]
    return (
        f"{loser}: {head}: loses {figures['drop']:.2f} points of accuracy, at most {max_drop:g} "
        f"may be lost (--max-drop): one of its {n} flows is {100 / n:.2f}"
    )
