"""Temperatures and thresholds, from answers to flows that the network has not learned from.

This module imports torch: import it inside the functions that need it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from edgemtl.card import ModelCard
from edgemtl.errors import DataError
from edgemtl.models.calibration import fit_temperature, fit_threshold, softmax
from edgemtl.models.networks import Network, answer
from edgemtl.training.config import TrainConfig
from edgemtl.training.fit import Examples
from edgemtl.training.fitted import fitted

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Held = tuple[NDArray[Any], NDArray[np.int64]]  # logits and classes

__all__ = ["calibrated", "held_answers"]

FOLDS = 3  # networks that calibrate where no validation label does


def calibrated(
    card: ModelCard, held: Sequence[Held], unknown: float | None
) -> tuple[ModelCard, list[str]]:
    """The card with each head's temperature and threshold, and what the user should know of them.

    `held` has logits and classes of each head, of flows that it has not learned from.
    """
    heads, notes = [], []
    for head, (z, y) in zip(card.heads, held, strict=True):
        head = replace(head, temperature=fit_temperature(z, y))
        if unknown is not None and head.name == "traffic_class":
            if not (y >= 0).any():
                raise DataError(
                    "--unknown: no validation flow has a traffic class to choose a threshold with: "
                    "keep some (--validation), or train with --recipe best"
                )
            found = fit_threshold(softmax(z, head.temperature), y, unknown)
            head = replace(head, unknown_below=found.probability)
            notes.append(
                f"a traffic class under {found.probability:.3f} is unknown: of the flows that "
                f"calibrate, {100 * found.answered:.1f} % are answered, and "
                f"{100 * found.precision:.1f} % of these rightly"
                + (", no threshold gives more" if found.precision < unknown else "")
            )
        heads.append(head)
    return replace(card, heads=tuple(heads)), notes


def held_answers(
    card: ModelCard,
    network: Network,
    training: Examples,
    validation: Examples,
    config: TrainConfig,
) -> list[Held]:
    """Logits and classes of each head, of flows that it has not learned from.

    Validation flows; for a head that no such flow has a label of, training flows, where the recipe
    cross-fits: each of `FOLDS` parts of them is answered by a network that the others trained.
    """
    blind = ~(validation.y >= 0).any(0)
    seen = _with_classes(answer(network, validation.x), validation)
    if not (config.how.cross_fit and blind.any() and len(training.x) >= FOLDS):
        return seen
    crossed = _cross_fitted(card, training, validation, config)
    return [c if none else s for s, c, none in zip(seen, crossed, blind, strict=True)]


def _cross_fitted(
    card: ModelCard, training: Examples, validation: Examples, config: TrainConfig
) -> list[Held]:
    n = len(training.x)
    fold = torch.randperm(n) % FOLDS
    logits = [torch.zeros(n, len(head.classes)) for head in card.heads]
    for number in range(FOLDS):
        others, own = (torch.nonzero(m)[:, 0] for m in (fold != number, fold == number))
        nothing = validation.at(torch.arange(0))
        network, _ = fitted(card, training.at(others), nothing, config, lambda row: None)
        for whole, part in zip(logits, answer(network, training.x[own]), strict=True):
            whole[own] = part
    return _with_classes(logits, training)


def _with_classes(logits: Sequence[Tensor], known: Examples) -> list[Held]:
    return [(z.numpy(), y.numpy()) for z, y in zip(logits, known.y.T, strict=True)]
