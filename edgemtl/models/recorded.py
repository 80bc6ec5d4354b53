"""The flows that a run folder or an exported folder remembers: files by checksum, flows by id."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from edgemtl.card import ModelCard
from edgemtl.datasets import read_flows, sha256
from edgemtl.errors import DataError, ModelError
from edgemtl.flows import Flows

__all__ = ["recorded_flows", "with_ids"]


def recorded_flows(files: Any, where: str) -> Flows:
    """Read the flow tables of a ``data`` record; each must be what it was.

    Parameters
    ----------
    files : list of dict
        Each with ``path`` and ``sha256``.
    where : str
        The file that holds the record, for messages.

    Raises
    ------
    DataError
        If a file is gone or has changed.
    ModelError
        If the record is damaged.
    """
    try:
        paths = [(Path(file["path"]), str(file["sha256"])) for file in files]
    except (KeyError, TypeError):
        raise ModelError(f"{where}: data must be a list of path and sha256") from None
    for path, stated in paths:
        if not path.is_file():
            raise DataError(f"{path}: is not there, {where} names it: give --data")
        if (found := sha256(path)) != stated:
            raise DataError(f"{path}: SHA-256 is {found}, {where} says {stated}: give --data")
    return read_flows([path for path, _ in paths])


def with_ids(flows: Flows, ids: Sequence[str], data: str, what: str, card: ModelCard) -> Flows:
    """The flows of these ids, in the order of `flows`, as training has dealt them out.

    Of traffic classes that the model has not it has told: without a threshold for what is unknown,
    they are no labels here.

    Raises
    ------
    DataError
        If one of them is not there; `data` and `what` name table and ids.
    """
    mask = np.isin(flows["flow_id"].astype(str), np.asarray(ids, str))
    if mask.sum() < len(ids):
        raise DataError(
            f"{data}: has {mask.sum()} of the {len(ids)} {what} flows: give the flow tables of the "
            "training"
        )
    chosen = flows.select(mask)
    for head in card.heads:
        if head.name == "traffic_class" and not head.unknown_below:
            names = chosen["traffic_class"]
            names[[name not in head.classes for name in names]] = None
    return chosen
