"""Which flows train, validate and test, and whose labels training may see."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from edgemtl.errors import DataError
from edgemtl.flows import NULL, Flows
from edgemtl.models.run import PARTS

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["SHARES", "SPLITS", "hide_labels", "split", "split_flows"]

SHARES = (0.15, 0.25)  # validation and test; test: one flow in 250 is 0.4 points
SPLITS = {"random": None, "partition": "partition", "host": "src", "time": "start_us"}  # columns

DEALS = 50  # orders in which groups are dealt; the one that comes nearest to the shares counts
DEALT_MAX = 1_000_000  # groups in all of them

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
    unknown = None if values is None or values.dtype == object else NULL
    if values is None or (values == unknown).any():
        raise DataError(f"{data}: has flows without {column}: --split-by {by} needs it")
    if by == "time":
        return split_in_order(values, data, shares)
    return split_groups(values, by, seed, data, shares)


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
    if len(times) > 1 and (times == times[0]).all():  # as where each flow counts from its start
        raise DataError(f"{data}: all flows start at the same time: give another --split-by")
    order = np.argsort(times, kind="stable")
    held, tested = (int(share * len(order) + 0.5) for share in shares)
    first = len(order) - held - tested
    parts = np.split(order, [first, first + held])
    return _checked(dict(zip(("train", "validation", "test"), parts, strict=True)), shares, data)


def split_groups(
    groups: NDArray[Any], by: str, seed: int, data: str, shares: tuple[float, float]
) -> Split:
    """Share out whole groups at random, such as hosts, each part as near its share as they allow.

    Raises
    ------
    DataError
        If there are fewer groups than parts.
    """
    names, group = np.unique(groups.astype(str), return_inverse=True)
    flows = np.bincount(group)
    wanted = len(groups) * np.array([1 - sum(shares), *shares])
    if len(names) < np.count_nonzero(wanted):
        raise DataError(
            f"{data}: --split-by {by}: {len(names)} of them can't fill "
            f"{np.count_nonzero(wanted)} parts: do without one (--validation 0), or split at random"
        )
    rng = np.random.default_rng([seed, 0])
    tries = max(1, min(DEALS, DEALT_MAX // len(names)))
    deals = [_dealt(flows, rng.permutation(len(names)), wanted) for _ in range(tries)]
    best = min(deals, key=lambda deal: np.abs(np.bincount(deal, flows, len(PARTS)) - wanted).sum())
    return {part: np.flatnonzero(best[group] == i) for i, part in enumerate(PARTS)}


def _dealt(
    flows: NDArray[np.int64], order: NDArray[np.int64], wanted: NDArray[np.float64]
) -> NDArray[np.int64]:
    """Each group, in this order, to the part that lacks most; at last to those that are empty."""
    part_of = np.empty(len(flows), int)
    missing = wanted.tolist()
    parts = [part for part, want in enumerate(missing) if want > 0]
    empty = list(parts)
    for left, group in zip(range(len(order), 0, -1), order.tolist(), strict=True):
        part = max(empty if left <= len(empty) else parts, key=missing.__getitem__)
        part_of[group] = part
        missing[part] -= int(flows[group])
        if part in empty:
            empty.remove(part)
    return part_of


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
        if not len(labelled):
            continue  # of flows kept aside alone: not measured, which is said elsewhere
        if len(labelled) < n:
            raise DataError(
                f"{data}: traffic class {name!r} has {len(labelled)} labels in the training part, "
                f"{n} of each class were asked for: ask for fewer, or label more"
            )
        seen[rng.choice(labelled, n, replace=False)] = name
    return seen
