"""Export: a run folder to artefacts, each proved against the run before any is handed out."""

from __future__ import annotations

import errno
import json
import os
import re
import shutil
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from edgemtl._version import __version__
from edgemtl.card import ModelCard
from edgemtl.datasets import read_flows, sha256, whole_folder
from edgemtl.errors import DataError, MissingDependency, ModelError
from edgemtl.flows import Flows
from edgemtl.models import head_classes, load_network, load_split, usable
from edgemtl.models.recorded import recorded_flows, with_ids
from edgemtl.quantize.verify import broken_bounds, compare
from edgemtl.runtime import load
from edgemtl.runtime.artefact import FORMATS
from edgemtl.runtime.quiet import interrupt_held, quiet

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from edgemtl.models.networks import Network

__all__ = ["MANIFEST_FORMAT", "Report", "export_run"]

MANIFEST_FORMAT = 1
CALIBRATION_FLOWS = 512
ROOM = 8 << 20  # bytes free; the largest file has 1.2 MB, and converters write their own beside it
NEEDS = {
    "onnx": ("onnx", "onnxruntime"),
    "tflite": ("litert-torch", "ai-edge-quantizer", "ai-edge-litert"),
}


@dataclass(frozen=True)
class Report:
    """What an export made and how it compares.

    Parameters
    ----------
    reference : dict
        The run itself: ``file``, ``bytes`` of its checkpoint, ``macs``, ``heads``.
    files : list of dict
        One an artefact: ``file``, ``format``, ``precision``, ``bytes``, ``sha256``, ``macs``, and
        ``heads`` with the figures of `edgemtl.quantize.verify.compare`.
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


class _Broken(Exception):
    """Ends the block that would hand DIST out."""

    def __init__(self, report: Report) -> None:
        super().__init__()
        self.report = report


def export_run(
    run: Path,
    dist: Path,
    data: Sequence[Path] = (),
    formats: Sequence[str] = FORMATS,
    max_drop: float = 1.0,
    name: str | None = None,
    step: Callable[[str], None] = lambda what: None,
) -> Report:
    """Export a run in each format, float and int8, and compare every file with the run.

    Parameters
    ----------
    run : Path
        Run folder.
    dist : Path
        Folder to write: new, empty, or an earlier export. It is there only when every file is
        proved.
    data : sequence of Path
        The flow tables of the training, if they are not where the run says.
    formats : sequence of {"onnx", "tflite"}
    max_drop : float
        Points of accuracy that a file may lose on any head.
    name : str, optional
        What the files are called; the run folder's name unless told.
    step : callable
        Told what is being done, for a progress bar.

    Raises
    ------
    ModelError, DataError, MissingDependency
        In one line, when the run, its data, or a converter is missing or of no use.
    """
    name = _name(run, name)
    _require(formats)
    step("reading the run and its flows")
    card, network, meta = load_network(run)
    train, test = _parts(run, card, meta, data)
    chosen = np.random.default_rng(int(meta["seed"])).permutation(len(train))[:CALIBRATION_FLOWS]
    x = train.select(np.sort(chosen)).tensor(card.spec)
    try:
        with whole_folder(dist) as folder:
            files = _convert(network, card, x, folder / name, formats, step)
            report = _prove(run, network, files, test, max_drop, step)
            if not report.ok:
                raise _Broken(report)
            _write_manifest(folder, run, name, card, meta, test, report)
    except _Broken as broken:
        report = broken.report
    return report


def _name(run: Path, name: str | None) -> str:
    name = run.resolve().name if name is None else name
    if not re.fullmatch(r"[A-Za-z0-9_][\w.+-]{0,99}", name, re.ASCII):
        raise DataError(f"name {name!r}: must be letters, digits and . _ + -: give --name")
    return name


def _require(formats: Sequence[str]) -> None:
    if not formats or not set(formats) <= set(FORMATS):
        found = ", ".join(formats) or "none"
        raise DataError(f"formats: must be {' or '.join(FORMATS)}, got {found}")
    for kind in formats:
        for package in NEEDS[kind]:
            if find_spec(package.replace("-", "_")) is None:
                raise MissingDependency(kind, package, "export")


def _parts(
    run: Path, card: ModelCard, meta: dict[str, Any], data: Sequence[Path]
) -> tuple[Flows, Flows]:
    """The flows that trained the run, and those that it has not seen."""
    named = ", ".join(map(str, data)) or f"{run / 'run.json'}: its data"
    flows = read_flows(data) if data else recorded_flows(meta.get("data"), str(run / "run.json"))
    split = load_split(run)
    parts = []
    for part in ("train", "test"):
        if not split[part]:
            raise DataError(f"{run / 'split.json'}: no {part} flows: train with a share of each")
        chosen = with_ids(flows, split[part], named, part)
        parts.append(usable(chosen, card.spec, named, str(run)))
    for head, y in head_classes(card, parts[1], named).items():
        if not (y >= 0).any():
            raise DataError(f"{named}: no test flow has a label for {head}: nothing can be proved")
    return parts[0], parts[1]


def _convert(
    network: Network,
    card: ModelCard,
    x: NDArray[np.float32],
    stem: Path,
    formats: Sequence[str],
    step: Callable[[str], None],
) -> list[Path]:
    """Write and seal the float and the int8 file of each format."""
    from edgemtl.quantize import onnx_files as onnx
    from edgemtl.quantize import tflite_files as tflite
    from edgemtl.quantize.graph import Graph

    graph = Graph(network, card)
    makers: dict[str, tuple[Callable[..., None], ...]] = {
        "onnx": (onnx.to_onnx, onnx.to_int8_onnx, onnx.seal_onnx),
        "tflite": (tflite.to_tflite, tflite.to_int8_tflite, tflite.seal_tflite),
    }
    files = []
    for kind in formats:
        to_float, to_int8, seal = makers[kind]
        fp32, int8 = (stem.with_name(f"{stem.name}.{p}.{kind}") for p in ("fp32", "int8"))
        step(f"writing {fp32.name}")
        _run_converter(fp32, to_float, graph, card.spec.k, fp32)
        step(f"writing {int8.name}")
        _run_converter(int8, to_int8, fp32, x, int8)
        for file in (fp32, int8):
            _run_converter(file, seal, file, card)
            files.append(file)
    return files


def _run_converter(file: Path, work: Callable[..., None], *arguments: Any) -> None:
    """Converters print what they like and raise what they like; on a full disk some end us."""
    if shutil.disk_usage(file.parent).free < ROOM:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(file))
    try:
        with interrupt_held(), quiet():
            work(*arguments)
    except (OSError, MemoryError):
        raise
    except Exception as error:
        reason = next(iter(str(error).splitlines()), "") or type(error).__name__
        raise ModelError(f"{file.name}: its converter can't take this network: {reason}") from error


def _prove(
    run: Path,
    network: Network,
    files: Sequence[Path],
    test: Flows,
    max_drop: float,
    step: Callable[[str], None],
) -> Report:
    """Ask the run and every file the held-out flows, each file by its own runtime."""
    from edgemtl.models.networks import cost

    model = load(run)
    x, targets = test.tensor(model.card.spec), head_classes(model.card, test, "the test flows")
    reference = model.predict(x)
    macs = cost(network, model.card.spec.k)[1]
    rows, broken = [], []
    for file in files:
        step(f"proving {file.name}")
        precision, kind = file.name.split(".")[-2:]
        heads = compare(reference, load(file).predict(x), targets)
        broken += broken_bounds(file.name, precision, heads, max_drop)
        rows.append(
            {
                "file": file.name,
                "format": kind,
                "precision": precision,
                "bytes": file.stat().st_size,
                "sha256": sha256(file),
                "macs": macs,
                "heads": heads,
            }
        )
    own = {
        "file": run.name,
        "bytes": (run / "checkpoint.pt").stat().st_size,
        "macs": macs,
        "heads": compare(reference, reference, targets),
    }
    return Report(own, rows, broken, len(test))


def _write_manifest(
    folder: Path,
    run: Path,
    name: str,
    card: ModelCard,
    meta: dict[str, Any],
    test: Flows,
    report: Report,
) -> None:
    figures = asdict(report)
    del figures["broken"]
    manifest = {
        "format": MANIFEST_FORMAT,
        "edgemtl": __version__,
        "name": name,
        "run": str(run.resolve()),
        "data": meta["data"],
        "held_out": test["flow_id"].tolist(),
        "card": json.loads(card.to_json()),
        "versions": _versions(),
    }
    text = json.dumps(manifest | figures, indent=1, allow_nan=False)
    (folder / "manifest.json").write_text(text + "\n", encoding="utf-8")


def _versions() -> dict[str, str]:
    found = {}
    for package in ("numpy", "torch", *NEEDS["onnx"], *NEEDS["tflite"]):
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found
