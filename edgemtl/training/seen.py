"""What a network is shown of flows."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from edgemtl.card import ModelCard
from edgemtl.datasets.labels import head_targets
from edgemtl.flows import Flows
from edgemtl.models.early import prefixes
from edgemtl.training.config import TrainConfig

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from edgemtl.training.fit import Examples

__all__ = ["drawn", "examples"]


def examples(flows: Flows, card: ModelCard) -> Examples:
    """Flows and their known classes as the network takes them."""
    import torch

    from edgemtl.training.fit import Examples
    from edgemtl.training.teacher import whole_flow

    keep_cut = bool(card.origin["keep_cut"])
    targets = [head_targets(flows, head, keep_cut) for head in card.heads]
    return Examples(
        torch.from_numpy(flows.tensor(card.spec)),
        torch.from_numpy(np.stack(targets, 1)),
        whole=torch.from_numpy(whole_flow(flows)),
    )


def drawn(known: Examples, flows: Flows, config: TrainConfig) -> Examples:
    """The examples as a step is to see them: changed anew, some of them cut to first packets."""
    import torch

    from edgemtl.training.augment import Augmenter

    how, counts = config.how, np.array(prefixes(config.spec))
    rng = np.random.default_rng([config.seed, 2])

    def cuts(n: int) -> NDArray[np.int64]:
        whole = len(counts) - 1
        cut = rng.random(n) < how.prefixes
        return np.where(cut, rng.integers(max(whole, 1), size=n), whole)

    if how.augment:
        augmenter = Augmenter.of(flows, config.spec)
        return replace(
            known,
            draw=lambda i: torch.from_numpy(augmenter.draw(i.numpy(), rng, counts[cuts(len(i))])),
        )
    if not how.prefixes:
        return known
    cut = [torch.from_numpy(flows.first(n).tensor(config.spec)) for n in counts[:-1]]
    seen = torch.stack([*cut, known.x])
    return replace(known, draw=lambda i: seen[torch.from_numpy(cuts(len(i))), i])
