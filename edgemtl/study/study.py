"""Many methods, label counts and seeds on the same splits; every cell is kept as it is done."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgemtl._version import __version__
from edgemtl.card import HEADS
from edgemtl.datasets.atomic import whole_file
from edgemtl.datasets.labels import head_targets
from edgemtl.errors import DataError
from edgemtl.features import FeatureSpec
from edgemtl.flows import Flows
from edgemtl.models.metrics import confusion_matrix, head_metrics, reliability
from edgemtl.study.methods import Method, find_method
from edgemtl.training.config import TrainConfig
from edgemtl.training.parts import split_parts
from edgemtl.training.recipe import recipe_spec
from edgemtl.training.split import SHARES

__all__ = ["Plan", "claim", "interval", "kept", "lacks_labels", "run_cells", "summary"]

FORMAT = 1
MEASURES = ("accuracy", "macro_f1", "ece")


@dataclass(frozen=True)
class Plan:
    """What is to be compared.

    Parameters
    ----------
    methods : tuple of str
        See `edgemtl.study.methods`.
    labels : tuple of int or None
        Labels per class; None for all there are.
    seeds : int
        Splits, 1 to this number.
    k, dividers, keep_cut, shares, split_by, unknown, length_kind
        As for a training.
    """

    methods: tuple[str, ...]
    labels: tuple[int | None, ...]
    seeds: int
    k: int = 60
    dividers: str = "paper"
    keep_cut: bool = False
    shares: tuple[float, float] = SHARES
    split_by: str = "random"
    unknown: float | None = None
    length_kind: str = "ip"

    def __post_init__(self) -> None:
        for method in self.methods:
            find_method(method)
        for name, fine, want in (
            ("methods", bool(self.methods), "one or more"),
            ("labels", bool(self.labels) and all(n is None or n >= 1 for n in self.labels),
             "1 or more, or all"),
            ("seeds", 1 <= self.seeds <= 1000, "1 to 1000"),
            ("length-kind", self.length_kind in ("ip", "payload"), "ip or payload"),
        ):  # fmt: skip
            if not fine:
                raise DataError(f"--{name}: must be {want}")

    def check_test(self, test: Flows | None) -> None:
        """DataError where nothing would be tested: no flows of their own, no share of others."""
        if test is None and self.shares[1] == 0:
            raise DataError("--test 0: there is nothing to test: give a share, or --test-data")

    def cells(self) -> Iterator[tuple[Method, int | None, int]]:
        """Method, labels and seed of each cell: a first seed of all, then the next."""
        methods = [find_method(name) for name in self.methods]
        for seed, labels, method in product(range(1, self.seeds + 1), self.labels, methods):
            yield method, labels, seed

    def spec(self, recipe: str, parts: Sequence[Flows]) -> FeatureSpec:
        """The recipe's, for all flows alike; unsigned where a direction is unknown."""
        told: dict[str, Any] = {"k": self.k, "min_packets": 1, "length_kind": self.length_kind}
        if any((part.direction == 0).any() for part in parts):
            told["signed"] = False
        return recipe_spec(recipe, **told)


def run_cells(
    flows: Flows,
    test: Flows | None,
    plan: Plan,
    folder: Path,
    data: dict[str, str],
    step: Callable[[str], None] = lambda what: None,
) -> list[dict[str, Any]]:
    """Train and measure every cell that `folder` does not hold yet, and return them all.

    Parameters
    ----------
    flows : Flows
        To split by each seed.
    test : Flows or None
        Test flows of their own, see `split_parts`.
    data : dict
        Files to SHA-256: a folder is of one data set and one way of splitting it.
    step : callable
        Told what is next.

    Raises
    ------
    DataError
        If the folder is of another study, or the flows are of no use.
    """
    plan.check_test(test)
    claim(folder, plan, data)
    cells = []
    for method, labels, seed in plan.cells():
        file = folder / "cells" / f"{method.name.replace(':', '-')}.{labels or 'all'}.{seed}.json"
        step(f"{method.title}, {labels or 'all'} labels, seed {seed}")
        own = {"method": method.name, "labels": labels, "seed": seed}
        measure = partial(_measured, flows, test, plan, method, labels, seed)
        cells.append(kept(file, own, measure))
    return cells


def claim(folder: Path, plan: Plan, data: dict[str, str]) -> None:
    """Take an empty folder, or one of the same study, whose methods, labels and seeds may grow."""
    own = {"format": FORMAT, "edgemtl": __version__, "data": data} | asdict(plan)
    own = json.loads(json.dumps({n: v for n, v in own.items() if n not in
                                 ("methods", "labels", "seeds")}))  # fmt: skip
    file = folder / "plan.json"
    if file.exists():
        try:
            there = json.loads(file.read_text(encoding="utf-8"))
        except (ValueError, RecursionError) as error:
            raise DataError(f"{file}: is damaged: {error}: give another folder") from None
        if there != own:
            raise DataError(f"{folder}: is of other data or settings: give another folder")
    elif folder.exists() and any(folder.iterdir()):
        raise DataError(f"{folder}: is there already and was not made by edgemtl study")
    else:
        folder.mkdir(parents=True, exist_ok=True)
        with whole_file(file) as temporary:
            temporary.write_text(json.dumps(own, indent=1) + "\n", encoding="utf-8")
    (folder / "cells").mkdir(exist_ok=True)  # last: an interruption leaves nothing that is refused


