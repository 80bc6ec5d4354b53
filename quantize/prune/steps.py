"""From a network to smaller ones, step by step.

This module imports torch: import it inside the functions that need it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from math import ceil, log

import torch
from torch import Tensor

from edgemtl.card import ModelCard
from edgemtl.models.networks import Network, cost
from edgemtl.quantize.prune.cut import cut
from edgemtl.quantize.prune.learner import Learner
from edgemtl.quantize.prune.tune import tune
from edgemtl.quantize.prune.weigh import weigh
from edgemtl.training.config import TrainConfig
from edgemtl.training.fit import Examples

__all__ = ["least_share", "shares_down_to", "smaller"]

SHOWN_EACH = 6  # times that a flow is drawn for all steps, where the recipe draws flows
SHOWN = 1 << 14  # flows in all, as long as each is drawn once; their histograms take 28 MB
STEP = 0.5**0.5  # of the multiply-adds are kept in a step: what is cut at once can be mended


def shares_down_to(share: float) -> list[float]:
    """Equal steps from 1, which is not among them, to `share` of the multiply-adds."""
    steps = max(1, ceil(log(share) / log(STEP) - 1e-9))
    return [share ** (i / steps) for i in range(1, steps + 1)]


def least_share(network: Network, card: ModelCard, x: Tensor) -> float:
    """Of the multiply-adds, when each layer has one channel left."""
    learner = Learner.opened(network, x)
    least = cut(learner.network, card, weigh(learner, torch.Generator().manual_seed(0)), 0)
    return cost(least, card.spec.k)[1] / cost(network, card.spec.k)[1]


def smaller(
    network: Network,
    card: ModelCard,
    training: Examples,
    shares: Iterable[float],
    config: TrainConfig,
) -> Iterator[Network]:
    """Yield the network with each of these falling shares of its multiply-adds, fine-tuned.

    The teacher is the whole network each time; `training` is what `drawn` gives. Chance comes from
    `config.seed` alone, so steps of several networks may take turns.
    """
    macs = cost(network, card.spec.k)[1]
    heads = tuple(head.name for head in card.heads)
    chance = torch.Generator().manual_seed(config.seed)
    x, y = _shown(training)
    epochs, steps = config.plan(len(training.x))
    student = teacher = Learner.opened(network, x)
    for share in shares:
        least = cut(student.network, card, weigh(student, chance), share * macs)
        student = Learner.unfolded(least, x)
        tune(student, teacher, y, heads, config, epochs * steps // 2, chance)
        yield student.closed()


def _shown(training: Examples) -> tuple[Tensor, Tensor]:
    """Flows and classes as training steps show them: changed, or from first packets alone."""
    if training.draw is None:
        return training.x, training.y
    n = len(training.x)
    times = max(1, min(SHOWN_EACH, SHOWN // n))
    x, y = zip(*(training.draw(torch.arange(n)) for _ in range(times)), strict=True)
    return torch.cat(x), torch.cat(y)
