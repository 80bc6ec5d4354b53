"""Writing a run folder."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from edgemtl._version import __version__
from edgemtl.models.run import RUN_FORMAT
from edgemtl.training.train import Trained

__all__ = ["DataFile", "write_run"]


@dataclass(frozen=True)
class DataFile:
    """A file that a run was trained on."""

    path: Path
    sha256: str
    flows: int


def write_run(
    folder: Path, trained: Trained, command: Sequence[str], files: Sequence[DataFile]
) -> None:
    """Write what `edgemtl.models.run` reads.

    Parameters
    ----------
    folder : Path
        Empty; inside `edgemtl.datasets.whole_folder`, of `RUN_FILES`, the run is whole or not
        there.
    trained : Trained
    command : sequence of str
        What made it, word by word.
    files : sequence of DataFile
        Where the flows came from. The card, which travels in artefacts, gets their names alone.
    """
    import torch

    _write_json(folder / "run.json", _meta(trained, command, files))
    _write_json(folder / "split.json", trained.split)
    checkpoint = io.BytesIO()  # torch itself tells of a full disk by an error of its own kind
    torch.save(trained.network.state_dict(), checkpoint)
    (folder / "checkpoint.pt").write_bytes(checkpoint.getvalue())
    with (folder / "training.csv").open("w", newline="", encoding="utf-8") as file:
        rows = csv.DictWriter(file, list(trained.history[0]))
        rows.writeheader()
        rows.writerows(trained.history)


def _meta(trained: Trained, command: Sequence[str], files: Sequence[DataFile]) -> dict[str, Any]:
    from edgemtl.models.networks import record

    data = [{"name": f.path.name, "sha256": f.sha256, "flows": f.flows} for f in files]
    card = replace(trained.card, origin=trained.card.origin | {"data": data})
    config = trained.config
    return {
        "format": RUN_FORMAT,
        "edgemtl": __version__,
        "command": list(command),
        "method": config.method,
        "recipe": config.recipe,
        "seed": config.seed,
        "labels_per_class": config.labels_per_class,
        "dividers": config.dividers,
        "lambda": config.lam,
        "batch": config.batch,
        "keep_cut": config.keep_cut,
        "unknown": config.unknown,
        "card": json.loads(card.to_json()),
        "data": [asdict(f) | {"path": str(f.path.resolve())} for f in files],
        "split": {part: len(ids) for part, ids in trained.split.items()},
        "network": record(trained.network),
        "metrics": trained.metrics,
        "notes": trained.notes,
        "epochs": len(trained.history),
        "best_epoch": trained.best_epoch,
        "seconds": trained.seconds,
    }


def _write_json(file: Path, document: Any) -> None:
    file.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
