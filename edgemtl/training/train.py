"""From a flow table to a trained, calibrated and measured network."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from edgemtl._version import __version__
from edgemtl.card import UNKNOWN, Head, ModelCard
from edgemtl.errors import DataError
from edgemtl.flows import Flows
from edgemtl.models.early import early_metrics, prefix_answers
from edgemtl.models.evaluate import measure_head
from edgemtl.models.run import PARTS, require_torch
from edgemtl.training.config import TrainConfig
from edgemtl.training.parts import Parts, split_parts, taught
from edgemtl.training.seen import drawn, examples

if TYPE_CHECKING:
    from edgemtl.models.networks import Network
    from edgemtl.training.fit import Examples

__all__ = ["Trained", "measured", "train", "train_parts"]


@dataclass(frozen=True)
class Trained:
    """What a training leaves: all that a run folder holds, but for command and data files.

    Parameters
    ----------
    config : TrainConfig
    card : ModelCard
        With the fitted temperatures.
    network : Network
        With the weights that were kept.
    split : dict
        Part to its flow_ids.
    history : list of dict
        One an epoch, see `edgemtl.training.fit.fit`.
    metrics : dict
        ``validation`` and ``test`` to head to `measure_head` and `early_metrics`. Hidden labels are
        not counted in validation.
    notes : list of str
        What the user should know: heads that were left out, flows that were too short.
    seconds : float
    """

    config: TrainConfig
    card: ModelCard
    network: Network
    split: dict[str, list[str]]
    history: list[dict[str, Any]]
    metrics: dict[str, dict[str, Any]]
    notes: list[str]
    seconds: float

    @property
    def best_epoch(self) -> int:
        """The epoch, from 1, whose weights were kept."""
        return max(number for number, row in enumerate(self.history, 1) if row["best"])


def train(
    flows: Flows,
    config: TrainConfig | None = None,
    data: str = "flows",
    on_epoch: Callable[[dict[str, Any]], None] = lambda row: None,
) -> Trained:
    """Train one network for all heads that these flows can teach.

    Parameters
    ----------
    flows : Flows
        Bandwidth and duration are their own labels; the traffic class may be missing anywhere.
    config : TrainConfig, optional
    data : str
        Their name in messages.
    on_epoch : callable
        Called with the history's row after each epoch.

    Raises
    ------
    DataError
        If the flows can't be used (see `usable`), are too few, or teach no head anything.
    MissingDependency
        Where torch is not installed.
    """
    config = config or TrainConfig()
    return train_parts(split_parts(flows, config, data), config, on_epoch)


def train_parts(
    parts: Parts,
    config: TrainConfig,
    on_epoch: Callable[[dict[str, Any]], None] = lambda row: None,
) -> Trained:
    """`train`, on flows that are split already."""
    require_torch("training")
    from edgemtl.training.calibrate import calibrated, held_answers
    from edgemtl.training.device import deterministic, training_device
    from edgemtl.training.fitted import fitted

    start = time.monotonic()
    notes = list(parts.notes)
    ids = {part: list(parts.flows[part]["flow_id"]) for part in PARTS}
    parts = taught(parts, config.keep_cut)
    card = ModelCard(config.spec, parts.heads, _origin(config))
    if config.unknown is not None:
        _check_unknown(parts.heads)
    with deterministic(config.seed):
        known = {part: examples(parts.flows[part], card) for part in PARTS}
        training = drawn(known["train"], parts.flows["train"], card, config)
        network, history = fitted(card, training, known["validation"], config, on_epoch)
        held = held_answers(card, network, training, known["validation"], config)
        card, told = calibrated(card, held, config.unknown)
        notes += told
        metrics = {
            p: measured(card, network, known[p], parts.flows[p]) for p in ("validation", "test")
        }
    for head in parts.heads:
        if not metrics["validation"][head.name]["n"] and not config.how.cross_fit:
            notes.append(
                f"head {head.name} has no label to validate with: it does not tell when to stop, "
                "and its confidence is not calibrated"
            )
    if training_device().type != "cpu":
        notes.append("trained on a GPU: the same seed gives other weights on a CPU")
    seconds = round(time.monotonic() - start, 3)
    return Trained(config, card, network, ids, history, metrics, notes, seconds)


def _check_unknown(heads: Sequence[Head]) -> None:
    classes = [head.classes for head in heads if head.name == "traffic_class"]
    if not classes:
        raise DataError("--unknown: is of the traffic class, which this model has not")
    if UNKNOWN in classes[0]:
        raise DataError(
            f"--unknown: a traffic class is called {UNKNOWN!r}, as are flows of no class: rename it"
        )


def measured(
    card: ModelCard, network: Network, known: Examples, flows: Flows
) -> dict[str, dict[str, Any]]:
    """By head what `edgemtl.models.evaluate` says, without classes and confusion."""
    from edgemtl.models.networks import probabilities

    p = prefix_answers(partial(probabilities, card, network), flows, card.spec)
    targets = zip(card.heads, known.y.numpy().T, strict=True)
    return {
        h.name: measure_head(h, p[h.name][-1], y)
        | early_metrics(p[h.name], y, flows, card.spec, h.unknown_below)
        for h, y in targets
    }


def _origin(config: TrainConfig) -> dict[str, Any]:
    return {
        "edgemtl": __version__,
        "method": config.method,
        "recipe": config.recipe,
        "seed": config.seed,
        "dividers": config.dividers,
        "labels_per_class": config.labels_per_class,
        "lambda": config.lam,
        "keep_cut": config.keep_cut,
        "prefixes": config.how.prefixes,
        "unknown": config.unknown,
    }
