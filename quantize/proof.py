"""Proof: every file answers the held-out flows, by its own runtime, beside the run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edgemtl.datasets import sha256
from edgemtl.flows import Flows
from edgemtl.models import head_classes, load_network
from edgemtl.quantize.convert import Made
from edgemtl.quantize.verify import broken_bounds, compare, points_lost
from edgemtl.runtime import load

__all__ = ["Report", "prove"]


@dataclass(frozen=True)
class Report:
    """What an export made and how it compares.

    Parameters
    ----------
    reference : dict
        The run itself: ``file``, ``bytes`` of its checkpoint, ``macs``, ``heads``.
    files : list of dict
        One an artefact: ``file``, ``format``, ``precision``, ``io``, ``bytes``, ``sha256``,
        ``macs``, ``made`` (see `edgemtl.quantize.int8.write_int8`), and ``heads`` with the figures
        of `edgemtl.quantize.verify.compare`.
    broken : list of str
        One line a bound that was broken; then nothing was written.
    flows : int
        Held-out flows that the figures are of.
    pruned : dict, optional
        The smaller run that the files were made of, like `reference`. Points are lost from
        `reference`; agreement and differences of files are those from this one.
    pruning : dict, optional
        The steps down to it: `edgemtl.quantize.prune.Pruning.record`.
    """

    reference: dict[str, Any]
    files: list[dict[str, Any]]
    broken: list[str]
    flows: int
    pruned: dict[str, Any] | None = None
    pruning: dict[str, Any] | None = None

    @property
    def ok(self) -> bool:
        """Every file is proved."""
        return not self.broken


def prove(
    run: Path,
    source: Path,
    made: Sequence[Made],
    test: Flows,
    max_drop: float,
    step: Callable[[str], None],
) -> Report:
    """Ask the run and every file the held-out flows, each file by its own runtime.

    Parameters
    ----------
    source : Path
        The run that the files were made of: `run`, or what pruning has left of it.
    """
    model = load(source)
    x, targets = test.tensor(model.card.spec), head_classes(model.card, test, "the test flows")
    ids = test["flow_id"].astype(str)
    whole, own = load(run).predict(x), model.predict(x)
    reference = _of_run(run) | {"heads": compare(whole, whole, targets, ids)}
    pruned = None
    if source != run:
        pruned = _of_run(source) | {"heads": compare(whole, own, targets, ids)}
    macs = (pruned or reference)["macs"]
    rows, broken = [], []
    for one in made:
        step(f"proving {one.file.name}")
        artefact = load(one.file)
        answers = artefact.predict(x)
        heads = compare(own, answers, targets, ids)
        for head, points in points_lost(whole, answers, targets).items():
            heads[head]["drop"] = points
        broken += broken_bounds(one.file.name, one.precision, heads, max_drop, pruned)
        rows.append(
            {
                "file": one.file.name,
                "format": one.format,
                "precision": one.precision,
                "io": artefact.card.origin["export"]["io"],
                "bytes": one.file.stat().st_size,
                "sha256": sha256(one.file),
                "macs": macs,
                "made": one.how,
                "heads": heads,
            }
        )
    return Report(reference, rows, list(dict.fromkeys(broken)), len(test), pruned)


def _of_run(run: Path) -> dict[str, Any]:
    from edgemtl.models.networks import cost

    card, network, _ = load_network(run)
    size = (run / "checkpoint.pt").stat().st_size
    return {"file": run.name, "bytes": size, "macs": cost(network, card.spec.k)[1]}
