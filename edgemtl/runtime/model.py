"""Model: what every runtime offers, and what it refuses."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from edgemtl.card import ModelCard
from edgemtl.errors import DataError, ModelError
from edgemtl.flows import Flows
from edgemtl.models.early import prefix_answers
from edgemtl.models.inputs import usable

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Model", "check_graph"]


class Model(ABC):
    """A run or an artefact, ready to answer.

    Parameters
    ----------
    name : str
        Its path, for messages.
    card : ModelCard

    Attributes
    ----------
    runtime : str
        What runs it: ``torch``, ``onnxruntime``, ``ai-edge-litert`` or ``tflite-runtime``.
    """

    runtime: str

    def __init__(self, name: str, card: ModelCard) -> None:
        self.name = name
        self.card = card

    def predict(self, flows: Flows | NDArray[np.float32]) -> dict[str, NDArray[np.float32]]:
        """Probabilities of each head.

        Parameters
        ----------
        flows : Flows, or array of float32, shape (n, 2, k)
            Flows must have `card.spec.min_packets` packets or more (`edgemtl.models.usable`).

        Returns
        -------
        dict of head to ndarray of float32, shape (n, classes)

        Raises
        ------
        DataError
            If the flows can't be read with this model's FeatureSpec, or the array has another
            shape or type, or holds NaN or infinity.
        """
        x = self._tensor(flows) if isinstance(flows, Flows) else flows
        k = self.card.spec.k
        if not isinstance(x, np.ndarray) or x.dtype != np.float32 or x.shape[1:] != (2, k):
            found = f"{x.dtype} {x.shape}" if isinstance(x, np.ndarray) else type(x).__name__
            raise DataError(f"{self.name}: wants float32 (n, 2, {k}), got {found}")
        if not np.isfinite(x).all():
            row = int(np.flatnonzero(~np.isfinite(x).all((1, 2)))[0])
            raise DataError(f"{self.name}: wants finite numbers, flow {row} has NaN or infinity")
        if not len(x):
            return {h.name: np.empty((0, len(h.classes)), np.float32) for h in self.card.heads}
        answers = self._run(np.ascontiguousarray(x))
        return {head.name: p for head, p in zip(self.card.heads, answers, strict=True)}

    def predict_first(self, flows: Flows) -> dict[str, NDArray[np.float32]]:
        """Probabilities of each head after first packets, see `edgemtl.models.prefix_answers`.

        Raises
        ------
        DataError
            As `predict`.
        """
        self._check(flows)
        return prefix_answers(self.predict, flows, self.card.spec)

    def _tensor(self, flows: Flows) -> NDArray[np.float32]:
        self._check(flows)
        return flows.tensor(self.card.spec)

    def _check(self, flows: Flows) -> None:
        spec = self.card.spec
        if len(flows) and len(usable(flows, spec, "the flow table", self.name)) < len(flows):
            raise DataError(
                f"{self.name}: wants {spec.min_packets} packets or more in each flow: "
                "leave the shorter ones out"
            )

    @abstractmethod
    def _run(self, x: NDArray[np.float32]) -> Sequence[NDArray[np.float32]]:
        """Probabilities in the card's order of heads; x is sound, C-contiguous, and not empty."""


def check_graph(
    name: str,
    card: ModelCard,
    inputs: dict[str, Sequence[object]],
    outputs: dict[str, Sequence[object]],
) -> None:
    """ModelError where a graph's inputs and outputs (name to shape) aren't those of its card."""
    k = card.spec.k
    shape = inputs.get("flows", ())
    if len(inputs) != 1 or len(shape) != 3 or tuple(shape[1:]) != (2, k):
        found = ", ".join(f"{key} {tuple(value)}" for key, value in inputs.items())
        raise ModelError(f"{name}: its card says flows (n, 2, {k}), its graph reads {found}")
    want = {head.name: len(head.classes) for head in card.heads}
    if {key: value[-1] if len(value) == 2 else 0 for key, value in outputs.items()} != want:
        found = ", ".join(f"{key} {tuple(value)}" for key, value in outputs.items())
        says = ", ".join(f"{key} (n, {value})" for key, value in want.items())
        raise ModelError(f"{name}: its card says {says}, its graph answers {found}")
