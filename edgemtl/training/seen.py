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
    from torch import Tensor

    from edgemtl.training.fit import Draw, Examples

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


def drawn(
    known: Examples, flows: Flows, card: ModelCard, config: TrainConfig, middles: bool = True
) -> Examples:
    """The examples as a step is to see them: anew each time, by the chances of the recipe.

    Without `middles`, flows from the beginning alone: a network's answers to others are worth
    nothing for those heads that it has not learned from them.
    """
    rng = np.random.default_rng([config.seed, 2])
    if config.how.augment:
        return replace(known, draw=_changed(known, flows, config, rng))
    chance = config.how.middles if middles else 0.0
    if config.how.prefixes or chance:
        return replace(known, draw=_parts(known, flows, card, config, rng, chance))
    return known


def _changed(known: Examples, flows: Flows, config: TrainConfig, rng: np.random.Generator) -> Draw:
    """Copies as other paths would have carried them, some cut to first packets."""
    import torch

    from edgemtl.training.augment import Augmenter

    counts = np.array(prefixes(config.spec))
    augmenter = Augmenter.of(flows, config.spec)

    def draw(numbers: Tensor) -> tuple[Tensor, Tensor]:
        most = counts[_cuts(rng.random(len(numbers)), config, rng)]
        return torch.from_numpy(augmenter.draw(numbers.numpy(), rng, most)), known.y[numbers]

    return draw


def _parts(
    known: Examples, flows: Flows, card: ModelCard, config: TrainConfig, rng: np.random.Generator,
    middles: float,
) -> Draw:  # fmt: skip
    """Flows, some cut to first packets, and some from the middle, where k packets follow it.

    A middle teaches the traffic class alone: of the others it tells less than a beginning, and the
    network is to answer for beginnings (docs/learning.md).
    """
    import torch

    spec, counts = config.spec, prefixes(config.spec)
    cut = [flows.first(n).tensor(spec) for n in counts[:-1]]
    later = [flows.after(n) for n in counts]
    follow = np.stack([part.counted_packets(spec) >= spec.k for part in later])
    views = torch.from_numpy(np.stack([*cut, *(part.tensor(spec) for part in (flows, *later))]))
    teaches = torch.tensor([head.name == "traffic_class" for head in card.heads])
    if not teaches.any():
        middles = 0.0

    def draw(numbers: Tensor) -> tuple[Tensor, Tensor]:
        chance = rng.random(len(numbers))
        start = rng.integers(len(counts), size=len(numbers))
        middle = (chance >= 1 - middles) & follow[start, numbers.numpy()]
        view = np.where(middle, len(counts) + start, _cuts(chance, config, rng))
        hidden = torch.from_numpy(middle)[:, None] & ~teaches
        x = views[torch.from_numpy(view), numbers]
        return x, known.y[numbers].masked_fill(hidden, -1)

    return draw


def _cuts(
    chance: NDArray[np.float64], config: TrainConfig, rng: np.random.Generator
) -> NDArray[np.int64]:
    """Which of `prefixes` a step sees of each flow; the last is all of it."""
    whole = len(prefixes(config.spec)) - 1
    cut = chance < config.how.prefixes
    return np.where(cut, rng.integers(max(whole, 1), size=len(cut)), whole)
