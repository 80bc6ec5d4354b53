"""What a smaller network gets right, on flows that it has not learned.

This module imports torch: import it inside the functions that need it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import inf
from typing import TYPE_CHECKING, Protocol

import numpy as np
import torch
from torch import Tensor

from edgemtl.card import ModelCard
from edgemtl.flows import Flows
from edgemtl.models.networks import Network, answer
from edgemtl.quantize.prune.steps import smaller
from edgemtl.training.config import TrainConfig
from edgemtl.training.fit import Examples
from edgemtl.training.parts import Parts
from edgemtl.training.seen import drawn, examples
from edgemtl.training.train import train_parts

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["CrossFitted", "Judge", "OnFlows", "choose_judge", "flows_of"]

FOLDS = 3


class Judge(Protocol):
    """Tells right answers and known labels by head, (2, heads); `before`: of the whole network."""

    before: Tensor

    def __call__(self, network: Network) -> Tensor:
        """The same of the next smaller network: every step is to be judged, in turn."""


class OnFlows:
    """By flows kept aside."""

    def __init__(self, network: Network, held: Examples) -> None:
        self._held = held
        self.before = _right(network, held)

    def __call__(self, network: Network) -> Tensor:
        """Right answers and known labels of `network`, (2, heads)."""
        return _right(network, self._held)


class CrossFitted:
    """By all flows that training may see, each by a network that was trained without it.

    That network is the run's, trained again by the same recipe without a third of the flows, and
    then pruned in the same steps. So it tells what pruning costs rather than what this network
    answers; but of five times as many flows as a validation part of 15 % has.
    """

    def __init__(
        self, card: ModelCard, flows: Flows, shares: Sequence[float], config: TrainConfig
    ) -> None:
        self._folds = []
        self.before = torch.zeros(2, len(card.heads), dtype=torch.long)
        fold = _dealt(flows, config.seed)
        for number in range(FOLDS):
            chosen = (np.flatnonzero(mask) for mask in (fold != number, fold == number))
            others, own = map(flows.select, chosen)
            nothing = flows.select(np.empty(0, np.int64))
            parts = Parts({"train": others, "validation": own, "test": nothing}, card.heads, [])
            network = train_parts(parts, config).network
            held = examples(own, card)
            self.before += _right(network, held)
            training = drawn(examples(others, card), others, card, config, middles=False)
            self._folds.append((smaller(network, card, training, shares, config), held))

    def __call__(self, network: Network) -> Tensor:
        """Right answers and known labels of all folds' next networks, (2, heads)."""
        return torch.stack([_right(next(walk), held) for walk, held in self._folds]).sum(0)


def _dealt(flows: Flows, seed: int) -> NDArray[np.int64]:
    """The fold of each flow; classes are dealt out evenly."""
    classes = np.array([name or "" for name in flows["traffic_class"]])
    order = np.random.default_rng([seed, 3]).permutation(len(classes))
    order = order[np.argsort(classes[order], kind="stable")]
    fold = np.empty(len(classes), np.int64)
    fold[order] = np.arange(len(classes)) % FOLDS
    return fold


def _right(network: Network, held: Examples) -> Tensor:
    answers = torch.stack([z.argmax(1) for z in answer(network, held.x)], 1)
    return torch.stack([(answers == held.y).sum(0), (held.y >= 0).sum(0)])


def flows_of(points: float, labels: Tensor) -> Tensor:
    """How many flows of so many with labels make no more than these points of accuracy.

    One, too, if it makes less than twice the points: else not one of 185 might be lost where 0.5
    points may, and chance would end most walks at their first step.
    """
    flows = points * labels / 100
    return torch.maximum(torch.floor(flows + 1e-9), (flows > 0.5).to(flows.dtype))


def choose_judge(
    card: ModelCard,
    network: Network,
    parts: dict[str, Flows],
    shares: Sequence[float],
    max_drop: float,
    config: TrainConfig,
    step: Callable[[str], None],
) -> tuple[Judge, str, list[str]]:
    """Who can tell a loss of `max_drop` points, by which flows, and what is to be said of that.

    Validation flows, if one more or less is within the bound; otherwise `CrossFitted`. Without a
    bound (infinity) any flows will do.
    """
    held = examples(parts["validation"], card)
    if len(held.x) and bool((100 / (held.y >= 0).sum(0) <= max_drop).all()):
        return OnFlows(network, held), f"{len(held.x)} validation flows", []
    if max_drop == inf:
        known = examples(parts["train"], card)
        return OnFlows(network, known), f"{len(known.x)} training flows", [
            "the run has no validation flows: the steps' accuracies are of the training flows, "
            "which the network knows"
        ]  # fmt: skip
    step("pruning: training thrice for cross-fitting")
    flows = Flows.concat([parts["train"], parts["validation"]])
    judge = CrossFitted(card, flows, shares, config)
    labels = judge.before[1].tolist()
    few = {n for n in labels if not n or 100 / n > max_drop}
    heads = {n: [h.name for h, of in zip(card.heads, labels, strict=True) if of == n] for n in few}
    notes = [_resolution(n, heads[n], max_drop) for n in sorted(few)]
    return judge, f"{len(flows)} training and validation flows, cross-fitted", notes


def _resolution(n: int, heads: list[str], max_drop: float) -> str:
    """What so few labels can tell."""
    named = ", ".join(heads)
    if not n:
        return f"no label tells what pruning costs {named}"
    one = f"{n} labels tell what pruning costs {named}: one is {100 / n:.2f} points"
    if flows_of(max_drop, torch.tensor(n)):
        return f"{one}, and may be lost at --prune-drop {max_drop:g}"
    return (
        f"{one}, so not one may be lost at --prune-drop {max_drop:g}: "
        "train with more labels, or allow more"
    )
