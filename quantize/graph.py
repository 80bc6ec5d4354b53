"""The graph that is exported: a trained network up to its probabilities.

This module imports torch: import it inside the functions that need it.
"""

from __future__ import annotations

import copy

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from edgemtl.card import ModelCard
from edgemtl.models.counting import CountingNetwork
from edgemtl.models.networks import Network

__all__ = ["Graph"]


class Graph(nn.Module):
    """Flows (n, 2, k) to probabilities (n, classes) by head, in the card's order.

    Each head's temperature is folded into its weights, exactly but for rounding: softmax(z / T) of
    z = w x + b is softmax of (w / T) x + b / T. So it costs no operator.
    """

    def __init__(self, network: Network, card: ModelCard) -> None:
        super().__init__()
        self.network = copy.deepcopy(network)
        with torch.no_grad():
            for head in card.heads:
                for parameter in self.network.heads[head.name].parameters():
                    parameter.div_(head.temperature)
        self.names = [head.name for head in card.heads]
        self.counts = isinstance(network, CountingNetwork)  # its first layers are fixed
        self.eval()

    def forward(self, flows: Tensor) -> dict[str, Tensor]:
        """The argument's name and the keys become names in every exported file."""
        logits = self.network(flows)
        return {n: torch.softmax(z, 1) for n, z in zip(self.names, logits, strict=True)}

    def answer(self, x: NDArray[np.float32]) -> dict[str, NDArray[np.float32]]:
        """Probabilities by head of flows x (n, 2, k)."""
        with torch.inference_mode():
            return {name: p.numpy() for name, p in self(torch.from_numpy(x)).items()}
