"""From a flow table to a trained, calibrated and measured network."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from edgemtl._version import __version__
from edgemtl.card import Head, ModelCard
from edgemtl.datasets.labels import head_targets
from edgemtl.errors import DataError
from edgemtl.flows import Flows
from edgemtl.models.calibration import fit_temperature, softmax
from edgemtl.models.inputs import usable
from edgemtl.models.metrics import head_metrics
from edgemtl.models.run import PARTS, require_torch
from edgemtl.training.config import METHODS, TrainConfig
from edgemtl.training.dividers import find_dividers
from edgemtl.training.split import hide_labels, split_flows

if TYPE_CHECKING:
    from edgemtl.models.networks import Network
    from edgemtl.training.fit import Examples

__all__ = ["Trained", "train"]


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
        ``validation`` and ``test`` to head to metrics. Hidden labels are not counted in validation.
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
    require_torch("training")
    from edgemtl.training.fit import deterministic

    config = config or TrainConfig()
    start = time.monotonic()
    parts, notes = _parts(flows, config, data)
    heads, left_out = _heads(parts["train"], config, data)
    card = ModelCard(config.spec, heads, _origin(config))
    with deterministic(config.seed):
        examples = {part: _examples(parts[part], card) for part in PARTS}
        training, validation = examples["train"], examples["validation"]
        if config.how.augment:
            training = _changing(training, parts["train"], config)
        network, history = _fitted(card, training, validation, config, on_epoch)
        card = _calibrated(card, network, validation)
        metrics = {p: _measured(card, network, examples[p]) for p in ("validation", "test")}
    for head in heads:
        if not metrics["validation"][head.name]["n"]:
            notes.append(
                f"head {head.name} has no label to validate with: it does not tell when to stop, "
                "and its confidence is not calibrated"
            )
    ids = {part: list(parts[part]["flow_id"]) for part in PARTS}
    seconds = round(time.monotonic() - start, 3)
    return Trained(config, card, network, ids, history, metrics, notes + left_out, seconds)


def _parts(flows: Flows, config: TrainConfig, data: str) -> tuple[dict[str, Flows], list[str]]:
    """The flows of each part, with the labels that may be seen there."""
    fit_for_use = usable(flows, config.spec, data, "training")
    notes = []
    if short := len(flows) - len(fit_for_use):
        notes.append(f"{short} flows under {config.spec.min_packets} packets were left out")
    split = split_flows(fit_for_use["traffic_class"], config.seed, data)
    if config.labels_per_class is not None:
        seen = hide_labels(
            fit_for_use["traffic_class"], split, config.labels_per_class, config.seed, data
        )
        fit_for_use = replace(fit_for_use, columns=fit_for_use.columns | {"traffic_class": seen})
    return {part: fit_for_use.select(split[part]) for part in PARTS}, notes


def _heads(flows: Flows, config: TrainConfig, data: str) -> tuple[tuple[Head, ...], list[str]]:
    """The heads that these training flows can teach, and a line on each other one."""
    dividers = find_dividers(config.dividers, flows, config.keep_cut)
    classes = tuple(sorted({name for name in flows["traffic_class"] if name is not None}))
    heads, left_out = [], []
    for name in METHODS[config.method]:
        if name == "traffic_class":
            head = Head(name, classes) if classes else None
        else:
            head = Head.divided(name, dividers[name]) if dividers[name] else None
        targets = head_targets(flows, head, config.keep_cut) if head else np.empty(0, np.int64)
        populated = np.unique(targets[targets >= 0])
        if head and len(populated) > 1:
            heads.append(head)
        else:
            one = head.classes[populated[0]] if head and len(populated) else None
            why = f"all known labels are {one!r}" if one else "no labels that differ are known"
            left_out.append(f"head {name} has nothing to learn, {why}: left out of the model")
    if not heads:
        raise DataError(f"{data}: {'; '.join(left_out)}: no head is left to train")
    return tuple(heads), left_out


def _examples(flows: Flows, card: ModelCard) -> Examples:
    import torch

    from edgemtl.training.fit import Examples

    keep_cut = bool(card.origin["keep_cut"])
    targets = [head_targets(flows, head, keep_cut) for head in card.heads]
    return Examples(
        torch.from_numpy(flows.tensor(card.spec)), torch.from_numpy(np.stack(targets, 1))
    )


def _changing(examples: Examples, flows: Flows, config: TrainConfig) -> Examples:
    """The examples, changed anew whenever they are drawn."""
    import torch

    from edgemtl.training.augment import Augmenter

    augmenter = Augmenter.of(flows, config.spec)
    rng = np.random.default_rng([config.seed, 2])
    return replace(examples, draw=lambda i: torch.from_numpy(augmenter.draw(i.numpy(), rng)))


def _fitted(
    card: ModelCard,
    training: Examples,
    validation: Examples,
    config: TrainConfig,
    on_epoch: Callable[[dict[str, Any]], None],
) -> tuple[Network, list[dict[str, Any]]]:
    """A trained network of the recipe's kind, and the history of its training."""
    from edgemtl.models.counting import CountingNetwork
    from edgemtl.models.networks import SIZES, new_network
    from edgemtl.training.fit import fit

    network = new_network(card, SIZES[config.how.network](), config.how.dropout)
    if isinstance(network, CountingNetwork):
        network.standardise(training.x)
    names = tuple(head.name for head in card.heads)
    history = fit(network, names, training, validation, config, on_epoch)
    if isinstance(network, CountingNetwork):
        network.fold()
    return network, history


def _calibrated(card: ModelCard, network: Network, validation: Examples) -> ModelCard:
    """The card with the temperature of each head, from the labels that validation may see."""
    from edgemtl.models.networks import answer

    logits = [z.numpy() for z in answer(network, validation.x)]
    targets = validation.y.numpy().T
    heads = [
        replace(head, temperature=fit_temperature(z, y))
        for head, z, y in zip(card.heads, logits, targets, strict=True)
    ]
    return replace(card, heads=tuple(heads))


def _measured(card: ModelCard, network: Network, examples: Examples) -> dict[str, Any]:
    """Metrics by head; see `edgemtl.models.head_metrics`."""
    from edgemtl.models.networks import answer

    answers = zip(card.heads, answer(network, examples.x), examples.y.numpy().T, strict=True)
    return {h.name: head_metrics(softmax(z.numpy(), h.temperature), y) for h, z, y in answers}


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
    }
