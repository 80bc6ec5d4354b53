"""What the page of a run shows, as numbers."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from edgemtl.card import Head, ModelCard
from edgemtl.datasets import read_flows
from edgemtl.errors import DataError, ModelError
from edgemtl.flows import Flows
from edgemtl.models import evaluate, head_classes, load_run, load_split, usable
from edgemtl.models.early import prefix_answers
from edgemtl.models.metrics import reliability
from edgemtl.models.recorded import recorded_flows, with_ids
from edgemtl.runtime import load

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = [
    "ClassFacts",
    "HeadFacts",
    "RunFacts",
    "Series",
    "WrongFlow",
    "class_facts",
    "run_facts",
]

CLASSES_SHOWN = 20  # the others are taken together: more is nothing to look at
WRONG_SHOWN = 6  # of each head
AVERAGED = 10_000  # flows of each class: more change nothing that can be seen
EPOCHS_MAX = 100_000
OTHERS = "others"


@dataclass(frozen=True)
class Series:
    """Bytes by time or by packet number.

    Parameters
    ----------
    x : array, shape (n,)
        Seconds since the first packet, or packet numbers from 1.
    up : array, shape (n,)
        Bytes forward, or either way where a direction is unknown.
    down : array, shape (n,), or None
        Bytes reverse; None where a direction is unknown.
    """

    x: NDArray[np.float64]
    up: NDArray[np.float64]
    down: NDArray[np.float64] | None


@dataclass(frozen=True)
class ClassFacts:
    """How flows of one class go on average, packet by packet."""

    name: str
    flows: int
    seconds: float
    average: Series


@dataclass(frozen=True)
class WrongFlow:
    """A flow that was answered wrongly, and how sure the model was."""

    flow_id: str
    is_class: str
    answer: str
    p: float
    packets: int
    series: Series


@dataclass(frozen=True)
class HeadFacts:
    """One head on the flows that are measured.

    Parameters
    ----------
    metrics : dict
        What `edgemtl.models.evaluate` says of it.
    largest : str
        The class with the most flows.
    names : list of str
        Of the classes that are shown, the last of them perhaps `OTHERS`.
    confusion : array of int, shape (names, names)
    reliability : array, shape (3, bins)
    trained, measured : list of int
        Flows of each name whose class training could see, and that are measured.
    classes : list of ClassFacts
    wrong : list of WrongFlow
        The surest first.
    """

    name: str
    metrics: dict[str, Any]
    largest: str
    names: list[str]
    confusion: NDArray[np.int64]
    reliability: NDArray[np.float64]
    trained: list[int]
    measured: list[int]
    classes: list[ClassFacts]
    wrong: list[WrongFlow]


@dataclass(frozen=True)
class RunFacts:
    """A run: its card, its run.json, its training, and its heads on the part that is measured."""

    name: str
    card: ModelCard
    meta: dict[str, Any]
    history: list[dict[str, float]]
    part: str
    flows: int
    heads: list[HeadFacts]


def run_facts(run: Path, data: Sequence[Path] = ()) -> RunFacts:
    """Measure a run on the flows that it kept aside, or, where it has none, on its validation part.

    Parameters
    ----------
    run : Path
    data : sequence of Path
        The flow tables of the training, where they are no longer where run.json says.

    Raises
    ------
    DataError, ModelError
        In one line, where flows or a file of the run are missing or damaged.
    """
    card, _, meta = load_run(run)
    history = _history(run / "training.csv")
    named = ", ".join(map(str, data)) or str(run / "run.json")
    flows = read_flows(data) if data else recorded_flows(meta.get("data"), str(run / "run.json"))
    split = load_split(run)
    part = next((p for p in ("test", "validation") if split[p]), None)
    if part is None:
        raise DataError(f"{run}: all flows were trained on, none is kept aside to measure with")
    parts = {
        p: usable(with_ids(flows, split[p], named, p, card), card.spec, named, str(run))
        for p in ("train", part)
        if split[p]
    }
    first = prefix_answers(load(run).predict, parts[part], card.spec)
    answers = {head: p[-1] for head, p in first.items()}
    measured = evaluate(card, answers, parts[part], named, first)["heads"]
    classes = {p: head_classes(card, flows, named) for p, flows in parts.items()}
    seen = meta.get("labels_per_class")
    heads = [
        _head(
            head,
            card,
            parts[part],
            classes[part][head.name],
            answers[head.name],
            _counts(head, classes["train"], seen),
            measured[head.name],
        )
        for head in card.heads
    ]
    return RunFacts(run.resolve().name, card, meta, history, part, len(parts[part]), heads)


def _counts(head: Head, classes: dict[str, NDArray[np.int64]], seen: Any) -> NDArray[np.int64]:
    """Labels of each class that training could see."""
    y = classes[head.name]
    counts = np.bincount(y[y >= 0], minlength=len(head.classes))
    limited = head.name == "traffic_class" and type(seen) is int and seen > 0
    return np.minimum(counts, seen) if limited else counts


def _head(
    head: Head,
    card: ModelCard,
    flows: Flows,
    y: NDArray[np.int64],
    p: NDArray[Any],
    trained: NDArray[np.int64],
    metrics: dict[str, Any],
) -> HeadFacts:
    confusion = np.array(metrics["confusion"], np.int64)
    measured = confusion.sum(1)
    groups = _groups(head.classes, measured)
    return HeadFacts(
        head.name,
        metrics,
        head.classes[measured.argmax()],
        [name for name, _ in groups],
        _folded(confusion, groups),
        reliability(p, y),
        [int(trained[members].sum()) for _, members in groups],
        [int(measured[members].sum()) for _, members in groups],
        [
            class_facts(name, flows, np.flatnonzero(np.isin(y, members)), card)
            for name, members in groups
            if measured[members].any()
        ],
        _wrong(head, card, flows, y, p),
    )


def _groups(names: Sequence[str], flows: NDArray[np.int64]) -> list[tuple[str, NDArray[np.int64]]]:
    """Each class alone; where there are too many, the largest, and the others as one."""
    if len(names) <= CLASSES_SHOWN:
        return [(name, np.array([i])) for i, name in enumerate(names)]
    order = np.argsort(-flows, kind="stable")
    alone, others = np.sort(order[: CLASSES_SHOWN - 1]), order[CLASSES_SHOWN - 1 :]
    return [*((names[i], np.array([i])) for i in alone), (f"{len(others)} {OTHERS}", others)]


def _folded(
    confusion: NDArray[np.int64], groups: Sequence[tuple[str, NDArray[np.int64]]]
) -> NDArray[np.int64]:
    starts = np.cumsum([0, *(len(members) for _, members in groups[:-1])])
    order = np.concatenate([members for _, members in groups])
    rows = np.add.reduceat(confusion[order], starts, axis=0)
    folded: NDArray[np.int64] = np.add.reduceat(rows[:, order], starts, axis=1)
    return folded


def class_facts(name: str, flows: Flows, rows: NDArray[np.int64], card: ModelCard) -> ClassFacts:
    """Of the flows in these rows; bytes either way where one of their directions is unknown."""
    some_of_them = flows.select(rows[:: 1 + len(rows) // AVERAGED])
    times, lengths, ways, there = _packets(some_of_them, card)
    some = there.any(0)
    seen = there.sum(0)[some]
    up, down = _by_way(lengths, ways)
    average = Series(
        np.arange(1.0, there.shape[1] + 1)[some],
        up.sum(0)[some] / seen,
        None if down is None else down.sum(0)[some] / seen,
    )
    last = times[np.arange(len(times)), there.sum(1) - 1]
    return ClassFacts(name, len(rows), float(np.median(last)), average)


def _wrong(
    head: Head,
    card: ModelCard,
    flows: Flows,
    y: NDArray[np.int64],
    p: NDArray[Any],
) -> list[WrongFlow]:
    answer, sure = p.argmax(1), p.max(1)
    wrong = np.flatnonzero((y >= 0) & (answer != y))
    rows = wrong[np.argsort(-sure[wrong], kind="stable")][:WRONG_SHOWN]
    chosen = flows.select(rows)
    times, lengths, ways, there = _packets(chosen, card)
    return [
        WrongFlow(
            str(chosen["flow_id"][i]),
            head.classes[y[row]],
            head.classes[answer[row]],
            float(sure[row]),
            int(there[i].sum()),
            Series(times[i][there[i]], *_by_way(lengths[i][there[i]], ways[i][there[i]])),
        )
        for i, row in enumerate(rows)
    ]


def _by_way(
    lengths: NDArray[np.float64], ways: NDArray[np.int8]
) -> tuple[NDArray[np.float64], NDArray[np.float64] | None]:
    """Bytes forward and reverse; all of them and None where a direction is unknown."""
    if not ways.all():
        return lengths, None
    return np.where(ways > 0, lengths, 0), np.where(ways < 0, lengths, 0)


def _packets(
    flows: Flows, card: ModelCard
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.int8], NDArray[np.bool_]]:
    """Seconds, bytes, directions of the packets that the model may see, and which there are.

    Each of shape (n, k); bytes are of what the model takes for a length.
    """
    kept = np.minimum(flows.kept_packets(), card.spec.k)
    place = np.arange(kept.max(initial=1))
    there = place < kept[:, None]
    packets = flows.offsets[:-1, None] + np.minimum(place, kept[:, None] - 1)
    series = flows.lengths(card.spec)
    times = np.where(there, np.maximum(flows.iat_us[packets], 0), 0).cumsum(1) / 1e6
    return times, np.where(there, series[packets], 0).astype(float), flows.direction[packets], there


def _history(file: Path) -> list[dict[str, float]]:
    """The rows of training.csv that are numbers, as `edgemtl.training` wrote them."""
    try:
        with file.open(newline="", encoding="utf-8") as lines:
            rows = [row for row, _ in zip(csv.DictReader(lines), range(EPOCHS_MAX), strict=False)]
        return [{n: float(v or "nan") for n, v in row.items() if n != "best"} for row in rows]
    except FileNotFoundError:
        raise ModelError(f"{file}: is missing: train again") from None
    except (csv.Error, TypeError, ValueError, AttributeError) as error:
        raise ModelError(f"{file}: is damaged: {error}: train again") from None
