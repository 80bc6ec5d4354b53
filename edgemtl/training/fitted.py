"""From examples to a trained network of the recipe's kind.

This module imports torch: import it inside the functions that need it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from edgemtl.card import ModelCard
from edgemtl.models.counting import CountingNetwork
from edgemtl.models.networks import Network, from_record, new_network
from edgemtl.training.config import TrainConfig
from edgemtl.training.fit import Examples, fit
from edgemtl.training.teacher import taught

__all__ = ["fitted"]


def fitted(
    card: ModelCard,
    training: Examples,
    validation: Examples,
    config: TrainConfig,
    on_epoch: Callable[[dict[str, Any]], None],
) -> tuple[Network, list[dict[str, Any]]]:
    """A trained network of the recipe's kind, and the history of its training."""
    network = new_network(card, from_record(config.how.network), config.how.dropout)
    names = tuple(head.name for head in card.heads)
    if not isinstance(network, CountingNetwork):
        return network, fit(network, names, training, validation, config, on_epoch)
    # of flows as the steps see them: in those of whole flows alone, a cut one would be far outside
    histograms = network.histograms(training.batch(torch.arange(len(training.x)))[0])
    counted, held = training.seen_as(histograms), validation.seen_as(histograms)
    if config.how.taught:
        counted = taught(counted, card, network.sizes.dense, config)
    history = fit(network.decision, names, counted, held, config, on_epoch)
    network.fold(histograms)
    return network, history
