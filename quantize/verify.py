"""Proof: what a file answers beside what the network answers, head by head."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from edgemtl.models.metrics import head_metrics

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Answers = dict[str, NDArray[np.float32]]

__all__ = ["FLOAT_DIFFERENCE", "broken_bounds", "compare"]

FLOAT_DIFFERENCE = 1e-4  # of a probability: float kernels add in another order


def compare(
    reference: Answers, answers: Answers, targets: dict[str, NDArray[np.int64]]
) -> dict[str, dict[str, Any]]:
    """Figures by head of one file's probabilities beside the reference's.

    Parameters
    ----------
    reference, answers : dict of head to array, shape (n, classes)
    targets : dict of head to array of int, shape (n,)
        Class numbers, -1 where unknown.

    Returns
    -------
    dict of head to dict
        ``n`` flows of known class; ``accuracy``, ``macro_f1``; ``drop``: points of accuracy less
        than the reference's; ``agreement``: share of all flows with the same decision;
        ``max_difference``: the largest of a probability.
    """
    figures = {}
    for head, p in reference.items():
        q, y = answers[head], targets[head]
        measured = head_metrics(q, y)
        figures[head] = {
            "n": measured["n"],
            "accuracy": measured["accuracy"],
            "macro_f1": measured["macro_f1"],
            "drop": 100 * (head_metrics(p, y)["accuracy"] - measured["accuracy"]),
            "agreement": float((p.argmax(1) == q.argmax(1)).mean()),
            "max_difference": float(np.abs(p - q).max()),
        }
    return figures


def broken_bounds(
    file: str, precision: str, heads: dict[str, dict[str, Any]], max_drop: float
) -> list[str]:
    """One line for each bound that a file breaks; none when it is proved.

    Parameters
    ----------
    precision : {"fp32", "int8"}
        A float file must agree to `FLOAT_DIFFERENCE`, any file may lose `max_drop` points a head.
    """
    lines = []
    for head, figures in heads.items():
        difference = figures["max_difference"]
        if precision == "fp32" and not difference <= FLOAT_DIFFERENCE:
            lines.append(
                f"{file}: {head}: a probability differs by {difference:.2g}, "
                f"at most {FLOAT_DIFFERENCE:g} is allowed"
            )
        if not figures["drop"] <= max_drop + 1e-9:
            lines.append(
                f"{file}: {head}: loses {figures['drop']:.2f} points of accuracy, "
                f"at most {max_drop:g} are allowed"
            )
    return lines
