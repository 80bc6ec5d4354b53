"""Leaving channels out of a network: which, and what hangs on them.

This module imports torch: import it inside the functions that need it.
"""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn

from edgemtl.card import ModelCard
from edgemtl.models.counting import CountingNetwork, CountingSizes
from edgemtl.models.network import Sizes
from edgemtl.models.networks import Network, cost, layer_costs, with_weights

__all__ = ["cut"]


def cut(network: Network, card: ModelCard, scores: dict[str, Tensor], macs: float) -> Network:
    """The network without its least channels, of at most `macs` multiply-adds a flow.

    All layers compete: those channels go that matter least for each multiply-add that goes with
    them. Each layer keeps one channel at least, so the result may be larger than was asked.

    Parameters
    ----------
    scores : dict of layer's name to Tensor, shape (channels,)
        How much each channel matters, see `weigh`.
    """
    savings = _savings(network, card, scores)
    order = []
    for name, score in scores.items():
        ranked = torch.argsort(score, stable=True)[:-1].tolist()  # the best one stays
        order += [(score[c].item() / savings[name], name, c) for c in ranked]
    order.sort()
    fewest, most = 0, len(order)
    while fewest < most:
        middle = (fewest + most) // 2
        enough = cost(_without(network, card, order[:middle]), card.spec.k)[1] <= macs
        fewest, most = (fewest, middle) if enough else (middle + 1, most)
    return _without(network, card, order[:fewest])


def _savings(network: Network, card: ModelCard, scores: dict[str, Tensor]) -> dict[str, float]:
    """Multiply-adds that go with one channel of each layer, there and in the layers behind it."""
    bare, graph = _graph(network, card)
    macs = layer_costs(bare, card.spec.k)
    savings = {}
    for name, score in scores.items():
        group = _group(graph, bare.get_submodule(name), list(range(len(score))))
        touched = {dependency.target.module for dependency, _ in group}
        savings[name] = sum(macs.get(layer, 0) for layer in touched) / len(score)
    return savings


def _without(network: Network, card: ModelCard, lost: list[tuple[float, str, int]]) -> Network:
    """The network without these channels, and without what other layers do with them."""
    bare, graph = _graph(network, card)
    channels: dict[str, list[int]] = {}
    for _, name, channel in lost:
        channels.setdefault(name, []).append(channel)
    for name, some in channels.items():
        _group(graph, bare.get_submodule(name), some).prune()
    sizes = _sizes(bare, network, set(channels.get("counts.0", ())))
    return with_weights(card, sizes, bare.state_dict())


def _graph(network: Network, card: ModelCard) -> tuple[Network, Any]:
    """A copy of the network, and the graph of which layer hangs on which channels."""
    import torch_pruning

    bare = copy.deepcopy(network).requires_grad_(True)  # fixed layers too: it follows gradients
    flows = torch.zeros(1, 2, card.spec.k)
    return bare, torch_pruning.DependencyGraph().build_dependency(bare, flows)


def _group(graph: Any, layer: nn.Module, channels: list[int]) -> Any:
    """These outputs of a layer, and all that hangs on them."""
    import torch_pruning

    conv = isinstance(layer, nn.Conv2d)
    how = torch_pruning.prune_conv_out_channels if conv else torch_pruning.prune_linear_out_channels
    return graph.get_pruning_group(layer, how, channels)


def _sizes(bare: Network, before: Network, lost_borders: set[int]) -> Sizes | CountingSizes:
    """The sizes of a network that was cut."""
    if isinstance(bare, CountingNetwork):
        assert isinstance(before, CountingNetwork)
        counted = before.sizes.borders or range(before.bins)
        borders = tuple(b for i, b in enumerate(counted) if i not in lost_borders)
        dense = [m.out_features for m in bare.decision.dense if isinstance(m, nn.Linear)]
        return replace(bare.sizes, dense=tuple(dense), borders=borders)
    convolutions = [m.out_channels for m in bare.trunk if isinstance(m, nn.Conv2d)]
    dense = [m.out_features for m in bare.trunk if isinstance(m, nn.Linear)]
    return Sizes(tuple(convolutions), tuple(dense))
