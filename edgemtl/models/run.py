"""Reading a run folder, which may be damaged or come from anywhere."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edgemtl.card import ModelCard
from edgemtl.errors import MissingDependency, ModelError

if TYPE_CHECKING:
    from torch import Tensor

    from edgemtl.models.networks import Network

__all__ = [
    "PARTS",
    "RUN_FILES",
    "RUN_FORMAT",
    "load_network",
    "load_run",
    "load_split",
    "require_torch",
]

RUN_FORMAT = 1
RUN_FILES = ("run.json", "split.json", "checkpoint.pt", "training.csv")
PARTS = ("train", "validation", "test")
JSON_MAX = 1 << 30  # bytes; split.json names every flow
CHECKPOINT_MAX = 1 << 28  # bytes; the network of Table II has 1.2 MB


def require_torch(what: str) -> None:
    """MissingDependency in one line where torch is not installed."""
    try:
        import torch  # noqa: F401
    except ImportError:
        raise MissingDependency(what, "torch", "train") from None


def load_run(path: Path | str) -> tuple[ModelCard, dict[str, Tensor], dict[str, Any]]:
    """Read a run folder: its card, its weights by name, and all of run.json.

    Raises
    ------
    ModelError
        In one line, when a file is missing or damaged, or a newer edgemtl wrote it.
    """
    path = Path(path)
    if path.is_file():
        raise ModelError(f"{path}: is a file: give the run folder that edgemtl train made")
    if not path.is_dir():
        raise ModelError(f"{path}: no such run folder: make it with edgemtl train")
    file = path / "run.json"
    meta = _read_json(file)
    if meta.get("format") != RUN_FORMAT:
        raise ModelError(
            f"{file}: format {meta.get('format')!r}, this edgemtl reads {RUN_FORMAT}: "
            "use the version that made it"
        )
    try:
        card = ModelCard.from_json(json.dumps(meta.get("card")))
    except ModelError as error:
        raise ModelError(f"{file}: {error}") from None
    return card, _read_checkpoint(path / "checkpoint.pt"), meta


def load_network(path: Path | str) -> tuple[ModelCard, Network, dict[str, Any]]:
    """`load_run`, with the weights in their network, ready to predict."""
    card, state, meta = load_run(path)
    from edgemtl.models.networks import from_record, with_weights

    try:
        sizes = from_record(meta["network"])
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise ModelError(f"{Path(path) / 'run.json'}: network is damaged: {error}") from None
    try:
        return card, with_weights(card, sizes, state), meta
    except ModelError as error:
        raise ModelError(f"{Path(path) / 'checkpoint.pt'}: {error}") from None


def load_split(path: Path | str) -> dict[str, list[str]]:
    """The flow_ids of each of `PARTS` of a run; ModelError when they can't be read."""
    file = Path(path) / "split.json"
    raw = _read_json(file)
    for part in PARTS:
        ids = raw.get(part)
        if not isinstance(ids, list) or not all(isinstance(i, str) for i in ids):
            raise ModelError(f"{file}: {part} must be a list of flow_ids")
    return {part: raw[part] for part in PARTS}


def _read_json(file: Path) -> dict[str, Any]:
    try:
        if file.stat().st_size > JSON_MAX:
            raise ModelError(f"{file}: over {JSON_MAX} bytes: not written by edgemtl")
        raw = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ModelError(f"{file}: is missing: train again") from None
    except (ValueError, RecursionError) as error:
        raise ModelError(f"{file}: is damaged: {error}: train again") from None
    if not isinstance(raw, dict):
        raise ModelError(f"{file}: must be a JSON object, is a {type(raw).__name__}")
    return raw


def _read_checkpoint(file: Path) -> dict[str, Tensor]:
    require_torch("a run folder")
    import torch

    try:
        with zipfile.ZipFile(file) as archive:
            claimed = sum(entry.file_size for entry in archive.infolist())
            damaged = archive.testzip() if claimed <= CHECKPOINT_MAX else None
        if claimed > CHECKPOINT_MAX:
            raise ModelError(f"{file}: claims {claimed} bytes, limit is {CHECKPOINT_MAX}")
        if damaged:
            raise ModelError(
                f"{file}: {damaged} has a wrong checksum: cut or changed, copy it again"
            )
        state = torch.load(file, map_location="cpu", weights_only=True)
    except FileNotFoundError:
        raise ModelError(f"{file}: is missing: train again") from None
    except ModelError:
        raise
    except PermissionError:
        raise
    # zipfile and torch raise nearly anything on a damaged archive or pickle
    except Exception as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise ModelError(f"{file}: is no checkpoint: {reason}") from None
    if not isinstance(state, dict) or not all(
        isinstance(name, str) and isinstance(value, torch.Tensor) for name, value in state.items()
    ):
        raise ModelError(f"{file}: must hold tensors by name")
    return state
