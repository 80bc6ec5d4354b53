"""How well flows are told from all known classes that are of none: each class left out in turn."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np

from edgemtl.errors import DataError, MissingDependency
from edgemtl.flows import Flows
from edgemtl.models import measure_head, usable
from edgemtl.study.study import Plan, claim, interval, kept, lacks_labels
from edgemtl.training.config import TrainConfig
from edgemtl.training.parts import split_parts
from edgemtl.training.train import train_parts

__all__ = ["COLUMNS", "left_out_cells", "left_out_rows", "left_out_table"]

RECIPE = "best"
COLUMNS = ("left out", "labels", "flows", "AUROC", "unknown", "known flows unknown",
           "others right", "all right")  # fmt: skip
MEASURES = ("auroc", "rejected", "rejected_known", "accuracy_others", "accuracy")


def left_out_cells(
    flows: Flows,
    plan: Plan,
    folder: Path,
    data: dict[str, str],
    step: Callable[[str, int], None] = lambda what, of: None,
) -> list[dict[str, Any]]:
    """Leave each traffic class out of a training, and ask what the model makes of its flows.

    Parameters
    ----------
    flows, plan, folder, data
        As for `run_cells`; `plan.unknown` is the precision that the threshold is to have.
    step : callable
        Told what is next, and how many there are.

    Returns
    -------
    list of dict
        ``left_out``, a class; ``labels``, ``seed``; ``flows`` of it; ``auroc``: how often one of
        them has a less probable answer than a test flow of a known class has; ``rejected`` and
        ``rejected_known``, the shares of both that are unknown; ``accuracy_others``, of the known
        flows that are not unknown, and ``accuracy`` of all of them. Or ``skipped``, in place of
        the figures: why there are none.

    Raises
    ------
    DataError
        If there are fewer than three classes, or as `run_cells`.
    """
    names = sorted({name for name in flows["traffic_class"] if name is not None})
    if len(names) < 3:
        raise DataError(f"--unknown: {len(names)} traffic classes: wants 3, to leave one out")
    plan.check_test(None)
    claim(folder, plan, data)
    whole = list(product(range(1, plan.seeds + 1), plan.labels, enumerate(names)))
    cells = []
    for seed, labels, (number, name) in whole:
        step(f"without {name}, {labels or 'all'} labels, seed {seed}", len(whole))
        file = folder / "cells" / f"unknown-{number}.{labels or 'all'}.{seed}.json"
        own = {"left_out": name, "labels": labels, "seed": seed}
        measure = partial(_measured, flows, plan, name, labels, seed)
        cells.append(kept(file, own, measure))
    return cells


def _measured(
    flows: Flows, plan: Plan, left_out: str, labels: int | None, seed: int
) -> dict[str, Any]:
    try:
        from sklearn.metrics import roc_auc_score
    except ImportError:
        raise MissingDependency("AUROC", "scikit-learn", "train") from None
    from edgemtl.models.networks import probabilities

    config = TrainConfig(
        spec=plan.spec(RECIPE, [flows]), recipe=RECIPE, unknown=plan.unknown,
        labels_per_class=labels, seed=seed, shares=plan.shares, split_by=plan.split_by,
        heads=("bandwidth", "duration", "traffic_class"), dividers=plan.dividers,
        keep_cut=plan.keep_cut,
    )  # fmt: skip
    of_it = flows["traffic_class"] == left_out
    try:
        parts = split_parts(flows.select(~of_it), config, "the flows")
    except DataError as error:
        if not lacks_labels(error, labels):
            raise
        return {"skipped": str(error)}
    trained = train_parts(parts, config)
    head = trained.card.head("traffic_class")
    test = parts.flows["test"]
    other = usable(flows.select(of_it), config.spec, "the flows")
    known, strange = (
        probabilities(trained.card, trained.network, part.tensor(config.spec))[head.name]
        for part in (test, other)
    )
    targets = head.index(test["traffic_class"])
    found = measure_head(head, known, targets)
    known = known[targets >= 0]  # others may be of the class that was left out
    sure = np.concatenate([known.max(1), strange.max(1)])
    return {
        "flows": len(other),
        "auroc": float(roc_auc_score(np.arange(len(sure)) < len(known), sure)),
        "rejected": float((strange.max(1) < head.unknown_below).mean()),
        "rejected_known": found["unknown"]["rejected"],
        "accuracy_others": found["unknown"]["accuracy"],
        "accuracy": found["accuracy"],
    }


def left_out_rows(cells: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Mean and 95 % interval over the seeds, of each class and label count, then of all classes."""
    return list(_rows(cells))


def _rows(cells: Sequence[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    cells = [cell for cell in cells if "skipped" not in cell]
    names = list(dict.fromkeys(cell["left_out"] for cell in cells))
    for labels in dict.fromkeys(cell["labels"] for cell in cells):
        of_labels = [cell for cell in cells if cell["labels"] == labels]
        for name in (*names, None):
            some = [cell for cell in of_labels if name in (None, cell["left_out"])]
            if not some:
                continue
            row: dict[str, Any] = {"left_out": name, "labels": labels or "all"}
            row["flows"] = sum(cell["flows"] for cell in some if cell["seed"] == some[0]["seed"])
            for measure in MEASURES:
                seeds = sorted({cell["seed"] for cell in some})
                means = [_mean(measure, [c for c in some if c["seed"] == seed]) for seed in seeds]
                values = np.array([mean for mean in means if mean is not None])
                row[measure] = float(values.mean()) if len(values) else None
                row[f"{measure}_interval"] = interval(values)
            yield row


def _mean(measure: str, cells: Sequence[dict[str, Any]]) -> float | None:
    """None where nothing was left to count."""
    values = [cell[measure] for cell in cells if cell[measure] is not None]
    return float(np.mean(values)) if values else None


def left_out_table(rows: Sequence[dict[str, Any]]) -> list[list[str]]:
    """Cells of `COLUMNS`; mean ± half the 95 % interval, in %."""
    return [
        [row["left_out"] or "mean", str(row["labels"]), str(row["flows"])]
        + [_figure(row[measure], row[f"{measure}_interval"]) for measure in MEASURES]
        for row in rows
    ]


def _figure(mean: float | None, half: float | None) -> str:
    if mean is None:
        return "–"
    return f"{100 * mean:.1f}" + ("" if half is None else f" ±{100 * half:.1f}")
