"""Rivals that are no networks: random forest, gradient-boosted trees, the nearest flow."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgemtl.card import Head
from edgemtl.datasets.labels import head_targets
from edgemtl.errors import MissingDependency
from edgemtl.study.statistics import statistics
from edgemtl.training.config import TrainConfig
from edgemtl.training.parts import Parts

__all__ = ["boosted_trees", "nearest_flow", "random_forest"]

Answers = dict[str, NDArray[np.float64]]


def random_forest(parts: Parts, config: TrainConfig) -> Answers:
    """A random forest a head, on `STATISTICS`."""
    ensemble = _sklearn("ensemble")
    return _each_head(
        parts,
        config,
        lambda: ensemble.RandomForestClassifier(300, random_state=config.seed, n_jobs=1),
        statistics(parts.flows["train"], config.spec),
        statistics(parts.flows["test"], config.spec),
    )


def boosted_trees(parts: Parts, config: TrainConfig) -> Answers:
    """Gradient-boosted trees a head, on `STATISTICS`."""
    ensemble = _sklearn("ensemble")
    return _each_head(
        parts,
        config,
        lambda: ensemble.HistGradientBoostingClassifier(
            max_iter=150, min_samples_leaf=5, random_state=config.seed
        ),
        statistics(parts.flows["train"], config.spec),
        statistics(parts.flows["test"], config.spec),
    )


def nearest_flow(parts: Parts, config: TrainConfig) -> Answers:
    """The class of the one nearest training flow, by the series that a network would read."""
    neighbors = _sklearn("neighbors")
    return _each_head(
        parts,
        config,
        lambda: neighbors.KNeighborsClassifier(1),
        *(_flat(parts.flows[part].tensor(config.spec)) for part in ("train", "test")),
    )


def _flat(tensor: NDArray[np.float32]) -> NDArray[np.float32]:
    return tensor.reshape(len(tensor), -1)


def _each_head(
    parts: Parts,
    config: TrainConfig,
    model: Callable[[], Any],
    training: NDArray[Any],
    test: NDArray[Any],
) -> Answers:
    from threadpoolctl import threadpool_limits  # scikit-learn needs it itself

    # On so few flows two threads gain nothing, and wait for each other five times as long as one
    # works where the machine does something else too.
    with threadpool_limits(1):
        return {h.name: _one(parts, config, h, model(), training, test) for h in parts.heads}


def _one(
    parts: Parts,
    config: TrainConfig,
    head: Head,
    model: Any,
    training: NDArray[Any],
    test: NDArray[Any],
) -> NDArray[np.float64]:
    y = head_targets(parts.flows["train"], head, config.keep_cut)
    model.fit(training[y >= 0], y[y >= 0])
    p = np.zeros((len(test), len(head.classes)))
    p[:, model.classes_] = model.predict_proba(test)
    return p


def _sklearn(module: str) -> Any:
    try:
        from importlib import import_module

        return import_module(f"sklearn.{module}")
    except ImportError:
        raise MissingDependency("this method", "scikit-learn", "train") from None
