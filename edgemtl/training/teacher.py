"""A teacher for training flows whose traffic class nobody told: it sees more than the network may.

How much a flow has carried in the end, and how long it took, tells much of its class, and of
training flows it is known. So a teacher of the labelled flows that sees this beside the histograms
names the others' class more surely than the network could, which then learns from all of them. The
idea is that of D. Lopez-Paz et al., "Unifying distillation and privileged information",
arXiv:1511.03643.

This module imports torch: import it inside the functions that need it.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from edgemtl.card import ModelCard
from edgemtl.flows import Flows
from edgemtl.models.counting import DEVIATION_MIN, Decision
from edgemtl.models.networks import answer
from edgemtl.training.config import TrainConfig
from edgemtl.training.fit import Examples, fit

__all__ = ["taught", "whole_flow"]

# Least, most and number of bins of the logarithm: 256 B/s to 16 MB/s, 63 ms to 68 minutes.
FACTS = {"bytes_per_s": (8.0, 24.0, 16), "duration_s": (-4.0, 12.0, 16)}
LOUDNESS = 2.0  # of the facts beside histograms: there are fewer of them
SHARPENED = 1.5  # a teacher with dropout and label smoothing is less sure than it could be


def whole_flow(flows: Flows) -> NDArray[np.float32]:
    """How far bandwidth and duration of each flow are beyond each of some borders, (n, facts).

    From 0, not at all or not known, to 1, a bin or more.
    """
    columns = []
    for name, (low, high, bins) in FACTS.items():
        width = (high - low) / bins
        values = np.log2(np.maximum(np.nan_to_num(flows[name]), 2.0**low))
        columns.append(np.clip((values[:, None] - low) / width - np.arange(bins), 0, 1))
    return np.concatenate(columns, 1).astype(np.float32)


def taught(
    training: Examples, card: ModelCard, dense: tuple[int, ...], config: TrainConfig
) -> Examples:
    """The examples, `x` histograms, with a teacher's answers where the traffic class is not known.

    The teacher is the trained part of a counting network, for this head alone.
    """
    names = [head.name for head in card.heads]
    if "traffic_class" not in names or training.whole is None:
        return training
    place = names.index("traffic_class")
    y = training.y[:, place : place + 1]
    if (y >= 0).all():
        return training
    x = torch.cat([training.x, _standardised(training.whole)], 1)
    of_class = ModelCard(card.spec, (card.heads[place],))
    teacher = Decision(of_class, x.shape[1], dense, config.how.dropout)
    known = Examples(x, y)
    nothing = known.at(torch.arange(0))
    fit(teacher, ("traffic_class",), known, nothing, config, lambda row: None)
    (logits,) = answer(teacher, x)
    return replace(training, taught=torch.softmax(SHARPENED * logits, 1))


def _standardised(facts: Tensor) -> Tensor:
    deviation, mean = torch.std_mean(facts, 0)
    return LOUDNESS * (facts - mean) / deviation.clamp(min=DEVIATION_MIN)
