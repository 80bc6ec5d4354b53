"""Which flows train, validate and test, and whose labels training may see."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from edgemtl.errors import DataError

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["hide_labels", "split_flows"]

VALIDATION, TEST = 0.15, 0.25  # shares of a class; test: one flow in 250 is 0.4 points


def split_flows(classes: NDArray[Any], seed: int, data: str) -> dict[str, NDArray[np.int64]]:
    """Share out flows, 60 % train, 15 % validation, 25 % test, of each class alike.

    Parameters
    ----------
    classes : array of str or None, shape (n,)
        Traffic classes; flows without one are shared out as if they were a class.
    seed : int
    data : str
        The data set's name in messages.

    Returns
    -------
    dict
        ``train``, ``validation`` and ``test``, each flow number in one of them, rising.

    Raises
    ------
    DataError
        If a class has fewer than three flows: each part needs one.
    """
    rng = np.random.default_rng([seed, 0])
    parts: dict[str, list[NDArray[np.int64]]] = {"train": [], "validation": [], "test": []}
    for name in sorted(set(classes), key=lambda c: (c is None, c)):
        flows = rng.permutation(np.flatnonzero(classes == name))
        if len(flows) < 3 and name is not None:
            raise DataError(
                f"{data}: traffic class {name!r} has {len(flows)} flows, training, validation and "
                "test need one each: label more, or leave it out"
            )
        least = 1 if len(flows) >= 3 else 0
        held = max(least, int(VALIDATION * len(flows) + 0.5))
        tested = held + max(least, int(TEST * len(flows) + 0.5))
        parts["validation"].append(flows[:held])
        parts["test"].append(flows[held:tested])
        parts["train"].append(flows[tested:])
    split = {part: np.sort(np.concatenate(chosen)) for part, chosen in parts.items()}
    if not len(split["validation"]):
        raise DataError(f"{data}: {len(classes)} flows are too few to train, validate and test")
    return split


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
