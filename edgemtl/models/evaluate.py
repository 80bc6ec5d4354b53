"""What any model answers on any flow table, head by head. numpy alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from edgemtl.card import Head, ModelCard
from edgemtl.datasets.labels import head_targets
from edgemtl.errors import DataError
from edgemtl.flows import Flows
from edgemtl.models.early import early_metrics
from edgemtl.models.metrics import confusion_matrix, head_metrics

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["evaluate", "head_classes", "measure_head"]


def evaluate(
    card: ModelCard,
    p: dict[str, NDArray[Any]],
    flows: Flows,
    data: str = "flows",
    first: dict[str, NDArray[Any]] | None = None,
) -> dict[str, Any]:
    """Compare a model's answers with the labels of the flows.

    Parameters
    ----------
    card : ModelCard
        The model's.
    p : dict of head to array, shape (n, classes)
        Probabilities, as `edgemtl.load(path).predict(flows)` gives them.
    flows : Flows
        The n flows that were answered.
    data : str
        Their name in messages.
    first : dict of head to array, shape (prefixes, n, classes), optional
        `prefix_answers`.

    Returns
    -------
    dict
        ``flows``, their number; ``heads``: head to what `measure_head` says, ``classes``,
        ``confusion`` (class by answer) and, of `first`, what `early_metrics` says; ``partitions``,
        if flows come from more than one: partition to its ``flows`` and ``heads`` with
        `measure_head` alone. Traffic classes that the model has not: ``others`` of ``unknown``.

    Raises
    ------
    DataError
        If the flows have a traffic class that the model has not, and it has no threshold below
        which a class is unknown.
    """
    targets = head_classes(card, flows, data)
    heads = {}
    for head in card.heads:
        y = targets[head.name]
        heads[head.name] = measure_head(head, p[head.name], y) | {
            "classes": list(head.classes),
            "confusion": confusion_matrix(p[head.name], y).tolist(),
        }
        if first is not None:
            heads[head.name] |= early_metrics(
                first[head.name], y, flows, card.spec, head.unknown_below
            )
        if head.unknown_below:
            heads[head.name]["unknown"]["others"] = _others(head, p[head.name], flows)
    result: dict[str, Any] = {"flows": len(flows), "heads": heads}
    names = np.array([name or "(none)" for name in flows["partition"]], object)
    if len(partitions := sorted(set(names))) > 1:
        result["partitions"] = {
            partition: {
                "flows": int((mine := names == partition).sum()),
                "heads": {
                    head.name: measure_head(head, p[head.name][mine], targets[head.name][mine])
                    for head in card.heads
                },
            }
            for partition in partitions
        }
    return result


def measure_head(head: Head, p: NDArray[Any], y: NDArray[np.int64]) -> dict[str, Any]:
    """`head_metrics`, and what the head's threshold does where it has one.

    ``unknown``: ``below``, the threshold; ``rejected``, the share of flows of a known class that
    are unknown to it; ``accuracy`` of the others; None where there are none.
    """
    found = head_metrics(p, y)
    if head.unknown_below:
        p, y = p[y >= 0], y[y >= 0]
        answered = p.max(1) >= head.unknown_below
        found["unknown"] = {
            "below": head.unknown_below,
            "rejected": _rejected(head, p),
            "accuracy": head_metrics(p[answered], y[answered])["accuracy"],
            "others": {},
        }
    return found


def _rejected(head: Head, p: NDArray[Any]) -> float | None:
    return float((p.max(1) < head.unknown_below).mean()) if len(p) else None


def _others(head: Head, p: NDArray[Any], flows: Flows) -> dict[str, dict[str, Any]]:
    """Flows of each class that the model has not, and what share of them is unknown to it."""
    found = {}
    for name in _strange(head, flows):
        of_it = flows["traffic_class"] == name
        found[name] = {"flows": int(of_it.sum()), "rejected": _rejected(head, p[of_it])}
    return found


def _strange(head: Head, flows: Flows) -> list[str]:
    names = {str(name) for name in flows["traffic_class"] if name is not None}
    return sorted(names.difference(head.classes))


def head_classes(card: ModelCard, flows: Flows, data: str) -> dict[str, NDArray[np.int64]]:
    """Class numbers by head; a flow that was cut off counts for the duration as in training.

    Raises
    ------
    DataError
        If the flows have a traffic class that the model has not, unless it has a threshold for
        what is unknown; `data` is their name.
    """
    keep_cut = card.origin.get("keep_cut") is True
    targets = {head.name: head_targets(flows, head, keep_cut) for head in card.heads}
    if "traffic_class" in targets:
        head = card.head("traffic_class")
        strange = _strange(head, flows)
        if strange and not head.unknown_below:
            raise DataError(
                f"{data}: traffic class {', '.join(map(repr, strange[:5]))} is none of the model's "
                f"({', '.join(head.classes)}): rename it, or leave these flows out"
            )
    return targets
