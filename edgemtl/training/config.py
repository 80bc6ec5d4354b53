"""What a training can be told."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import inf

from edgemtl.errors import DataError
from edgemtl.features import FeatureSpec

__all__ = ["METHODS", "TrainConfig"]

# Method to the heads that it trains. The paper's rivals (transfer, rf, cnn-rnn2) will stand here.
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
    dividers : str
        See `edgemtl.training.dividers.find_dividers`.
    labels_per_class : int or None
        Traffic-class labels that training sees of each class; None for all there are.
    lam : float
        λ, the weight of the traffic class in the loss.
    seed : int
        Of the split, the hidden labels, the first weights and the order of the batches.
    epochs, patience : int
        At most so many epochs, and so many without a better validation loss.
    batch : int
        Flows a step.
    keep_cut : bool
        Take the duration of flows that were cut off as if it were theirs.
    """

    spec: FeatureSpec = field(default_factory=FeatureSpec)
    method: str = "mtl"
    dividers: str = "paper"
    labels_per_class: int | None = None
    lam: float = 1.0
    seed: int = 1
    epochs: int = 100
    patience: int = 20
    batch: int = 64
    keep_cut: bool = False

    def __post_init__(self) -> None:
        labels = self.labels_per_class
        for name, value, fine, want in (
            ("method", self.method, self.method in METHODS, " or ".join(METHODS)),
            ("labels-per-class", labels, labels is None or labels >= 1, "1 or more"),
            ("lambda", self.lam, 0 < self.lam < inf, "positive and finite"),
            ("seed", self.seed, 0 <= self.seed < 2**32, "0 to 4294967295"),
            ("epochs", self.epochs, self.epochs >= 1, "1 or more"),
            ("patience", self.patience, self.patience >= 1, "1 or more"),
            ("batch", self.batch, self.batch >= 1, "1 or more"),
        ):
            if not fine:
                raise DataError(f"{name}: must be {want}, got {value!r}")
