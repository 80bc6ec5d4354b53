"""Recipes: how to train, by name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from edgemtl.errors import DataError
from edgemtl.features import FeatureSpec

__all__ = ["RECIPES", "Recipe", "recipe_spec"]


@dataclass(frozen=True)
class Recipe:
    """Network, optimiser and regularisation.

    Parameters
    ----------
    network : dict
        Kind and sizes, as `edgemtl.models.networks.from_record` takes them.
    features : dict
        Fields of the FeatureSpec; what is not here has the FeatureSpec's default.
    batch : int
        Flows a step.
    epochs, steps : int
        So many passes over the flows, and at least so many steps.
    learning_rate, weight_decay : float
    one_cycle : bool
        Let the learning rate rise for a tenth of the steps, then fall to nothing.
    clip_norm : float or None
        Of all gradients together, as Keras' clipnorm was when the paper was written.
    dropout, smoothing : float
        Share of the dense layers' outputs left out; of the target spread over all classes.
    augment : bool
        Train on changed copies of the flows, see `edgemtl.training.augment`.
    prefixes : float
        Share of the flows that a step sees from their first packets alone (`models.early`).
    middles : float
        Share that it sees from packets behind the first ones, as if the flow began there; only
        the traffic class is learned from those. None of changed copies.
    taught : bool
        Let a teacher tell the traffic class of flows without label, see `edgemtl.training.teacher`.
    cross_fit : bool
        Calibrate heads that have no label to validate with on training flows, by networks that
        were trained without these.
    """

    network: dict[str, Any]
    features: dict[str, Any]
    batch: int
    epochs: int
    steps: int
    learning_rate: float
    weight_decay: float
    one_cycle: bool
    clip_norm: float | None
    dropout: float
    smoothing: float
    augment: bool
    prefixes: float
    middles: float
    taught: bool
    cross_fit: bool


RECIPES = {
    # docs/learning.md tells what each part gains
    "best": Recipe(
        network={"kind": "counting"},
        features={},
        batch=128,
        epochs=60,
        steps=900,
        learning_rate=2e-3,
        weight_decay=2e-2,
        one_cycle=True,
        clip_norm=None,
        dropout=0.5,
        smoothing=0.1,
        augment=False,
        prefixes=1 / 3,
        middles=0.2,
        taught=True,
        cross_fit=True,
    ),
    # S. Rezaei, X. Liu, arXiv:1906.05248, and the code that they published. Their lengths are of
    # Ethernet frames, 14 bytes more than ours over the same 1434: the first bias takes that up.
    "paper": Recipe(
        network={"kind": "cnn"},
        features={
            "iat": "clip", "length_scale": 1434.0, "signed": False, "padding": "pre",
            "min_packets": 20,
        },
        batch=64,
        epochs=20,
        steps=0,
        learning_rate=1e-3,
        weight_decay=0.0,
        one_cycle=False,
        clip_norm=1.0,
        dropout=0.0,
        smoothing=0.0,
        augment=False,
        prefixes=0.0,
        middles=0.0,
        taught=False,
        cross_fit=False,
    ),
}  # fmt: skip


def recipe_spec(name: str, **told: Any) -> FeatureSpec:
    """The FeatureSpec of a recipe, but for the fields that are told.

    Raises
    ------
    DataError
        If there is no such recipe.
    ValueError
        If a field is wrong.
    """
    if name not in RECIPES:
        raise DataError(f"recipe: must be {' or '.join(RECIPES)}, got {name!r}")
    return FeatureSpec(**RECIPES[name].features | told)
