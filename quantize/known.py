"""What quantising may look at: flows to calibrate with, and others to choose by. No test flows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from edgemtl.card import ModelCard
from edgemtl.flows import Flows
from edgemtl.models import head_classes

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Known"]

CALIBRATION_FLOWS = 1024


@dataclass(frozen=True)
class Known:
    """Flows as the network takes them.

    Parameters
    ----------
    x : array of float32, shape (n, 2, k)
        Training flows, up to 1024: ranges and rounding come from these.
    held : array of float32, shape (m, 2, k)
        Validation flows, which choose among files; the training flows where a run has none.
    targets : dict of head to array of int, shape (m,)
        Class numbers of `held`, -1 where unknown.
    seed : int
        Of the run.
    """

    x: NDArray[np.float32]
    held: NDArray[np.float32]
    targets: dict[str, NDArray[np.int64]]
    seed: int

    @classmethod
    def of(cls, parts: dict[str, Flows], card: ModelCard, seed: int) -> Known:
        """What `edgemtl.quantize.parts.read_parts` found, without its test flows."""
        train = parts["train"]
        chosen = np.random.default_rng(seed).permutation(len(train))[:CALIBRATION_FLOWS]
        train = train.select(np.sort(chosen))
        held = parts.get("validation", train)
        targets = head_classes(card, held, "the validation flows")
        return cls(train.tensor(card.spec), held.tensor(card.spec), targets, seed)
