"""The flows of a run, in the parts that it was trained, validated and tested with."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from edgemtl.card import ModelCard
from edgemtl.datasets import read_flows
from edgemtl.errors import DataError
from edgemtl.flows import Flows
from edgemtl.models import head_classes, load_split, usable
from edgemtl.models.recorded import recorded_flows, with_ids

__all__ = ["read_parts"]


def read_parts(
    run: Path, card: ModelCard, meta: dict[str, Any], data: Sequence[Path]
) -> dict[str, Flows]:
    """The flows of ``train``, of ``validation``, if the run has any, and of ``test``.

    Parameters
    ----------
    run : Path
        Run folder; `card` and `meta` are what `load_run` gives of it.
    data : sequence of Path
        The flow tables of the training; none for those that the run names.

    Raises
    ------
    DataError
        If a table lacks a flow of the split, or there is nothing to calibrate or to prove with.
    """
    named = ", ".join(map(str, data)) or f"{run / 'run.json'}: its data"
    flows = read_flows(data) if data else recorded_flows(meta.get("data"), str(run / "run.json"))
    split = load_split(run)
    parts = {}
    for part, ids in split.items():
        if ids:
            parts[part] = usable(
                with_ids(flows, ids, named, part, card), card.spec, named, str(run)
            )
        elif part != "validation":
            raise DataError(f"{run / 'split.json'}: no {part} flows: train with a share of each")
    for head, y in head_classes(card, parts["test"], named).items():
        if not (y >= 0).any():
            raise DataError(f"{named}: no test flow has a label for {head}: nothing can be proved")
    return parts
