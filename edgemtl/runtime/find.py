"""From a path or a carried model's name to a Model, by whichever runtime is installed."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from edgemtl.carried import carried_models
from edgemtl.errors import MissingDependency, ModelError
from edgemtl.runtime.artefact import read_artefact
from edgemtl.runtime.model import Model
from edgemtl.runtime.onnx_run import OnnxModel
from edgemtl.runtime.tflite_run import TFLITE_RUNTIMES, TfliteModel

__all__ = ["load", "runtimes_for"]


def load(path: Path | str, runtime: str | None = None, threads: int = 1) -> Model:
    """Load a run folder, an artefact, or a model that the package carries.

    Parameters
    ----------
    path : Path or str
        RUN, FILE.onnx, FILE.tflite, or a carried model's name.
    runtime : str, optional
        One of `runtimes_for`; the first that is installed unless told.
    threads : int
        Threads within one call.

    Raises
    ------
    ModelError
        In one line, when it is missing, damaged, or does not fit its own card.
    MissingDependency
        When no runtime for it is installed.
    """
    path = _find(Path(path))
    possible = runtimes_for(path)
    if runtime is not None and runtime not in possible:
        raise ModelError(f"{path}: runs with {' or '.join(possible)}, not with {runtime}")
    if path.is_dir():
        if (path / "manifest.json").is_file():
            raise ModelError(f"{path}: is an exported folder: give one of the files in it")
        from edgemtl.runtime.torch_run import TorchModel

        return TorchModel(path, threads)
    artefact = read_artefact(path)
    runtime = runtime or next((r for r in possible if _installed(r)), possible[0])
    if runtime == "onnxruntime":
        return OnnxModel(artefact, threads)
    return TfliteModel(artefact, runtime, threads)


def runtimes_for(path: Path, installed: bool = False) -> list[str]:
    """Names of the runtimes that can run this file, the preferred one first."""
    if path.is_dir():
        names = ["torch"]
    else:
        names = ["onnxruntime"] if path.suffix == ".onnx" else list(TFLITE_RUNTIMES)
    return [name for name in names if _installed(name)] if installed else names


def _installed(runtime: str) -> bool:
    return find_spec(runtime.replace("-", "_")) is not None


def _find(path: Path) -> Path:
    """The path itself, or that of the carried model of this name which can run here."""
    if path.exists() or path.suffix or len(path.parts) > 1:
        return path
    carried = carried_models(path.name)
    if not carried:
        raise ModelError(f"{path}: neither a run folder nor an artefact, and no carried model")
    for file in carried:
        if runtimes_for(file, installed=True):
            return file
    raise MissingDependency(str(path), "onnxruntime or ai-edge-litert", "onnx")
