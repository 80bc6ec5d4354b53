"""What any model answers on any flow table, head by head. numpy alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from edgemtl.card import ModelCard
from edgemtl.datasets.labels import head_targets
from edgemtl.errors import DataError
from edgemtl.flows import Flows
from edgemtl.models.early import early_metrics
from edgemtl.models.metrics import confusion_matrix, head_metrics

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["evaluate", "head_classes"]


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
        ``flows``, their number; ``heads``: head to what `head_metrics` says, ``classes``,
        ``confusion`` (class by answer) and, of `first`, what `early_metrics` says; ``partitions``,
        if flows come from more than one: partition to its ``flows`` and ``heads`` with
        `head_metrics` alone.

    Raises
    ------
    DataError
        If the flows have a traffic class that the model has not.
    """
    targets = head_classes(card, flows, data)
    heads = {}
    for head in card.heads:
        y = targets[head.name]
        heads[head.name] = head_metrics(p[head.name], y) | {
            "classes": list(head.classes),
            "confusion": confusion_matrix(p[head.name], y).tolist(),
        }
        if first is not None:
            heads[head.name] |= early_metrics(first[head.name], y, flows, card.spec)
    result: dict[str, Any] = {"flows": len(flows), "heads": heads}
    names = np.array([name or "(none)" for name in flows["partition"]], object)
    if len(partitions := sorted(set(names))) > 1:
        result["partitions"] = {
            partition: {
                "flows": int((mine := names == partition).sum()),
                "heads": {h: head_metrics(p[h][mine], targets[h][mine]) for h in targets},
            }
            for partition in partitions
        }
    return result


def head_classes(card: ModelCard, flows: Flows, data: str) -> dict[str, NDArray[np.int64]]:
    """Class numbers by head; a flow that was cut off counts for the duration as in training.

    Raises
    ------
    DataError
        If the flows have a traffic class that the model has not; `data` is their name.
    """
    keep_cut = card.origin.get("keep_cut") is True
    targets = {head.name: head_targets(flows, head, keep_cut) for head in card.heads}
    if "traffic_class" in targets:
        classes = card.head("traffic_class").classes
        found = {str(name) for name in flows["traffic_class"] if name is not None}
        if strange := sorted(found.difference(classes)):
            raise DataError(
                f"{data}: traffic class {', '.join(map(repr, strange[:5]))} is none of the model's "
                f"({', '.join(classes)}): rename it, or leave these flows out"
            )
    return targets
