"""A trained network to artefacts: each format by its own converters, then sealed."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from edgemtl.card import ModelCard
from edgemtl.errors import DataError, MissingDependency, ModelError
from edgemtl.runtime.artefact import FORMATS
from edgemtl.runtime.quiet import interrupt_held, quiet

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from edgemtl.models.networks import Network

__all__ = ["NEEDS", "convert", "require"]

ROOM = 8 << 20  # bytes free; the largest file has 1.2 MB, and converters write their own beside it
NEEDS = {
    "onnx": ("onnx", "onnxruntime"),
    "tflite": ("litert-torch", "ai-edge-quantizer", "ai-edge-litert"),
}


def require(formats: Sequence[str]) -> None:
    """DataError for a format that there is not, MissingDependency for a missing converter."""
    if not formats or not set(formats) <= set(FORMATS):
        found = ", ".join(formats) or "none"
        raise DataError(f"formats: must be {' or '.join(FORMATS)}, got {found}")
    for kind in formats:
        for package in NEEDS[kind]:
            if find_spec(package.replace("-", "_")) is None:
                raise MissingDependency(kind, package, "export")


def convert(
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
