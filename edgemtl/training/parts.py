"""Flows dealt out to training, validation and test, and the heads that they can teach."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
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

__all__ = ["Parts", "find_heads", "split_parts", "taught"]

NEAR = 16  # bytes, of packets of flows that are nearly alike


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
    notes += _far_from(parts, shares, config.split_by)
    if test is not None:
        parts["test"] = usable(test, config.spec, "the test flows", "training")
    heads, left_out = find_heads(parts["train"], config, data)
    notes += _unseen(parts, heads)
    if twins := _twins(parts["train"], parts["test"], config.spec):
        notes.append(
            f"{twins} of {len(parts['test'])} test flows have nearly the lengths of a training "
            "flow: near-duplicates, split by capture or time to be sure (--split-by)"
        )
    return Parts(parts, heads, notes + left_out)


def _far_from(parts: dict[str, Flows], shares: tuple[float, float], by: str) -> list[str]:
    """A line on each part that is far from what was asked for, as groups are shared out whole."""
    if by in ("random", "time"):
        return []
    n = sum(map(len, parts.values()))
    return [
        f"{part} part: {100 * len(parts[part]) / n:.0f} % of the flows, {100 * share:g} % were "
        f"asked for: --split-by {by} shares them out whole"
        for part, share in zip(("validation", "test"), shares, strict=True)
        if abs(len(parts[part]) / n - share) > share / 2
    ]


def taught(parts: Parts, keep_cut: bool = False) -> Parts:
    """Without training flows that have a label for none of the heads: a step with them is none."""
    flows = parts.flows["train"]
    known = [head_targets(flows, head, keep_cut) >= 0 for head in parts.heads]
    some = np.logical_or.reduce(known)
    return (
        parts if some.all() else replace(parts, flows=parts.flows | {"train": flows.select(some)})
    )


def _unseen(parts: dict[str, Flows], heads: Sequence[Head]) -> list[str]:
    """A line on flows of traffic classes that training has not, part by part."""
    known = {name for head in heads if head.name == "traffic_class" for name in head.classes}
    found = []
    for part in ("validation", "test") if known else ():
        names = Counter(n for n in parts[part]["traffic_class"] if n is not None and n not in known)
        if names:
            found.append(
                f"{names.total()} {part} flows are of classes that no training flow has, which "
                f"are not measured: {', '.join(map(repr, sorted(names)[:5]))}"
            )
    return found


def _twins(training: Flows, test: Flows, spec: FeatureSpec) -> int:
    """Test flows whose first k lengths, and directions where the network sees them, are nearly
    those of a training flow.

    Lengths are seen in steps of `NEAR`, twice, so that a small change is in one step one way.
    """
    spec = FeatureSpec(
        k=spec.k, length_scale=1.0, length_kind=spec.length_kind, skip_empty=spec.skip_empty,
        signed=spec.signed,
    )  # fmt: skip
    ours, theirs = (flows.tensor(spec)[:, 1] for flows in (training, test))
    alike = np.zeros(len(theirs), bool)
    for shift in (0, NEAR / 2):
        steps, others = (np.floor((a + shift) / NEAR).astype(np.int32) for a in (ours, theirs))
        seen = {row.tobytes() for row in steps}
        alike |= np.array([row.tobytes() in seen for row in others], bool)
    return int(alike.sum())


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
