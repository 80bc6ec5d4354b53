"""Flows dealt out to training, validation and test, and the heads that they can teach."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from edgemtl.card import Head
from edgemtl.datasets.labels import head_targets
from edgemtl.errors import DataError
from edgemtl.features import FeatureSpec
from edgemtl.flows import Flows
from edgemtl.models.inputs import usable
from edgemtl.models.run import PARTS
from edgemtl.training.config import METHODS, TrainConfig
from edgemtl.training.dividers import find_dividers
from edgemtl.training.split import hide_labels, split

__all__ = ["Parts", "find_heads", "split_parts"]


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
