"""Quantisation-aware fine-tuning: int8 weights learn to answer as the float network does.

This module imports torch: import it inside the functions that need it.
"""

from __future__ import annotations

import copy

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils import parametrize

from edgemtl.quantize.graph import Graph
from edgemtl.quantize.rounding import int8_layers
from edgemtl.training.device import deterministic

__all__ = ["fine_tuned"]

STEPS, BATCH, RATE = 200, 128, 1e-4
LEAST = 1e-9  # of a scale or a probability


def fine_tuned(start: Graph, wanted: Graph, x: Tensor, most: int, seed: int) -> Graph:
    """A copy of a rounded graph, its weights on int8 levels still, that answers more as wanted.

    Weights and what passes between layers are rounded in every step, gradients go through as if
    they were not [1]_. What is learned are the float network's answers, so no label is needed.

    Parameters
    ----------
    start : Graph
        What `edgemtl.quantize.rounding.rounded` made of `wanted`.
    x : Tensor, shape (n, 2, k)
        Training flows.
    most : int
        Largest level of an int8 weight.
    seed : int
        Of the order of the flows.

    References
    ----------
    .. [1] B. Jacob et al., "Quantization and Training of Neural Networks for Efficient
       Integer-Arithmetic-Only Inference", arXiv:1712.05877.
    """
    tuned = copy.deepcopy(start)
    with torch.no_grad():
        answers = torch.cat(list(wanted(x).values()), 1)
    layers = int8_layers(tuned)
    for layer in layers:
        parametrize.register_parametrization(layer, "weight", _Rounded(most))
    rounding = [*layers, *tuned.network.heads.values()]
    hooks = [layer.register_forward_pre_hook(_round_input) for layer in rounding]
    with deterministic(seed):
        _learn(tuned, x, answers)
    for hook in hooks:
        hook.remove()
    for layer in layers:
        parametrize.remove_parametrizations(layer, "weight")
    return tuned


def _learn(tuned: Graph, x: Tensor, answers: Tensor) -> None:
    weights = [p for p in tuned.parameters() if p.requires_grad]
    optimizer = torch.optim.Adam(weights, RATE)
    rates = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, STEPS)
    for _ in range(STEPS):
        some = torch.randint(len(x), (min(BATCH, len(x)),))
        given = torch.cat(list(tuned(x[some]).values()), 1)
        logs = given.clamp(min=LEAST).log()
        loss = functional.kl_div(logs, answers[some], reduction="batchmean")
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        rates.step()


class _Rounded(nn.Module):
    """A weight as its int8 numbers give it back: symmetric, a scale for each output."""

    def __init__(self, most: int) -> None:
        super().__init__()
        self.most = most

    def forward(self, weight: Tensor) -> Tensor:
        scale = weight.detach().abs().flatten(1).amax(1).clamp(min=LEAST) / self.most
        zero = torch.zeros_like(scale, dtype=torch.int32)
        return torch.fake_quantize_per_channel_affine(weight, scale, zero, 0, -self.most, self.most)


def _round_input(layer: nn.Module, inputs: tuple[Tensor]) -> tuple[Tensor]:
    """The input as its int8 numbers give it back: 256 levels from the least to the largest."""
    (x,) = inputs
    low, high = x.detach().amin().clamp(max=0), x.detach().amax().clamp(min=0)
    scale = max(float(high - low) / 255, LEAST)
    return (torch.fake_quantize_per_tensor_affine(x, scale, round(-float(low) / scale), 0, 255),)
