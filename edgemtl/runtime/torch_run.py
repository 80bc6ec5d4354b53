"""Run folders by torch, in float: what every artefact is measured against."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from edgemtl.models.run import load_network
from edgemtl.runtime.model import Model

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["TorchModel"]


class TorchModel(Model):
    """The network of a run folder.

    torch counts threads for the whole process, so `threads` holds for everything that follows.
    """

    runtime = "torch"

    def __init__(self, path: Path, threads: int = 1) -> None:
        card, self._network, _ = load_network(path)
        super().__init__(str(path), card)
        import torch

        torch.set_num_threads(threads)

    def _run(self, x: NDArray[np.float32]) -> list[NDArray[np.float32]]:
        from edgemtl.models.networks import probabilities

        return list(probabilities(self.card, self._network, x).values())
