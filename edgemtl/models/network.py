"""The multi-task CNN of Table II in arXiv:1906.05248.

This module imports torch: import it inside the functions that need it.
"""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor, nn

from edgemtl.card import ModelCard
from edgemtl.errors import ModelError

__all__ = ["MultiTaskCNN", "Sizes"]

KERNEL = 3
POOL = 2
WIDTH_MAX = 1024  # a run folder comes from anywhere: refuse sizes that no network here has


@dataclass(frozen=True)
class Sizes:
    """Widths of the shared layers; the defaults are Table II's.

    Parameters
    ----------
    convolutions : tuple of int
        Output channels, two convolutions before each pooling.
    dense : tuple of int
        Outputs of the dense layers.
    """

    convolutions: tuple[int, ...] = (32, 32, 64, 64, 128, 128)
    dense: tuple[int, ...] = (256, 256)

    def __post_init__(self) -> None:
        for name in ("convolutions", "dense"):
            widths = getattr(self, name)
            if not 1 <= len(widths) <= 16 or not all(
                type(w) is int and 1 <= w <= WIDTH_MAX for w in widths
            ):
                raise ValueError(f"Sizes.{name}: must be 1 to 16 ints up to {WIDTH_MAX}")
        if len(self.convolutions) % 2:
            raise ValueError("Sizes.convolutions: must be pairs, a pooling follows each")

    def steps(self, k: int) -> list[int]:
        """Length of the series after each convolution; the last pooling halves the last one."""
        lengths = []
        for i in range(len(self.convolutions)):
            k = k - (KERNEL - 1)
            lengths.append(k)
            k = k // POOL if i % 2 else k
        return lengths

    def smallest_k(self) -> int:
        """The fewest packets that leave something behind the last pooling."""
        k = 1
        for _ in range(len(self.convolutions) // 2):
            k = POOL * k + 2 * (KERNEL - 1)
        return k


class MultiTaskCNN(nn.Module):
    """Pairs of convolutions with a max-pooling behind each, dense layers, one linear head a task.

    Convolutions are two-dimensional with a 1 x 3 kernel and no padding: ONNX Runtime is faster at
    these than at one-dimensional ones (docs/artefacts.md).

    Parameters
    ----------
    card : ModelCard
        Its `spec.k` and its heads fix the ends of the network.
    sizes : Sizes
        Widths of what lies between.

    Raises
    ------
    ModelError
        If `spec.k` is too small for the convolutions.
    """

    def __init__(self, card: ModelCard, sizes: Sizes | None = None) -> None:
        super().__init__()
        sizes = sizes or Sizes()
        if card.spec.k < sizes.smallest_k():
            raise ModelError(
                f"k is {card.spec.k}, the convolutions need {sizes.smallest_k()} packets or more"
            )
        self.sizes = sizes
        layers: list[nn.Module] = []
        channels = 2
        for i, width in enumerate(sizes.convolutions):
            layers += [nn.Conv2d(channels, width, (1, KERNEL)), nn.ReLU()]
            if i % 2:
                layers.append(nn.MaxPool2d((1, POOL)))
            channels = width
        features = channels * (sizes.steps(card.spec.k)[-1] // POOL)
        layers.append(nn.Flatten())
        for width in sizes.dense:
            layers += [nn.Linear(features, width), nn.ReLU()]
            features = width
        self.trunk = nn.Sequential(*layers)
        self.heads = nn.ModuleDict(
            {head.name: nn.Linear(features, len(head.classes)) for head in card.heads}
        )
        self.apply(_first_weights)

    def forward(self, flows: Tensor) -> tuple[Tensor, ...]:
        """Logits, one (n, classes) tensor a head in the card's order, of flows (n, 2, k)."""
        shared = self.trunk(flows.unsqueeze(2))
        return tuple(head(shared) for head in self.heads.values())


def _first_weights(layer: nn.Module) -> None:
    """Glorot's uniform weights and no bias, as in Keras, which the paper's authors used.

    torch's own are smaller: through eight layers little is left of the input, and learning starts
    late.
    """
    if isinstance(layer, nn.Conv2d | nn.Linear):
        for name, value in layer.named_parameters():
            nn.init.zeros_(value) if name == "bias" else nn.init.xavier_uniform_(value)
