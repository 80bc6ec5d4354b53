"""The counting network: how many packets have such gaps and lengths, then dense layers.

A flow's service shows in how its gaps and lengths are distributed, and from 250 flows a network
learns that sooner when it need not first find out what a distribution is (docs/learning.md). So the
first layer is fixed: for each border between two bins, how far each packet is beyond it, cut to
nothing and all. Averages over stretches of packets are then cumulative histograms, and trained
dense layers follow. Bins are of gaps, of lengths, and of their sum and difference: slanted views,
which tell what gaps go with what lengths. All of it is convolution, ReLU6, average pooling and
dense: any runtime has it.

This module imports torch: import it inside the functions that need it.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor, nn

from edgemtl.card import ModelCard
from edgemtl.errors import ModelError
from edgemtl.features import FeatureSpec

__all__ = ["CountingNetwork", "CountingSizes", "Decision", "Histograms"]

SECOND = {"log": 2 * 20 / 27 - 1, "clip": 1.0}  # 2**20 µs in channel 0: longer gaps count alike
FULL_LENGTH = 1500.0  # bytes; the largest packet on nearly every path
FULL = 6.0  # what ReLU6 gives a packet that is beyond a border by a bin
BINS_MAX = 128
VIEWS_MAX = 6  # so many times bins are borders: of gaps, lengths both ways, sums, differences
DEVIATION_MIN = 0.05  # of a bin's share: rarer bins would drown in the noise of int8


@dataclass(frozen=True)
class CountingSizes:
    """Sizes of a `CountingNetwork`.

    Parameters
    ----------
    bins : int
        Of inter-arrival times up to a second, and of lengths up to 1500 bytes, of each direction.
    slanted : bool
        Count by the sum and the difference of both, too, in bins twice as wide.
    stretches : int
        Parts of the k packets that are counted apart.
    dense : tuple of int
        Outputs of the dense layers.
    borders : tuple of int, or None
        Which of the bins' borders are counted, by number, rising: those that pruning has left.
        None for all.
    """

    bins: int = 24
    slanted: bool = True
    stretches: int = 6
    dense: tuple[int, ...] = (128, 64)
    borders: tuple[int, ...] | None = None

    def __post_init__(self) -> None:
        for name, values, most in (
            ("bins", (self.bins,), BINS_MAX),
            ("stretches", (self.stretches,), 64),
            ("dense", self.dense, 1024),
        ):
            if not 1 <= len(values) <= 16 or not all(
                type(v) is int and 1 <= v <= most for v in values
            ):
                raise ValueError(f"CountingSizes.{name}: must be 1 to {most}")
        if type(self.slanted) is not bool:
            raise ValueError("CountingSizes.slanted: must be true or false")
        kept = self.borders
        if kept is not None and not (
            0 < len(kept) <= VIEWS_MAX * BINS_MAX
            and all(type(b) is int and b >= 0 for b in kept)
            and all(low < high for low, high in pairwise(kept))
        ):
            raise ValueError("CountingSizes.borders: must be rising numbers")


class CountingNetwork(nn.Module):
    """Fixed bins, averages over stretches, dense layers, one linear head a task.

    Parameters
    ----------
    card : ModelCard
        Its spec and its heads fix the ends of the network.
    sizes : CountingSizes
    dropout : float
        Share of each dense layer's outputs that training leaves out.

    Raises
    ------
    ModelError
        If `spec.k` is smaller than the number of stretches, or a border is counted that is not one.
    """

    def __init__(
        self, card: ModelCard, sizes: CountingSizes | None = None, dropout: float = 0.0
    ) -> None:
        super().__init__()
        sizes = sizes or CountingSizes()
        if card.spec.k < sizes.stretches:
            raise ModelError(
                f"k is {card.spec.k}: the network counts in {sizes.stretches} stretches of "
                f"packets, so it wants {sizes.stretches} or more"
            )
        self.sizes = sizes
        bins = _borders(card.spec, sizes)
        self.bins = bins.out_channels
        stretch = card.spec.k // sizes.stretches
        self.counts = nn.Sequential(bins, nn.ReLU6(), nn.AvgPool2d((1, stretch)), nn.Flatten())
        self.decision = Decision(card, self.bins * (card.spec.k // stretch), sizes.dense, dropout)

    @property
    def heads(self) -> nn.ModuleDict:
        """The linear layer of each head."""
        return self.decision.heads

    def forward(self, flows: Tensor) -> tuple[Tensor, ...]:
        """Logits, one (n, classes) tensor a head in the card's order, of flows (n, 2, k)."""
        logits: tuple[Tensor, ...] = self.decision(self.counts(flows.unsqueeze(2)))
        return logits

    def histograms(self, flows: Tensor) -> Histograms:
        """What `decision` is to be trained on, standardised by these flows."""
        return Histograms(self, flows)

    def fold(self, histograms: Histograms) -> None:
        """After training on `histograms`: put what they do to the counts into the first layer."""
        first, columns, zero = self._first(histograms)
        with torch.no_grad():
            weight = first.weight.double()
            first.bias.copy_(first.bias.double() + weight @ zero)
            first.weight.copy_(weight @ columns.T)

    def unfold(self, histograms: Histograms) -> None:
        """Undo `fold`: `decision` takes histograms again, to be trained further."""
        first, columns, zero = self._first(histograms)
        with torch.no_grad():
            weight = torch.linalg.solve(columns, first.weight.double().T).T
            first.weight.copy_(weight)
            first.bias.copy_(first.bias.double() - weight @ zero)

    def _first(self, histograms: Histograms) -> tuple[nn.Linear, Tensor, Tensor]:
        """The first dense layer; what a count of 1 adds to the histograms, and what 0 gives."""
        first = self.decision.dense[0]
        assert isinstance(first, nn.Linear)
        zero = histograms.of_counts(torch.zeros(1, first.in_features, dtype=torch.float64))
        eye = torch.eye(first.in_features, dtype=torch.float64)
        return first, histograms.of_counts(eye) - zero, zero[0]


