"""What a training can be told."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import ceil, inf

from edgemtl.card import HEADS
from edgemtl.errors import DataError
from edgemtl.features import FeatureSpec
from edgemtl.training.recipe import RECIPES, Recipe
from edgemtl.training.split import SHARES, SPLITS

__all__ = ["METHODS", "TrainConfig"]

# Method to the heads that it trains. The paper's rivals are in edgemtl.study.
METHODS = {
    "mtl": ("bandwidth", "duration", "traffic_class"),
    "stl": ("traffic_class",),
}


@dataclass(frozen=True)
class TrainConfig:
    """How to train; the defaults are those of ``edgemtl train``.

    Parameters
    ----------
    spec : FeatureSpec
        The model's input.
    method : str
        One of `METHODS`.
    heads : tuple of str
        Those of the method's heads that are wanted.
    recipe : str
        One of `RECIPES`. Its `features` are not applied: they are in `spec` already.
    dividers : str
        See `edgemtl.training.dividers.find_dividers`.
    labels_per_class : int or None
        Traffic-class labels that training sees of each class; None for all there are.
    lam : float
        λ, the weight of the traffic class in the loss.
    seed : int
        Of the split, the hidden labels, the first weights and the order of the batches.
    epochs, batch : int or None
        Passes over the flows, and flows a step; None for the recipe's.
    patience : int or None
        Stop after so many epochs without a better validation loss, and keep the best one; None
        trains them all and keeps the last.
    unknown : float or None
        Share of right answers that is wanted of traffic classes; less probable ones are unknown.
    keep_cut : bool
        Take the duration of flows that were cut off as if it were theirs.
    shares : tuple of float
        Of the flows, for validation and for the test; 0 for no such part.
    split_by : str
        See `edgemtl.training.split.split`.
    """

    spec: FeatureSpec = field(default_factory=FeatureSpec)
    method: str = "mtl"
    heads: tuple[str, ...] = HEADS
    recipe: str = "best"
    dividers: str = "paper"
    labels_per_class: int | None = None
    lam: float = 1.0
    seed: int = 1
    epochs: int | None = None
    patience: int | None = None
    batch: int | None = None
    unknown: float | None = None
    keep_cut: bool = False
    shares: tuple[float, float] = SHARES
    split_by: str = "random"

    def __post_init__(self) -> None:
        labels = self.labels_per_class
        for name, value, fine, want in (
            (
                "method",
                self.method,
                self.method in METHODS,
                f"{' or '.join(METHODS)}, others are in edgemtl study",
            ),
            (
                "heads",
                self.heads,
                bool(self.heads) and set(self.heads) <= set(HEADS),
                f"some of {', '.join(HEADS)}",
            ),
            ("labels-per-class", labels, labels is None or labels >= 1, "1 or more"),
            ("lambda", self.lam, 0 < self.lam < inf, "positive and finite"),
            ("seed", self.seed, 0 <= self.seed < 2**32, "0 to 4294967295"),
            ("shares", self.shares, min(self.shares) >= 0 and sum(self.shares) < 1, "under 1"),
            ("split-by", self.split_by, self.split_by in SPLITS, " or ".join(SPLITS)),
            (
                "unknown",
                self.unknown,
                self.unknown is None or 0 < self.unknown < 1,
                "above 0 and under 1",
            ),
            ("recipe", self.recipe, self.recipe in RECIPES, " or ".join(RECIPES)),
            *(
                (name, value, value is None or value >= 1, "1 or more")
                for name, value in (
                    ("epochs", self.epochs),
                    ("patience", self.patience),
                    ("batch", self.batch),
                )
            ),
        ):
            if not fine:
                raise DataError(f"{name}: must be {want}, got {value!r}")

    @property
    def how(self) -> Recipe:
        """The recipe."""
        return RECIPES[self.recipe]

    def plan(self, n: int) -> tuple[int, int]:
        """Epochs, and steps of each, that training with n flows takes."""
        steps = ceil(n / (self.batch or self.how.batch))
        return self.epochs or max(self.how.epochs, ceil(self.how.steps / steps)), steps
