"""Which flows train, validate and test, and whose labels training may see."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from edgemtl.errors import DataError
from edgemtl.flows import Flows
from edgemtl.models.run import PARTS

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["SHARES", "SPLITS", "hide_labels", "split", "split_flows"]

SHARES = (0.15, 0.25)  # validation and test; test: one flow in 250 is 0.4 points
SPLITS = {"random": None, "partition": "partition", "host": "src", "time": "start_us"}  # columns

Split = dict[str, "NDArray[np.int64]"]


def split(flows: Flows, by: str, seed: int, data: str, shares: tuple[float, float]) -> Split:
    """Which flows train, validate and test.

    Parameters
    ----------
    by : str
        One of `SPLITS`. ``random``: `split_flows`. ``partition``, ``host``: flows of one capture,
        or of one client, are in one part. ``time``: the last flows are the test.
    """
    column = SPLITS[by]
    if column is None:
        return split_flows(flows["traffic_class"], seed, data, shares)
    values = flows[column] if column in flows.columns else None
    if values is None or (values.dtype == object and any(v is None for v in values)):
        raise DataError(f"{data}: has flows without {column}: --split-by {by} needs it")
    if by == "time":
        return split_in_order(values, data, shares)
    return split_groups(values, seed, data, shares)


def split_flows(
    classes: NDArray[Any], seed: int, data: str, shares: tuple[float, float] = SHARES
) -> Split:
    """Share out flows at random, of each class alike.

    Parameters
    ----------
    classes : array of str or None, shape (n,)
        Traffic classes; flows without one are shared out as if they were a class.
    seed : int
    data : str
        The data set's name in messages.
    shares : tuple of float
        Of the validation and the test part; a part of share 0 is empty.

    Returns
    -------
    dict
        ``train``, ``validation`` and ``test``, each flow number in one of them, rising.

    Raises
    ------
    DataError
        If a class has too few flows to give each part one.
    """
    rng = np.random.default_rng([seed, 0])
    needed = 1 + sum(share > 0 for share in shares)
    chosen: dict[str, list[NDArray[np.int64]]] = {"train": [], "validation": [], "test": []}
    for name in sorted(set(classes), key=lambda c: (c is None, c)):
        flows = rng.permutation(np.flatnonzero(classes == name))
        if len(flows) < needed and name is not None:
            raise DataError(
                f"{data}: traffic class {name!r} has {len(flows)} flows, training, validation and "
                "test need one each: label more, or leave it out"
            )
        least = 1 if len(flows) >= needed else 0
        held, tested = (max(least, int(s * len(flows) + 0.5)) if s else 0 for s in shares)
        chosen["validation"].append(flows[:held])
        chosen["test"].append(flows[held : held + tested])
        chosen["train"].append(flows[held + tested :])
    return _checked({part: np.concatenate(c) for part, c in chosen.items()}, shares, data)


def split_in_order(times: NDArray[np.int64], data: str, shares: tuple[float, float]) -> Split:
    """The first flows train, later ones validate, the last ones test."""
    order = np.argsort(times, kind="stable")
    held, tested = (int(share * len(order) + 0.5) for share in shares)
    first = len(order) - held - tested
    parts = np.split(order, [first, first + held])
    return _checked(dict(zip(("train", "validation", "test"), parts, strict=True)), shares, data)


def split_groups(groups: NDArray[Any], seed: int, data: str, shares: tuple[float, float]) -> Split:
    """Share out whole groups at random, such as hosts, until each part has its share or more."""
    names, group = np.unique(groups.astype(str), return_inverse=True)
    order = np.random.default_rng([seed, 0]).permutation(len(names))
    flows = np.bincount(group)[order]
    before = np.concatenate([[0], np.cumsum(flows)[:-1]]) / len(groups)
    held, tested = shares
    place = np.where(before < tested, 2, np.where(before < tested + held, 1, 0))
    part_of = np.empty(len(names), int)
    part_of[order] = place
    parts = {p: np.flatnonzero(part_of[group] == i) for i, p in enumerate(PARTS)}
    return _checked(parts, shares, data)


def _checked(parts: Split, shares: tuple[float, float], data: str) -> Split:
    wanted = dict(zip(("train", "validation", "test"), (1.0, *shares), strict=True))
    n = sum(map(len, parts.values()))
    for part, share in wanted.items():
        if share and not len(parts[part]):
            raise DataError(f"{data}: {n} flows are too few, or too alike, for a {part} part")
    return {part: np.sort(flows) for part, flows in parts.items()}


def hide_labels(
    classes: NDArray[Any], split: dict[str, NDArray[np.int64]], n: int, seed: int, data: str
) -> NDArray[Any]:
    """The traffic classes that one sees who labelled n flows of each class, all for training.

    Labels of the validation part are hidden too: they would be more labels. Those of the test part
    stay, nothing is learned there.

    Raises
    ------
    DataError
        If a class has fewer than n labels in the training part.
    """
    rng = np.random.default_rng([seed, 1])
    seen: NDArray[Any] = classes.copy()
    seen[split["train"]] = None
    seen[split["validation"]] = None
    for name in sorted({c for c in classes if c is not None}):
        labelled = split["train"][classes[split["train"]] == name]
        if len(labelled) < n:
            raise DataError(
                f"{data}: traffic class {name!r} has {len(labelled)} labels in the training part, "
                f"--labels-per-class asks for {n}"
            )
        seen[rng.choice(labelled, n, replace=False)] = name
    return seen
