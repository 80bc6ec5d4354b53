"""A network opened for training: what of it learns, and what that sees of the training flows.

This module imports torch: import it inside the functions that need it.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass

from torch import Tensor, nn

from edgemtl.models.counting import CountingNetwork, Histograms
from edgemtl.models.networks import Network

__all__ = ["Learner"]


@dataclass(frozen=True)
class Learner:
    """A network whose trained part takes `seen`.

    Of a counting network that part decides on histograms, which `CountingNetwork.fold` puts into
    its first dense layer; of a CNN it is all.

    Parameters
    ----------
    network : Network
        Not folded.
    part : nn.Module
        What is trained of it.
    seen : Tensor, first dimension n
        What the part sees of the n training flows.
    histograms : Histograms or None
        What the flows were seen by.
    """

    network: Network
    part: nn.Module
    seen: Tensor
    histograms: Histograms | None

    @classmethod
    def opened(cls, network: Network, x: Tensor) -> Learner:
        """A copy of a network that answers flows, with x (n, 2, k) to train on."""
        network = copy.deepcopy(network)
        if isinstance(network, CountingNetwork):
            network.unfold(network.histograms(x))
        return cls.unfolded(network, x)

    @classmethod
    def unfolded(cls, network: Network, x: Tensor) -> Learner:
        """The same, of a network that is not folded."""
        if not isinstance(network, CountingNetwork):
            return cls(network, network, x, None)
        histograms = network.histograms(x)
        return cls(network, network.decision, histograms(x), histograms)

    def closed(self) -> Network:
        """A copy of the network, folded: it answers flows."""
        network = copy.deepcopy(self.network)
        if isinstance(network, CountingNetwork) and self.histograms is not None:
            network.fold(self.histograms)
        return network.eval()
