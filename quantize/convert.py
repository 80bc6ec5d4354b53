"""A trained network to artefacts: each format by its own converters, then sealed."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edgemtl.card import ModelCard
from edgemtl.quantize.formats import Format, exported_card, find_format
from edgemtl.quantize.known import Known
from edgemtl.quantize.native import run_converter

if TYPE_CHECKING:
    from edgemtl.models.networks import Network
    from edgemtl.quantize.graph import Graph

__all__ = ["Made", "convert"]

INT8_WEIGHTS = {"dynamic", "int8"}  # precisions


@dataclass(frozen=True)
class Made:
    """One artefact: the file, its precision, and how it was made, where there is more to say."""

    file: Path
    precision: str
    how: dict[str, Any]

    @property
    def format(self) -> str:
        """One of `edgemtl.runtime.artefact.FORMATS`."""
        return self.file.suffix.lstrip(".")


def convert(
    network: Network,
    card: ModelCard,
    known: Known,
    stem: Path,
    wanted: dict[str, list[str]],
    io: str,
    step: Callable[[str], None],
) -> list[Made]:
    """Write and seal the wanted files.

    Parameters
    ----------
    stem : Path
        What the files are called, without precision and format.
    wanted : dict of format to list of precisions
        As `edgemtl.quantize.formats.plan` gives it.
    io : str
        Type of input and outputs of the int8 TFLite file.
    """
    from edgemtl.quantize.graph import Graph

    graph = Graph(network, card)
    made = []
    with tempfile.TemporaryDirectory(prefix="edgemtl-export-") as folder:
        for name, precisions in wanted.items():
            form = find_format(name, io)
            made += _convert_to(form, graph, card, known, stem, precisions, Path(folder), step)
    return made


def _convert_to(
    form: Format,
    graph: Graph,
    card: ModelCard,
    known: Known,
    stem: Path,
    precisions: list[str],
    folder: Path,
    step: Callable[[str], None],
) -> list[Made]:
    """The files of one format; steps on the way to them lie in `folder`."""
    import torch

    from edgemtl.quantize.int8 import write_int8
    from edgemtl.quantize.rounding import rounded

    float_file, level_file = (folder / f"{what}.{form.name}" for what in ("float", "levels"))
    made = []
    for precision in precisions:
        file = stem.with_name(f"{stem.name}.{precision}.{form.name}")
        step(f"writing {file.name}")
        if not float_file.exists():
            run_converter(file, form.to_float, graph, card.spec.k, float_file)
        source = float_file
        if precision in INT8_WEIGHTS:
            source = level_file
            per_output = precision != "dynamic"
            levels = rounded(graph, torch.from_numpy(known.x), form.most, per_output)
            run_converter(file, form.to_float, levels, card.spec.k, source)
        how: dict[str, Any] = {}
        if precision == "int8":
            how = write_int8(graph, card, known, form, source, levels, file)
        else:
            run_converter(file, form.from_float[precision], source, file)
            run_converter(file, form.seal, file, exported_card(card, form, precision))
        made.append(Made(file, precision, how))
    return made
