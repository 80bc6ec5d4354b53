"""Bench: every file of exported folders, in every runtime that is installed for it."""

from __future__ import annotations

import json
import platform
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from edgemtl.bench.device import device_name, features_us, invented_flows
from edgemtl.card import ModelCard
from edgemtl.datasets import read_flows
from edgemtl.errors import DataError, MissingDependency, ModelError
from edgemtl.flows import Flows
from edgemtl.models import head_classes, usable
from edgemtl.models.recorded import recorded_flows, with_ids
from edgemtl.runtime import read_card, runtimes_for

__all__ = ["bench"]


@dataclass(frozen=True)
class _Dist:
    """What is to be measured together: files of one card."""

    models: list[Path]  # run folder and artefacts
    card: ModelCard
    manifest: dict[str, Any]
    where: str


def bench(
    paths: Sequence[Path],
    data: Sequence[Path] = (),
    calls: int = 2000,
    runtime: str | None = None,
    step: Callable[[str, float], None] = lambda what, share: None,
) -> dict[str, Any]:
    """Measure files one flow at a time on one thread, each in a process of its own.

    Parameters
    ----------
    paths : sequence of Path
        Folders that `edgemtl export` made, or single artefacts. A folder's run is measured too, if
        it is still there and torch is installed.
    data : sequence of Path
        Flow tables to take accuracy from: their held-out flows, or all where they hold none of
        these. Unless told, the data that the manifest names.
    calls : int
        Timed calls a file and runtime.
    runtime : str, optional
        That one alone.
    step : callable
        Told what is being done, and which share of all is done.

    Returns
    -------
    dict
        ``device``; ``python``, ``system``; ``features``: see `features_us`; ``rows``, one a file
        and runtime: ``file``, ``runtime``, ``threads``, ``batch``, ``bytes``, ``flows`` (those that
        accuracy is of), and what `measure` returns; ``notes``: what is left out and why.

    Raises
    ------
    ModelError, DataError, MissingDependency
        In one line, when there is nothing to measure or a file can't be loaded.
    """
    dists = [_open(path) for path in paths]
    notes: list[str] = []
    plan = []
    for dist in dists:
        for model in dist.models:
            for name in runtimes_for(model, installed=True):
                if runtime in (None, name):
                    plan.append((dist, model, name))
    known = sorted(
        {name for dist in dists for model in dist.models for name in runtimes_for(model)}
    )
    if runtime not in (None, *known):
        raise DataError(
            f"--runtime: must be of {', '.join(known)} for these files, got {runtime!r}"
        )
    if not plan:
        raise MissingDependency("bench", runtime or "onnxruntime or ai-edge-litert", "export")
    rows = []
    inputs: dict[int, tuple[Path, int]] = {}
    with tempfile.TemporaryDirectory(prefix="edgemtl-bench-") as folder:
        for dist in dists:
            file = Path(folder, f"{len(inputs)}.npz")
            inputs[id(dist)] = file, _write_inputs(file, dist, data, notes)
        for i, (dist, model, name) in enumerate(plan):
            step(f"{model.name} by {name}", i / len(plan))
            file, flows = inputs[id(dist)]
            rows.append(
                {
                    "file": model.name,
                    "runtime": name,
                    "threads": 1,
                    "batch": 1,
                    "bytes": _bytes(model),
                    "flows": flows,
                }
                | _measure(model, name, calls, file)
            )
    return {
        "device": device_name(),
        "python": platform.python_version(),
        "system": platform.platform(),
        "features": features_us(dists[0].card.spec),
        "rows": rows,
        "notes": notes,
    }


def _open(path: Path) -> _Dist:
    if not path.is_dir():
        manifest = _read_manifest(path.parent / "manifest.json")
        return _Dist([path], read_card(path), manifest, str(path))
    file = path / "manifest.json"
    manifest = _read_manifest(file)
    if not manifest:
        raise ModelError(f"{file}: is not there: give a folder that edgemtl export made")
    names = [row["file"] for row in manifest["files"]]
    run = Path(manifest["run"])
    models = [run] if (run / "run.json").is_file() else []
    models += [path / name for name in names]
    return _Dist(models, read_card(models[-1]), manifest, str(file))


def _read_manifest(file: Path) -> dict[str, Any]:
    """The manifest, or nothing where there is no such file."""
    try:
        manifest = json.loads(file.read_text(encoding="utf-8"))
        names = [str(row["file"]) for row in manifest["files"]]
        if not names or any(Path(name).name != name for name in names):
            raise ValueError("files must be names in the same folder")
        manifest["run"], manifest["data"], list(map(str, manifest["held_out"]))
    except FileNotFoundError:
        return {}
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        raise ModelError(f"{file}: is damaged: {error}: export again") from None
    return dict(manifest)


def _write_inputs(file: Path, dist: _Dist, data: Sequence[Path], notes: list[str]) -> int:
    """Tensor and class numbers for `measure`; how many flows have an answer to compare with."""
    flows = _held_out(dist, data, notes)
    if flows is None:
        np.savez(file, x=invented_flows(256, dist.card.spec.k).tensor(dist.card.spec))
        return 0
    arrays: dict[str, Any] = head_classes(dist.card, flows, dist.where)
    np.savez(file, x=flows.tensor(dist.card.spec), **arrays)
    return len(flows)


def _held_out(dist: _Dist, data: Sequence[Path], notes: list[str]) -> Flows | None:
    ids = dist.manifest.get("held_out", [])
    if data:
        flows, named = read_flows(data), ", ".join(map(str, data))
        if np.isin(ids, flows["flow_id"].astype(str)).any():
            flows = with_ids(flows, ids, named, "held-out", dist.card)
    elif not dist.manifest:
        notes.append(f"{dist.where}: no manifest beside it, so no accuracy: give --data")
        return None
    else:
        named = dist.where
        try:
            flows = recorded_flows(dist.manifest["data"], dist.where)
        except (DataError, MissingDependency) as error:
            notes.append(f"no accuracy: {error}")
            return None
        flows = with_ids(flows, ids, named, "held-out", dist.card)
    return usable(flows, dist.card.spec, named, dist.where)


def _bytes(model: Path) -> int:
    return (model / "checkpoint.pt" if model.is_dir() else model).stat().st_size


def _measure(model: Path, runtime: str, calls: int, inputs: Path) -> dict[str, Any]:
    script = Path(__file__).with_name("measure.py")  # -m would look into the working folder first
    command = [sys.executable, str(script)]
    command += [str(model), runtime, str(calls), str(inputs)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode < 0:
        name = signal.Signals(-done.returncode).name
        raise ModelError(f"{model}: {runtime} died of {name}: report it with the file")
    if done.returncode:
        reason = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise ModelError(reason if str(model) in reason else f"{model}: {runtime}: {reason}")
    return dict(json.loads(done.stdout.splitlines()[-1]))
