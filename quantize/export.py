"""Export: a run folder to artefacts, each proved against the run before any is handed out."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from edgemtl.datasets import whole_folder
from edgemtl.errors import DataError
from edgemtl.models import load_network
from edgemtl.quantize.convert import convert
from edgemtl.quantize.formats import EVERY_PRECISION, plan
from edgemtl.quantize.known import Known
from edgemtl.quantize.manifest import DIST_FILES, write_manifest
from edgemtl.quantize.page import report_page
from edgemtl.quantize.parts import read_parts
from edgemtl.quantize.proof import Report, prove
from edgemtl.quantize.prune import checked_share, prune_run, write_pruned_run
from edgemtl.quantize.unchanged import check_figures
from edgemtl.runtime.artefact import FORMATS

__all__ = ["export_run"]


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
    precisions: Sequence[str] = EVERY_PRECISION,
    io: str = "float",
    step: Callable[[str], None] = lambda what: None,
    prune_to: str | float | None = None,
    prune_drop: float = 0.5,
) -> Report:
    """Export a run in each format and precision, and compare every file with the run.

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
    precisions : sequence of {"fp32", "fp16", "dynamic", "int8"}
        Each format writes those of them that it has; see `edgemtl.quantize.formats.PRECISIONS`.
    io : {"float", "int8"}
        Type of input and outputs of the int8 TFLite file; with int8 nothing in it is float.
    step : callable
        Told what is being done, for a progress bar.
    prune_to : float or "auto", optional
        Prune first, to this share of the multiply-adds, or as far as no head loses more than
        `prune_drop` points (`edgemtl.quantize.prune`). The smaller run is written to
        ``NAME.pruned`` in `dist`; files are still measured against `run`.

    Raises
    ------
    ModelError, DataError, MissingDependency
        In one line, when the run, its data, or a converter is missing or of no use.
    """
    name = _name(run, name)
    wanted = plan(formats, precisions, io)
    share = None if prune_to is None else checked_share(prune_to)
    step("reading the run and its flows")
    card, network, meta = load_network(run)
    parts = read_parts(run, card, meta, data)
    check_figures(run, (card, network, meta), parts["test"])
    known = Known.of(parts, card, int(meta["seed"]))
    try:
        with whole_folder(dist, DIST_FILES) as folder:
            source, pruning = run, None
            if share is not None:
                pruning = prune_run(run, (card, network, meta), parts, share, prune_drop, step)
                source = folder / f"{name}.pruned"
                write_pruned_run(source, run, pruning)
                card, network, _ = load_network(source)
            made = convert(network, card, known, folder / name, wanted, io, step)
            report = prove(run, source, made, parts["test"], max_drop, step)
            report = replace(report, pruning=pruning.record() if pruning else None)
            if not report.ok:
                raise _Broken(report)
            manifest = write_manifest(
                folder, run, name, card, meta, parts["test"], report, max_drop
            )
            page = report_page(manifest, report, max_drop)
            (folder / "report.html").write_text(page, encoding="utf-8")
    except _Broken as broken:
        report = broken.report
    return report


def _name(run: Path, name: str | None) -> str:
    name = run.resolve().name if name is None else name
    if not re.fullmatch(r"[A-Za-z0-9_][\w.+-]{0,99}", name, re.ASCII):
        raise DataError(f"name {name!r}: must be letters, digits and . _ + -: give --name")
    return name
