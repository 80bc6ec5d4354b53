"""The kinds of network, and what is done with any of them.

This module imports torch: import it inside the functions that need it.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from edgemtl.card import ModelCard
from edgemtl.errors import ModelError
from edgemtl.models.calibration import softmax
from edgemtl.models.counting import CountingNetwork, CountingSizes
from edgemtl.models.network import MultiTaskCNN, Sizes

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = [
    "Network",
    "answer",
    "cost",
    "from_record",
    "layer_costs",
    "new_network",
    "probabilities",
    "record",
    "with_weights",
]

Network = MultiTaskCNN | CountingNetwork

BATCH = 1024  # flows at a time without gradients; a first layer's output takes 17 kB a flow
SIZES: dict[str, type[Sizes] | type[CountingSizes]] = {"cnn": Sizes, "counting": CountingSizes}


def new_network(
    card: ModelCard, sizes: Sizes | CountingSizes | None = None, dropout: float = 0.0
) -> Network:
    """A network with first weights, of the kind that `sizes` are for; Table II's unless told."""
    if isinstance(sizes, CountingSizes):
        return CountingNetwork(card, sizes, dropout)
    return MultiTaskCNN(card, sizes)


def record(network: Network) -> dict[str, Any]:
    """What a run remembers of a network beside its weights."""
    kind = "counting" if isinstance(network, CountingNetwork) else "cnn"
    return {"kind": kind} | asdict(network.sizes)


def from_record(raw: Any) -> Sizes | CountingSizes:
    """The sizes that `record` wrote.

    Raises
    ------
    KeyError, TypeError, ValueError, AttributeError
        If `raw` is anything else.
    """
    fields: dict[str, Any] = {n: tuple(v) if isinstance(v, list) else v for n, v in raw.items()}
    kind = fields.pop("kind", "cnn")  # runs of edgemtl 0.1 name none
    return SIZES[kind](**fields)


def answer(network: nn.Module, flows: Tensor) -> tuple[Tensor, ...]:
    """Logits, one (n, classes) tensor a head, without gradients, for any number of flows."""
    network.eval()
    with torch.inference_mode():
        parts = [network(part) for part in torch.split(flows, BATCH)]
        return tuple(torch.cat(head) for head in zip(*parts, strict=True))


def probabilities(
    card: ModelCard, network: nn.Module, x: NDArray[np.float32]
) -> dict[str, NDArray[np.float32]]:
    """Of each head, shape (n, classes), by the card's temperatures, for flows (n, 2, k)."""
    logits = answer(network, torch.from_numpy(x))
    pairs = zip(card.heads, logits, strict=True)
    return {head.name: softmax(z.numpy(), head.temperature) for head, z in pairs}


def cost(network: Network, k: int) -> tuple[int, int]:
    """Parameters, and multiply-adds of one flow; biases and activations don't count as such."""
    macs = layer_costs(network, k)
    return sum(p.numel() for p in network.parameters()), sum(macs.values())


def layer_costs(network: Network, k: int) -> dict[nn.Module, int]:
    """Multiply-adds of one flow by layer."""
    macs: dict[nn.Module, int] = {}

    def count(layer: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
        assert isinstance(layer, nn.Conv2d | nn.Linear)
        macs[layer] = layer.weight.numel() * output[0].numel() // layer.weight.shape[0]

    layers = [m for m in network.modules() if isinstance(m, nn.Conv2d | nn.Linear)]
    hooks = [layer.register_forward_hook(count) for layer in layers]
    answer(network, torch.zeros(1, 2, k))
    for hook in hooks:
        hook.remove()
    return macs


def with_weights(
    card: ModelCard, sizes: Sizes | CountingSizes, state: dict[str, Tensor]
) -> Network:
    """The network with these weights; ModelError when they don't fit. No memory but theirs."""
    with torch.device("meta"):
        network = new_network(card, sizes)
    want = {name: tuple(value.shape) for name, value in network.state_dict().items()}
    for name, shape in want.items():
        if name not in state:
            raise ModelError(f"weights of {name} are missing")
        found = state[name]
        if tuple(found.shape) != shape or found.dtype != torch.float32:
            raise ModelError(
                f"{name} must be float32 {shape}, is {found.dtype} {tuple(found.shape)}"
            )
        if not torch.isfinite(found).all():
            raise ModelError(f"{name} has weights that are not finite")
    if unknown := sorted(set(state) - set(want)):
        raise ModelError(f"holds {unknown[0]}, which this network has not")
    network.load_state_dict(state, assign=True)
    return network.eval()
