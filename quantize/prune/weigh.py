"""How much a network's answers hang on each of its channels: Taylor's importance.

This module imports torch: import it inside the functions that need it.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from edgemtl.models.counting import CountingNetwork
from edgemtl.quantize.prune.learner import Learner

__all__ = ["weigh"]

FLOWS = 512  # that are asked
GUESSES = 4  # of the class of each flow, drawn from the network's own probabilities


def weigh(learner: Learner, chance: torch.Generator) -> dict[str, Tensor]:
    """Importance of the channels of each layer but the heads' own.

    To first order, leaving a channel out changes the loss by the channel's output times the loss's
    gradient. Its mean square over flows tells what the answers lose, right or wrong as they may be:
    classes are drawn from the network's own probabilities. Labels would do less, since what was
    trained knows those of its training flows by heart and has no gradient there.

    Parameters
    ----------
    learner : Learner
        A border of its counting network is left out as one that all flows are alike in.

    Returns
    -------
    dict of layer's name to Tensor, shape (channels,)

    References
    ----------
    .. [1] P. Molchanov et al., "Importance Estimation for Neural Network Pruning", CVPR 2019,
       arXiv:1906.10771.
    """
    seen = learner.seen[torch.randperm(len(learner.seen), generator=chance)[:FLOWS]]
    outputs: dict[str, Tensor] = {}
    learner.part.eval()
    if isinstance(learner.network, CountingNetwork):
        by_border = seen.reshape(len(seen), learner.network.bins, -1).requires_grad_()
        outputs["counts.0"] = by_border
        seen = by_border.flatten(1)
    hooks = [_keep(layer, name, outputs) for name, layer in _layers(learner.network).items()]
    logits = learner.part(seen)
    for hook in hooks:
        hook.remove()
    scores = {name: torch.zeros(output.shape[1]) for name, output in outputs.items()}
    for _ in range(GUESSES):
        losses = [functional.cross_entropy(z, _guess(z, chance), reduction="sum") for z in logits]
        slopes = torch.autograd.grad(
            torch.stack(losses).sum(), list(outputs.values()), retain_graph=True
        )
        for (name, output), slope in zip(outputs.items(), slopes, strict=True):
            change = (output * slope).detach().reshape(*output.shape[:2], -1).sum(2)
            scores[name] += change.square().mean(0) / GUESSES
    return scores


def _layers(network: nn.Module) -> dict[str, nn.Module]:
    """Layers that can lose channels, and whose output the trained part computes."""
    return {
        name: layer
        for name, layer in network.named_modules()
        if isinstance(layer, nn.Conv2d | nn.Linear)
        and "heads" not in name.split(".")
        and layer.weight.requires_grad
    }


def _keep(
    layer: nn.Module, name: str, outputs: dict[str, Tensor]
) -> torch.utils.hooks.RemovableHandle:
    def hook(_: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
        outputs[name] = output

    return layer.register_forward_hook(hook)


def _guess(logits: Tensor, chance: torch.Generator) -> Tensor:
    return torch.multinomial(logits.detach().softmax(1), 1, generator=chance)[:, 0]
