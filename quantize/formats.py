"""The formats that a network is written in, and what each can hold."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edgemtl._version import __version__
from edgemtl.errors import DataError, MissingDependency
from edgemtl.runtime.artefact import FORMATS

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from edgemtl.card import ModelCard
    from edgemtl.quantize.graph import Graph
    from edgemtl.quantize.ranges import Ranges

__all__ = [
    "EVERY_PRECISION", "IO", "PRECISIONS", "Format", "exported_card", "find_format", "plan",
    "versions",
]  # fmt: skip

PRECISIONS = {"onnx": ("fp32", "int8"), "tflite": ("fp32", "fp16", "dynamic", "int8")}
EVERY_PRECISION = PRECISIONS["tflite"]
IO = ("float", "int8")
NEEDS = {
    "onnx": ("onnx", "onnxruntime"),
    "tflite": ("litert-torch", "ai-edge-quantizer", "ai-edge-litert"),
}


@dataclass(frozen=True)
class Format:
    """The converters of one format.

    Parameters
    ----------
    name : {"onnx", "tflite"}
    io : {"float", "int8"}
        Type of input and outputs of its int8 files.
    most : int
        Largest level of an int8 weight.
    to_float : callable
        (graph, k, file): write the float file.
    from_float : dict of precision to callable
        (float file, file): what needs no calibration.
    observe : callable
        (float file, x): what passes through it, by tensor.
    to_int8 : callable
        (float file, ranges, file, counts): see `edgemtl.quantize.onnx_files.to_int8_onnx`.
    seal : callable
        (file, card): put card and checksum in.
    """

    name: str
    io: str
    most: int
    to_float: Callable[[Graph, int, Path], None]
    from_float: dict[str, Callable[[Path, Path], Any]]
    observe: Callable[[Path, NDArray[np.float32]], dict[str, NDArray[np.float32]]]
    to_int8: Callable[[Path, Ranges, Path, bool], None]
    seal: Callable[[Path, ModelCard], None]


def plan(formats: Sequence[str], precisions: Sequence[str], io: str) -> dict[str, list[str]]:
    """Format to the precisions that are wanted and that it has.

    Raises
    ------
    DataError
        For a format, precision or input type that there is not.
    MissingDependency
        For a converter that is not installed.
    """
    for what, found, known in (
        ("formats", formats, FORMATS),
        ("precisions", precisions, EVERY_PRECISION),
        ("io", (io,), IO),
    ):
        if not found or not set(found) <= set(known):
            said = ", ".join(found) or "none"
            raise DataError(f"{what}: must be {' or '.join(known)}, got {said}")
    wanted = {f: [p for p in PRECISIONS[f] if p in precisions] for f in formats}
    for name in formats:
        if not wanted[name]:
            raise DataError(
                f"precisions: {name} has {' and '.join(PRECISIONS[name])}, "
                f"got {', '.join(precisions)}"
            )
        for package in NEEDS[name]:
            if find_spec(package.replace("-", "_")) is None:
                raise MissingDependency(name, package, "export")
    if io == "int8" and "int8" not in wanted.get("tflite", ()):
        raise DataError("io: int8 is for the int8 file of tflite: add both, or leave --io out")
    return wanted


def find_format(name: str, io: str) -> Format:
    """The format of that name; ONNX files have float input and outputs whatever `io` says."""
    from edgemtl.quantize import onnx_files as onnx
    from edgemtl.quantize import tflite_files as tflite

    if name == "onnx":
        return Format(
            name,
            "float",
            onnx.MOST,
            onnx.to_onnx,
            {"fp32": shutil.copyfile},
            onnx.observe_onnx,
            onnx.to_int8_onnx,
            onnx.seal_onnx,
        )
    return Format(
        name,
        io,
        tflite.MOST,
        tflite.to_tflite,
        {
            "fp32": shutil.copyfile,
            "fp16": tflite.to_float16_tflite,
            "dynamic": tflite.to_dynamic_tflite,
        },
        tflite.observe_tflite,
        partial(tflite.to_int8_tflite, io=io),
        tflite.seal_tflite,
    )


def exported_card(card: ModelCard, form: Format, precision: str, **how: Any) -> ModelCard:
    """The card with what was done to the network since its training, and by which versions."""
    io = form.io if precision == "int8" else "float"
    made = {"precision": precision, "io": io, "versions": versions([form.name]), **how}
    return replace(card, origin=card.origin | {"export": made})


def versions(formats: Sequence[str]) -> dict[str, str]:
    """Of edgemtl, torch, numpy, and the converters of these formats."""
    found = {"edgemtl": __version__}
    for package in ("numpy", "torch", *(p for name in formats for p in NEEDS[name])):
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found
