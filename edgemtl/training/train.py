"""From a flow table to a trained, calibrated and measured network."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from edgemtl._version import __version__
from edgemtl.card import Head, ModelCard
from edgemtl.datasets.labels import head_targets
from edgemtl.errors import DataError
from edgemtl.features import FeatureSpec
from edgemtl.flows import Flows
from edgemtl.models.calibration import fit_temperature, fit_threshold, softmax
from edgemtl.models.early import early_metrics, prefix_answers, prefixes
from edgemtl.models.evaluate import measure_head
from edgemtl.models.inputs import usable
from edgemtl.models.run import PARTS, require_torch
from edgemtl.training.config import METHODS, TrainConfig
from edgemtl.training.dividers import find_dividers
from edgemtl.training.split import hide_labels, split

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

    from edgemtl.models.networks import Network
    from edgemtl.training.fit import Examples

    Held = tuple[NDArray[Any], NDArray[np.int64]]  # logits and classes

__all__ = [
    "Parts", "Trained", "drawn", "examples", "find_heads", "measured", "split_parts", "train",
    "train_parts",
]  # fmt: skip


FOLDS = 3  # networks that calibrate where no validation label does


@dataclass(frozen=True)
class Parts:
    """Flows of each part with the labels that may be seen there, and the heads they can teach.

    Parameters
    ----------
    flows : dict
        One of `PARTS` to its Flows.
    heads : tuple of Head
    notes : list of str
        What the user should know: heads that were left out, flows that were too short.
    """

    flows: dict[str, Flows]
    heads: tuple[Head, ...]
    notes: list[str]


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
    from edgemtl.training.fit import deterministic

    start = time.monotonic()
    notes = list(parts.notes)
    card = ModelCard(config.spec, parts.heads, _origin(config))
    if config.unknown is not None and all(h.name != "traffic_class" for h in parts.heads):
        raise DataError("--unknown: is of the traffic class, which this model has not")
    with deterministic(config.seed):
        known = {part: examples(parts.flows[part], card) for part in PARTS}
        training = drawn(known["train"], parts.flows["train"], config)
        network, history = _fitted(card, training, known["validation"], config, on_epoch)
        held = _held_answers(card, network, training, known["validation"], config)
        card, told = _calibrated(card, held, config.unknown)
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
    ids = {part: list(parts.flows[part]["flow_id"]) for part in PARTS}
    seconds = round(time.monotonic() - start, 3)
    return Trained(config, card, network, ids, history, metrics, notes, seconds)


def split_parts(
    flows: Flows, config: TrainConfig, data: str = "flows", test: Flows | None = None
) -> Parts:
    """Split flows as `config` says and find what they can teach.

    Parameters
    ----------
    test : Flows, optional
        Flows of their own for the test; those of the test share then train.

    Raises
    ------
    DataError
        As `train` does.
    """
    fit_for_use = usable(flows, config.spec, data, "training")
    notes = []
    if short := len(flows) - len(fit_for_use):
        notes.append(f"{short} flows under {config.spec.min_packets} packets were left out")
    shares = config.shares if test is None else (config.shares[0], 0.0)
    chosen = split(fit_for_use, config.split_by, config.seed, data, shares)
    if config.labels_per_class is not None:
        seen = hide_labels(
            fit_for_use["traffic_class"], chosen, config.labels_per_class, config.seed, data
        )
        fit_for_use = replace(fit_for_use, columns=fit_for_use.columns | {"traffic_class": seen})
    parts = {part: fit_for_use.select(chosen[part]) for part in PARTS}
    if test is not None:
        parts["test"] = usable(test, config.spec, "the test flows", "training")
    heads, left_out = find_heads(parts["train"], config, data)
    if twins := _twins(parts["train"], parts["test"], config.spec):
        notes.append(
            f"{twins} of {len(parts['test'])} test flows have the very lengths of a training flow: "
            "near-duplicates, split by capture or time to be sure (--split-by)"
        )
    return Parts(parts, heads, notes + left_out)


def _twins(training: Flows, test: Flows, spec: FeatureSpec) -> int:
    """Test flows whose first k lengths and directions are those of a training flow."""
    spec = FeatureSpec(
        k=spec.k, length_scale=1.0, length_kind=spec.length_kind, skip_empty=spec.skip_empty
    )
    seen = {row.tobytes() for row in training.tensor(spec)[:, 1]}
    return sum(row.tobytes() in seen for row in test.tensor(spec)[:, 1])


def find_heads(flows: Flows, config: TrainConfig, data: str) -> tuple[tuple[Head, ...], list[str]]:
    """The heads that these training flows can teach, and a line on each other one."""
    dividers = find_dividers(config.dividers, flows, config.keep_cut)
    classes = tuple(sorted({name for name in flows["traffic_class"] if name is not None}))
    heads, left_out = [], []
    for name in (head for head in METHODS[config.method] if head in config.heads):
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
        why = "; ".join(left_out) or f"{config.method} has none of {', '.join(config.heads)}"
        raise DataError(f"{data}: {why}: no head is left to train")
    return tuple(heads), left_out


def examples(flows: Flows, card: ModelCard) -> Examples:
    """Flows and their known classes as the network takes them."""
    import torch

    from edgemtl.training.fit import Examples
    from edgemtl.training.teacher import whole_flow

    keep_cut = bool(card.origin["keep_cut"])
    targets = [head_targets(flows, head, keep_cut) for head in card.heads]
    return Examples(
        torch.from_numpy(flows.tensor(card.spec)),
        torch.from_numpy(np.stack(targets, 1)),
        whole=torch.from_numpy(whole_flow(flows)),
    )


def drawn(known: Examples, flows: Flows, config: TrainConfig) -> Examples:
    """The examples as a step is to see them: changed anew, some of them cut to first packets."""
    import torch

    from edgemtl.training.augment import Augmenter

    how, counts = config.how, np.array(prefixes(config.spec))
    rng = np.random.default_rng([config.seed, 2])

    def cuts(n: int) -> NDArray[np.int64]:
        whole = len(counts) - 1
        cut = rng.random(n) < how.prefixes
        return np.where(cut, rng.integers(max(whole, 1), size=n), whole)

    if how.augment:
        augmenter = Augmenter.of(flows, config.spec)
        return replace(
            known,
            draw=lambda i: torch.from_numpy(augmenter.draw(i.numpy(), rng, counts[cuts(len(i))])),
        )
    if not how.prefixes:
        return known
    cut = [torch.from_numpy(flows.first(n).tensor(config.spec)) for n in counts[:-1]]
    seen = torch.stack([*cut, known.x])
    return replace(known, draw=lambda i: seen[torch.from_numpy(cuts(len(i))), i])


def _fitted(
    card: ModelCard,
    training: Examples,
    validation: Examples,
    config: TrainConfig,
    on_epoch: Callable[[dict[str, Any]], None],
) -> tuple[Network, list[dict[str, Any]]]:
    """A trained network of the recipe's kind, and the history of its training."""
    import torch

    from edgemtl.models.counting import CountingNetwork
    from edgemtl.models.networks import from_record, new_network
    from edgemtl.training.fit import fit
    from edgemtl.training.teacher import taught

    network = new_network(card, from_record(config.how.network), config.how.dropout)
    names = tuple(head.name for head in card.heads)
    if not isinstance(network, CountingNetwork):
        return network, fit(network, names, training, validation, config, on_epoch)
    # of flows as the steps see them: in those of whole flows alone, a cut one would be far outside
    histograms = network.histograms(training.batch(torch.arange(len(training.x)))[0])
    counted, held = training.seen_as(histograms), validation.seen_as(histograms)
    if config.how.taught:
        counted = taught(counted, card, network.sizes.dense, config)
    history = fit(network.decision, names, counted, held, config, on_epoch)
    network.fold(histograms)
    return network, history


