"""ModelCard: what every run and every artefact says about itself."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from edgemtl.errors import ModelError
from edgemtl.features import FeatureSpec

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = ["CARD_FORMAT", "HEADS", "UNKNOWN", "Head", "ModelCard"]

HEADS = ("bandwidth", "duration", "traffic_class")  # also the order of a graph's outputs
CARD_FORMAT = 2
UNKNOWN = "unknown"  # what a flow is called whose classes are all too improbable
CLASSES_MAX = 4096


@dataclass(frozen=True)
class Head:
    """One of the model's outputs.

    Parameters
    ----------
    name : str
        One of `HEADS`.
    classes : tuple of str
        Class names, in the order of the output's columns.
    dividers : tuple of float, or None
        For bandwidth (bytes/s) and duration (s): the borders between the classes, rising; a value
        equal to a border belongs to the upper class. None for the traffic class.
    temperature : float
        Calibration: logits are divided by it before the softmax.
    unknown_below : float
        An answer that is less probable is `UNKNOWN`; 0 for a head that always answers.
    """

    name: str
    classes: tuple[str, ...]
    dividers: tuple[float, ...] | None = None
    temperature: float = 1.0
    unknown_below: float = 0.0

    def __post_init__(self) -> None:
        if self.name not in HEADS:
            raise ValueError(f"Head.name: must be one of {', '.join(HEADS)}, got {self.name!r}")
        if not 1 <= len(self.classes) <= CLASSES_MAX or len(set(self.classes)) < len(self.classes):
            raise ValueError(f"Head.classes: {self.name}: must be 1 to {CLASSES_MAX} unlike names")
        if (self.dividers is None) != (self.name == "traffic_class"):
            raise ValueError(f"Head.dividers: {self.name}: the two measured heads, and no other")
        if self.dividers is not None:
            rising = np.asarray(self.dividers, float)
            if len(rising) + 1 != len(self.classes) or not (np.diff(rising) > 0).all():
                raise ValueError(f"Head.dividers: {self.name}: must rise, one fewer than classes")
        if not 0 < self.temperature < 1e6:
            raise ValueError(f"Head.temperature: must be positive, got {self.temperature!r}")
        if not 0 <= self.unknown_below <= 1:
            raise ValueError(f"Head.unknown_below: must be 0 to 1, got {self.unknown_below!r}")
        if self.unknown_below and UNKNOWN in self.classes:
            raise ValueError(f"Head.classes: {self.name}: {UNKNOWN!r} is what no class is called")

    @classmethod
    def divided(cls, name: str, dividers: ArrayLike) -> Head:
        """A bandwidth or duration head whose class names tell its borders."""
        borders = tuple(float(d) for d in np.asarray(dividers, float))
        text = [_short(d) for d in borders]
        unit = {"bandwidth": "B/s", "duration": "s"}[name]
        classes = (
            f"<{text[0]} {unit}",
            *(f"{low}-{high} {unit}" for low, high in pairwise(text)),
            f">={text[-1]} {unit}",
        )
        return cls(name, classes, borders)

    def answers(self, p: NDArray[np.floating[Any]]) -> NDArray[Any]:
        """The class of each row of probabilities (n, classes), or `UNKNOWN`: str, shape (n,)."""
        best = np.array(self.classes, object)[p.argmax(1)]
        return np.where(p.max(1) < self.unknown_below, UNKNOWN, best)

    def index(self, values: ArrayLike) -> NDArray[np.int64]:
        """Class numbers of measured values (NaN) or of class names (None, unknown): -1 for those.

        Parameters
        ----------
        values : array, shape (n,)
            Bytes/s, seconds, or names.
        """
        if self.dividers is None:
            place = {name: i for i, name in enumerate(self.classes)}
            return np.array([place.get(v, -1) for v in np.asarray(values, object)], np.int64)
        measured = np.asarray(values, float)
        return np.where(np.isnan(measured), -1, np.digitize(measured, self.dividers))


def _fields(head: Head, rejects: bool) -> dict[str, Any]:
    """A head for JSON."""
    fields = asdict(head)
    if not rejects:
        del fields["unknown_below"]
    return fields


def _short(value: float) -> str:
    """The number with an SI prefix: 10k, 1M."""
    for scale, prefix in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if value >= scale:
            return f"{value / scale:.6g}{prefix}"
    return f"{value:.6g}"


@dataclass(frozen=True)
class ModelCard:
    """FeatureSpec, heads and origin; one JSON text inside each run and artefact.

    Parameters
    ----------
    spec : FeatureSpec
        How flows become the model's input.
    heads : tuple of Head
        In the order of the outputs.
    origin : dict
        Where it came from: edgemtl's version, command, method, seed, data with SHA-256.
    """

    spec: FeatureSpec
    heads: tuple[Head, ...]
    origin: dict[str, Any] = field(default_factory=dict)

    def head(self, name: str) -> Head:
        """The head of that name; ModelError when the model has none."""
        for head in self.heads:
            if head.name == name:
                return head
        raise ModelError(f"no head {name!r}: the model has {', '.join(h.name for h in self.heads)}")

    def to_json(self) -> str:
        """Return JSON with sorted keys and no spaces: equal cards give equal bytes.

        Format 1, which knows no unknowns, where no head has any: older edgemtls read it too.
        """
        rejects = any(head.unknown_below for head in self.heads)
        raw = {
            "format": CARD_FORMAT if rejects else 1,
            "spec": asdict(self.spec),
            "heads": [_fields(head, rejects) for head in self.heads],
            "origin": self.origin,
        }
        return json.dumps(raw, sort_keys=True, separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str) -> ModelCard:
        """Read what `to_json` wrote; ModelError in one line when it is anything else."""
        try:
            raw = json.loads(text)
            if raw["format"] not in (1, CARD_FORMAT):
                raise ModelError(
                    f"card format {raw['format']!r}, this edgemtl reads up to {CARD_FORMAT}: "
                    "use the version that made it"
                )
            heads = tuple(
                Head(
                    name=head["name"],
                    classes=tuple(str(c) for c in head["classes"]),
                    dividers=None if head["dividers"] is None else tuple(head["dividers"]),
                    temperature=float(head["temperature"]),
                    unknown_below=float(head["unknown_below"]) if raw["format"] > 1 else 0.0,
                )
                for head in raw["heads"]
            )
            spec = FeatureSpec.from_json(json.dumps(raw["spec"]))
            return cls(spec, heads, dict(raw["origin"]))
        except (KeyError, TypeError, ValueError, RecursionError) as error:
            raise ModelError(f"model card is damaged: {error}") from None
