"""How a run was trained, so that it can be trained further, or again."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from edgemtl.card import ModelCard
from edgemtl.errors import DataError, ModelError
from edgemtl.flows import Flows
from edgemtl.models.run import PARTS
from edgemtl.training.config import TrainConfig
from edgemtl.training.run import DataFile
from edgemtl.training.split import hide_labels

__all__ = ["as_seen", "how_long", "how_trained", "trained_on"]


def how_trained(run: Path, card: ModelCard, meta: dict[str, Any]) -> TrainConfig:
    """What the training was told; ModelError when the run does not say, or was pruned since."""
    where = f"{run / 'run.json'}"
    if "pruned" in card.origin:
        raise ModelError(f"{where}: is pruned already: give the run that it was pruned from")
    try:
        labels, batch = meta["labels_per_class"], meta["batch"]
        return TrainConfig(
            spec=card.spec,
            method=str(meta["method"]),
            recipe=str(meta["recipe"]),
            dividers=str(meta["dividers"]),
            labels_per_class=None if labels is None else int(labels),
            lam=float(meta["lambda"]),
            seed=int(meta["seed"]),
            epochs=int(meta["epochs"]),
            batch=None if batch is None else int(batch),
            keep_cut=bool(card.origin["keep_cut"]),
        )
    except (KeyError, TypeError, ValueError, DataError) as error:
        raise ModelError(f"{where}: does not say how it was trained: {error}") from None


def how_long(run: Path, meta: dict[str, Any]) -> float:
    """Seconds that the training took; ModelError when the run does not say."""
    try:
        return float(meta["seconds"])
    except (KeyError, TypeError, ValueError):
        raise ModelError(f"{run / 'run.json'}: does not say how long it was trained") from None


def trained_on(run: Path, meta: dict[str, Any]) -> list[DataFile]:
    """The files that `meta` names; ModelError where it names none."""
    try:
        return [DataFile(Path(f["path"]), str(f["sha256"]), int(f["flows"])) for f in meta["data"]]
    except (KeyError, TypeError, ValueError) as error:
        raise ModelError(
            f"{run / 'run.json'}: does not say what it was trained on: {error}"
        ) from None


def as_seen(parts: dict[str, Flows], config: TrainConfig) -> dict[str, Flows]:
    """The flows of `PARTS` with the labels that training saw; none in a part that is not there."""
    nothing = parts["train"].select(np.empty(0, np.int64))
    parts = {part: parts.get(part, nothing) for part in PARTS}
    if config.labels_per_class is None:
        return parts
    return parts | {
        "train": _hidden(parts["train"], config.labels_per_class, config.seed),
        "validation": _hidden(parts["validation"], 0, config.seed),
    }


def _hidden(flows: Flows, n: int, seed: int) -> Flows:
    """The flows with n labels of each class: those that `hide_labels` left when training began."""
    split = {"train": np.arange(len(flows)), "validation": np.empty(0, np.int64)}
    seen = hide_labels(flows["traffic_class"], split, n, seed, "the training flows")
    return replace(flows, columns=flows.columns | {"traffic_class": seen})
