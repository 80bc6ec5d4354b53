"""Proof: every file answers the held-out flows, by its own runtime, beside the run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edgemtl.datasets import sha256
from edgemtl.flows import Flows
from edgemtl.models import head_classes
from edgemtl.quantize.convert import Made
from edgemtl.quantize.verify import broken_bounds, compare
from edgemtl.runtime import load

if TYPE_CHECKING:
    from edgemtl.models.networks import Network

__all__ = ["Report", "prove"]


@dataclass(frozen=True)
class Report:
    """What an export made and how it compares.

    Parameters
    ----------
    reference : dict
        The run itself: ``file``, ``bytes`` of its checkpoint, ``macs``, ``heads``.
    files : list of dict
        One an artefact: ``file``, ``format``, ``precision``, ``bytes``, ``sha256``, ``macs``,
        ``made`` (see `edgemtl.quantize.int8.write_int8`), and ``heads`` with the figures of
        `edgemtl.quantize.verify.compare`.
    broken : list of str
        One line a bound that was broken; then nothing was written.
    flows : int
        Held-out flows that the figures are of.
    """

    reference: dict[str, Any]
    files: list[dict[str, Any]]
    broken: list[str]
    flows: int

    @property
    def ok(self) -> bool:
        """Every file is proved."""
        return not self.broken


def prove(
    run: Path,
    network: Network,
    made: Sequence[Made],
    test: Flows,
    max_drop: float,
    step: Callable[[str], None],
) -> Report:
    """Ask the run and every file the held-out flows, each file by its own runtime."""
    from edgemtl.models.networks import cost

    model = load(run)
    x, targets = test.tensor(model.card.spec), head_classes(model.card, test, "the test flows")
    ids = test["flow_id"].astype(str)
    reference = model.predict(x)
    macs = cost(network, model.card.spec.k)[1]
    rows, broken = [], []
    for one in made:
        step(f"proving {one.file.name}")
        heads = compare(reference, load(one.file).predict(x), targets, ids)
        broken += broken_bounds(one.file.name, one.precision, heads, max_drop)
        rows.append(
            {
                "file": one.file.name,
                "format": one.format,
                "precision": one.precision,
                "bytes": one.file.stat().st_size,
                "sha256": sha256(one.file),
                "macs": macs,
                "made": one.how,
                "heads": heads,
            }
        )
    own = {
        "file": run.name,
        "bytes": (run / "checkpoint.pt").stat().st_size,
        "macs": macs,
        "heads": compare(reference, reference, targets, ids),
    }
    return Report(own, rows, broken, len(test))