def kept(file: Path, own: dict[str, Any], measure: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """The cell that `file` holds; measured, and kept there, where it holds none or was changed.

    Parameters
    ----------
    own : dict
        What tells the cell from all others.
    measure : callable
        Gives its figures.
    """
    cell = _read(file)
    if cell is not None and cell == cell | own:
        return cell
    text = json.dumps(own | measure())
    cell = dict(json.loads(text))
    with whole_file(file) as temporary:
        temporary.write_text(json.dumps({"sha256": _sha256(text), "cell": cell}), encoding="utf-8")
    return cell


def _read(file: Path) -> dict[str, Any] | None:
    """None where there is no such file, or not what `kept` wrote."""
    try:
        raw = json.loads(file.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError, RecursionError):
        return None
    cell = raw.get("cell") if isinstance(raw, dict) else None
    if not isinstance(cell, dict) or raw.get("sha256") != _sha256(json.dumps(cell)):
        return None
    return cell


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _measured(
    flows: Flows, test: Flows | None, plan: Plan, method: Method, labels: int | None, seed: int
) -> dict[str, Any]:
    """Figures of one cell by head; ``skipped`` tells why there are none."""
    cell: dict[str, Any] = {"heads": {}}
    config = TrainConfig(
        spec=plan.spec(method.recipe, [flows] if test is None else [flows, test]),
        recipe=method.recipe, dividers=plan.dividers,
        labels_per_class=labels, seed=seed, keep_cut=plan.keep_cut, shares=plan.shares,
        split_by=plan.split_by,
    )  # fmt: skip
    try:
        parts = split_parts(flows, config, "the flows", test)
    except DataError as error:
        if not lacks_labels(error, labels):
            raise
        return cell | {"skipped": str(error)}
    start = time.monotonic()
    answers = method.answers(parts, config)
    cell["seconds"] = round(time.monotonic() - start, 3)
    cell["notes"] = parts.notes
    for head in parts.heads:
        if head.name not in answers:
            continue
        p, y = answers[head.name], head_targets(parts.flows["test"], head, plan.keep_cut)
        cell["heads"][head.name] = head_metrics(p, y) | {
            "classes": list(head.classes),
            "confusion": confusion_matrix(p, y).tolist(),
            "reliability": reliability(p, y).tolist(),
        }
    return cell


def lacks_labels(error: DataError, labels: int | None) -> bool:
    """Whether a split failed for want of so many labels: then other label counts may be had."""
    return labels is not None and "labels in the training part" in str(error)


def summary(cells: Sequence[dict[str, Any]], plan: Plan) -> list[dict[str, Any]]:
    """Mean and 95 % interval over the seeds, of each method, label count and head.

    A label count of 0 stands for the mean over all label counts: bandwidth and duration need none.
    """
    rows = []
    for name, head in product(plan.methods, HEADS):
        by_labels: dict[int | str, dict[int, dict[str, Any]]] = {}
        for cell in cells:
            figures = cell["heads"].get(head)
            if cell["method"] == name and figures and figures["n"]:
                by_labels.setdefault(cell["labels"] or "all", {})[cell["seed"]] = figures
        for labels, by_seed in by_labels.items():
            rows.append(_row(name, head, labels, [[f] for f in by_seed.values()]))
        seeds = sorted({seed for by_seed in by_labels.values() for seed in by_seed})
        every = [[s[seed] for s in by_labels.values() if seed in s] for seed in seeds]
        if every:
            rows.append(_row(name, head, "mean", every))
    return rows


def _row(
    name: str, head: str, labels: int | str, seeds: Sequence[Sequence[dict[str, Any]]]
) -> dict[str, Any]:
    row: dict[str, Any] = {"method": name, "head": head, "labels": labels, "seeds": len(seeds)}
    for measure in MEASURES:
        values = np.array([np.mean([figures[measure] for figures in seed]) for seed in seeds])
        row[measure] = float(values.mean())
        row[f"{measure}_interval"] = interval(values)
    return row


def interval(values: NDArray[np.float64]) -> float | None:
    """Half of Student's 95 % interval of the mean; None for a single value."""
    if len(values) < 2:
        return None
    from scipy.stats import t

    n = len(values)
    return float(t.ppf(0.975, n - 1) * values.std(ddof=1) / n**0.5)