class Decision(nn.Module):
    """The trained part: dense layers of (n, features), and heads."""

    def __init__(
        self, card: ModelCard, features: int, dense: tuple[int, ...], dropout: float
    ) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for width in dense:
            layers += [nn.Linear(features, width), nn.ReLU(), nn.Dropout(dropout)]
            features = width
        self.dense = nn.Sequential(*layers)
        self.heads = nn.ModuleDict(
            {head.name: nn.Linear(features, len(head.classes)) for head in card.heads}
        )

    def forward(self, counts: Tensor) -> tuple[Tensor, ...]:
        """Logits, one (n, classes) tensor a head."""
        shared = self.dense(counts)
        return tuple(head(shared) for head in self.heads.values())


class Histograms:
    """Counts of the first stretch, the first two, and so on; of mean 0 and deviation 1.

    So the trained layers see what a flow has done until then, each bin as loud as any other.
    """

    def __init__(self, network: CountingNetwork, flows: Tensor) -> None:
        self._network = network
        self._mean, self._deviation = torch.zeros(()), torch.ones(())
        deviation, mean = torch.std_mean(self(flows), 0)
        self._mean, self._deviation = mean, deviation.clamp(min=DEVIATION_MIN * FULL)

    def __call__(self, flows: Tensor) -> Tensor:
        """Histograms of flows (n, 2, k)."""
        with torch.no_grad():
            return self.of_counts(self._network.counts(flows.unsqueeze(2)))

    def of_counts(self, counts: Tensor) -> Tensor:
        """Histograms of the counts of each stretch."""
        stretches = counts.shape[1] // self._network.bins
        by_stretch = counts.reshape(len(counts), self._network.bins, stretches)
        seen = by_stretch.cumsum(2) / torch.arange(1, stretches + 1)
        return (seen.reshape(counts.shape) - self._mean) / self._deviation


def _borders(spec: FeatureSpec, sizes: CountingSizes) -> nn.Conv2d:
    """A 1 x 1 convolution that measures how many bins, times 6, a packet is beyond each border."""
    second, longest = SECOND[spec.iat] + 1, FULL_LENGTH / spec.length_scale
    shortest = -1.0 if spec.signed else 0.0
    lengths = round(sizes.bins * (1 - shortest))
    # weights of gap and length, each counted from 0 to 1 here, and what lies between the borders
    views = [(1.0, 0.0, 0.0, 1.0, sizes.bins), (0.0, 1.0, shortest, 1.0, lengths)]
    if sizes.slanted:
        wide = round(sizes.bins * (2 - shortest) / 2)
        views += [(1.0, 1.0, shortest, 2.0, wide), (1.0, -1.0, -1.0, 1.0 - shortest, wide)]
    rows = [
        (gap, length, border, width)
        for gap, length, low, high, n in views
        for border, width in _bins(low, high, n)
    ]
    if sizes.borders is not None:
        if sizes.borders[-1] >= len(rows):
            raise ModelError(f"border {sizes.borders[-1]} is counted, {len(rows) - 1} is the last")
        rows = [rows[border] for border in sizes.borders]
    layer = nn.Conv2d(2, len(rows), (1, 1)).requires_grad_(False)
    for row, (gap, length, border, width) in enumerate(rows):
        layer.weight[row, 0] = FULL * gap / second / width
        layer.weight[row, 1] = FULL * length / longest / width
        layer.bias[row] = FULL * (gap / second - border) / width  # type: ignore[index]
    return layer


def _bins(low: float, high: float, n: int) -> list[tuple[float, float]]:
    """Lower border and width of n equal bins."""
    width = (high - low) / n
    return [(low + i * width, width) for i in range(n)]