def _calibrated(
    card: ModelCard, held: Sequence[Held], unknown: float | None
) -> tuple[ModelCard, list[str]]:
    """The card with each head's temperature and threshold, and what the user should know of them.

    `held` has logits and classes of each head, of flows that it has not learned from.
    """
    heads, notes = [], []
    for head, (z, y) in zip(card.heads, held, strict=True):
        head = replace(head, temperature=fit_temperature(z, y))
        if unknown is not None and head.name == "traffic_class":
            if not (y >= 0).any():
                raise DataError(
                    "--unknown: no validation flow has a traffic class to choose a threshold with: "
                    "keep some (--validation), or train with --recipe best"
                )
            found = fit_threshold(softmax(z, head.temperature), y, unknown)
            head = replace(head, unknown_below=found.probability)
            notes.append(
                f"a traffic class under {found.probability:.3f} is unknown: of the flows that "
                f"calibrate, {100 * found.answered:.1f} % are answered, and "
                f"{100 * found.precision:.1f} % of these rightly"
                + (", no threshold gives more" if found.precision < unknown else "")
            )
        heads.append(head)
    return replace(card, heads=tuple(heads)), notes


def _held_answers(
    card: ModelCard,
    network: Network,
    training: Examples,
    validation: Examples,
    config: TrainConfig,
) -> list[Held]:
    """Logits and classes of each head, of flows that it has not learned from.

    Validation flows; for a head that no such flow has a label of, training flows, where the recipe
    cross-fits: each of `FOLDS` parts of them is answered by a network that the others trained.
    """
    from edgemtl.models.networks import answer

    blind = ~(validation.y >= 0).any(0)
    seen = _with_classes(answer(network, validation.x), validation)
    if not (config.how.cross_fit and blind.any() and len(training.x) >= FOLDS):
        return seen
    crossed = _cross_fitted(card, training, validation, config)
    return [c if none else s for s, c, none in zip(seen, crossed, blind, strict=True)]


def _cross_fitted(
    card: ModelCard, training: Examples, validation: Examples, config: TrainConfig
) -> list[Held]:
    import torch

    from edgemtl.models.networks import answer

    n = len(training.x)
    fold = torch.randperm(n) % FOLDS
    logits = [torch.zeros(n, len(head.classes)) for head in card.heads]
    for number in range(FOLDS):
        others, own = (torch.nonzero(m)[:, 0] for m in (fold != number, fold == number))
        nothing = validation.at(torch.arange(0))
        network, _ = _fitted(card, training.at(others), nothing, config, lambda row: None)
        for whole, part in zip(logits, answer(network, training.x[own]), strict=True):
            whole[own] = part
    return _with_classes(logits, training)


def _with_classes(logits: Sequence[Tensor], known: Examples) -> list[Held]:
    return [(z.numpy(), y.numpy()) for z, y in zip(logits, known.y.T, strict=True)]


def measured(
    card: ModelCard, network: Network, known: Examples, flows: Flows
) -> dict[str, dict[str, Any]]:
    """By head what `edgemtl.models.evaluate` says, without classes and confusion."""
    from edgemtl.models.networks import probabilities

    p = prefix_answers(partial(probabilities, card, network), flows, card.spec)
    targets = zip(card.heads, known.y.numpy().T, strict=True)
    return {
        h.name: measure_head(h, p[h.name][-1], y) | early_metrics(p[h.name], y, flows, card.spec)
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
