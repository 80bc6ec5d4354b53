"""Methods that are networks: ours, the paper's, and its rivals.

This module imports torch: import it inside the functions that need it.
"""

from __future__ import annotations

from dataclasses import replace
from math import ceil

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from edgemtl.card import Head, ModelCard
from edgemtl.models.network import MultiTaskCNN
from edgemtl.models.networks import probabilities
from edgemtl.training.augment import Augmenter
from edgemtl.training.config import TrainConfig
from edgemtl.training.device import deterministic
from edgemtl.training.fit import Examples, fit
from edgemtl.training.parts import Parts, taught
from edgemtl.training.seen import examples
from edgemtl.training.train import train_parts

__all__ = ["contrastive", "conv_recurrent", "multi_task", "single_task", "transfer"]

Answers = dict[str, NDArray[np.float64]]

STEPS = 600  # the authors' 20 epochs are 60 steps on 150 flows, in which no network learns much
FEATURES = 256  # outputs of Table II's last dense layer
CONTRASTED, WARMTH = 128, 0.1  # flows a step, and the temperature of their similarities


def multi_task(parts: Parts, config: TrainConfig) -> Answers:
    """One network for all heads, as ``edgemtl train`` makes it."""
    n = len(taught(parts, config.keep_cut).flows["train"])
    trained = train_parts(parts, _enough(config, n))
    return _answers(trained.network, parts, trained.card)


def single_task(parts: Parts, config: TrainConfig) -> Answers:
    """One network for the traffic class alone, on the flows whose class is known."""
    if not (heads := _heads(parts, True)):
        return {}
    return multi_task(replace(parts, heads=heads), config)


def transfer(parts: Parts, config: TrainConfig, frozen: bool = False) -> Answers:
    """Table II's network, pre-trained on bandwidth and duration; a new last layer for the class.

    `frozen` keeps all but that layer as pre-training left it.
    """
    before, after = _heads(parts, False), _heads(parts, True)
    if not before or not after:
        return {}
    with deterministic(config.seed):
        first = _fitted(parts, before, config)
        card = ModelCard(config.spec, after)
        second = MultiTaskCNN(card)
        second.trunk.load_state_dict(first.trunk.state_dict())
        second.trunk.requires_grad_(not frozen)
        _fit(second, parts, card, config)
        return _answers(second, parts, card)


def conv_recurrent(parts: Parts, config: TrainConfig) -> Answers:
    """CNN+RNN-2: convolutions, then recurrent layers; one network a head."""
    found: Answers = {}
    for head in parts.heads:
        card = ModelCard(config.spec, (head,))
        with deterministic(config.seed):
            network = _ConvRecurrent(card)
            _fit(network, parts, card, config)
            found |= _answers(network, parts, card)
    return found


def contrastive(parts: Parts, config: TrainConfig) -> Answers:
    """SimCLR: Table II's network first learns to tell changed copies of a flow from other flows."""
    card = ModelCard(config.spec, parts.heads)
    with deterministic(config.seed):
        network = MultiTaskCNN(card)
        _contrast(network, parts, config)
        _fit(network, parts, card, config)
        return _answers(network, parts, card)


class _ConvRecurrent(nn.Module):
    """M. Lopez-Martin et al., IEEE Access 5 (2017): two convolutions, an LSTM, a dense layer."""

    def __init__(self, card: ModelCard) -> None:
        super().__init__()
        self.convolutions = nn.Sequential(
            nn.Conv1d(2, 32, 3), nn.ReLU(), nn.MaxPool1d(2), nn.Conv1d(32, 64, 3), nn.ReLU()
        )
        self.recurrent = nn.LSTM(64, 100, batch_first=True)
        self.dense = nn.Sequential(nn.Linear(100, 100), nn.ReLU())
        self.heads = nn.ModuleDict({h.name: nn.Linear(100, len(h.classes)) for h in card.heads})

    def forward(self, flows: Tensor) -> tuple[Tensor, ...]:
        """Logits, one (n, classes) tensor a head, of flows (n, 2, k)."""
        _, (last, _) = self.recurrent(self.convolutions(flows).transpose(1, 2))
        shared = self.dense(last[-1])
        return tuple(head(shared) for head in self.heads.values())


def _contrast(network: MultiTaskCNN, parts: Parts, config: TrainConfig) -> None:
    """T. Chen et al., arXiv:2002.05709, with the copies of `edgemtl.training.augment`."""
    augmenter = Augmenter.of(parts.flows["train"], config.spec)
    rng = np.random.default_rng([config.seed, 2])
    n = len(parts.flows["train"])
    project = nn.Sequential(nn.Linear(FEATURES, 128), nn.ReLU(), nn.Linear(128, 64))
    optimizer = torch.optim.Adam([*network.trunk.parameters(), *project.parameters()], 1e-3)
    network.train()
    for _ in range(STEPS // 2):
        some = rng.permutation(n)[:CONTRASTED]
        copies = augmenter.draw(np.concatenate([some, some]), rng)
        shared = project(network.trunk(torch.from_numpy(copies).unsqueeze(2)))
        loss = _contrastive_loss(functional.normalize(shared))
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()


def _contrastive_loss(z: Tensor) -> Tensor:
    """Cross-entropy of finding each row's other copy, n rows on, among all other rows."""
    n = len(z) // 2
    alike = (z @ z.T / WARMTH).masked_fill(torch.eye(2 * n, dtype=torch.bool), -torch.inf)
    return functional.cross_entropy(alike, torch.arange(2 * n).roll(n))


def _heads(parts: Parts, of_class: bool) -> tuple[Head, ...]:
    return tuple(h for h in parts.heads if (h.name == "traffic_class") == of_class)


def _fitted(parts: Parts, heads: tuple[Head, ...], config: TrainConfig) -> MultiTaskCNN:
    card = ModelCard(config.spec, heads)
    network = MultiTaskCNN(card)
    _fit(network, parts, card, config)
    return network


def _fit(network: nn.Module, parts: Parts, card: ModelCard, config: TrainConfig) -> None:
    """Train on the flows that have a label for one of the card's heads."""
    training, validation = (_known(parts, part, card, config) for part in ("train", "validation"))
    names = tuple(head.name for head in card.heads)
    enough = _enough(config, len(training.x))
    fit(network, names, training, validation, enough, lambda row: None)


def _known(parts: Parts, part: str, card: ModelCard, config: TrainConfig) -> Examples:
    card = replace(card, origin={"keep_cut": config.keep_cut})
    whole = examples(parts.flows[part], card)
    known = (whole.y >= 0).any(1)
    return Examples(whole.x[known], whole.y[known])


def _answers(network: nn.Module, parts: Parts, card: ModelCard) -> Answers:
    answers = probabilities(card, network, parts.flows["test"].tensor(card.spec))
    return {head: p.astype(np.float64) for head, p in answers.items()}


def _enough(config: TrainConfig, n: int) -> TrainConfig:
    """At least `STEPS` steps."""
    epochs, steps = config.plan(n)
    return replace(config, epochs=config.epochs or max(epochs, ceil(STEPS / steps)))
