"""The methods that a study compares, by name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from edgemtl.errors import DataError
from edgemtl.models.run import require_torch
from edgemtl.study import trees
from edgemtl.training.config import TrainConfig
from edgemtl.training.parts import Parts
from edgemtl.training.recipe import RECIPES

__all__ = ["METHODS", "Method", "find_method"]

Answers = dict[str, NDArray[np.float64]]


@dataclass(frozen=True)
class Method:
    """One row of the table.

    Parameters
    ----------
    name : str
    title : str
        What the table calls it.
    recipe : str
        Features, network and training, where it has a choice.
    answers : callable
        From split flows and a config to the probabilities of the test flows, by head.
    """

    name: str
    title: str
    recipe: str
    answers: Callable[[Parts, TrainConfig], Answers]


def _net(function: str, **options: bool) -> Callable[[Parts, TrainConfig], Answers]:
    def answers(parts: Parts, config: TrainConfig) -> Answers:
        require_torch("this method")
        from edgemtl.study import nets

        found: Answers = partial(getattr(nets, function), **options)(parts, config)
        return found

    return answers


METHODS = {
    method.name: method
    for method in (
        Method("mtl", "multi-task", "best", _net("multi_task")),
        Method("stl", "single-task", "paper", _net("single_task")),
        Method("transfer", "transfer learning", "paper", _net("transfer")),
        Method("transfer-frozen", "… frozen", "paper", _net("transfer", frozen=True)),
        Method("cnn-rnn2", "CNN+RNN-2", "paper", _net("conv_recurrent")),
        Method("rf", "random forest", "best", trees.random_forest),
        Method("gbt", "gradient-boosted trees", "best", trees.boosted_trees),
        Method("knn", "1 nearest flow", "best", trees.nearest_flow),
        Method("simclr", "SimCLR", "best", _net("contrastive")),
    )
}
WITH_RECIPES = ("mtl", "stl")  # the others are what they are


def find_method(name: str) -> Method:
    """The method of that name; ``mtl:paper`` and the like tell its recipe."""
    base, _, recipe = name.partition(":")
    if base not in METHODS or (recipe and (recipe not in RECIPES or base not in WITH_RECIPES)):
        raise DataError(
            f"--methods: must be of {', '.join(METHODS)}, or mtl:paper, stl:best, got {name!r}"
        )
    method = METHODS[base]
    recipe = recipe or method.recipe
    title = f"{method.title}, {recipe}" if base in WITH_RECIPES else method.title
    return Method(name, title, recipe, method.answers)
