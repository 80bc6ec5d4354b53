"""ONNX files by onnxruntime."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from edgemtl.errors import MissingDependency, ModelError
from edgemtl.runtime.artefact import Artefact
from edgemtl.runtime.model import Model, check_graph

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["OnnxModel"]

BATCH = 1024  # flows at a time: the activations of Table II take 40 MB


class OnnxModel(Model):
    """An .onnx artefact in an onnxruntime session on the CPU."""

    runtime = "onnxruntime"

    def __init__(self, artefact: Artefact, threads: int = 1) -> None:
        super().__init__(str(artefact.path), artefact.card)
        try:
            import onnxruntime
        except ImportError:
            raise MissingDependency(self.name, "onnxruntime", "onnx") from None
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 4  # what matters is raised
        options.enable_cpu_mem_arena = False  # a few hundred kB a flow: malloc is as fast
        try:
            session = onnxruntime.InferenceSession(
                artefact.data, options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:  # onnxruntime has a dozen kinds, one for each status
            reason = str(error).splitlines()[0]
            raise ModelError(f"{self.name}: onnxruntime can't load it: {reason}") from None
        check_graph(
            self.name,
            self.card,
            {node.name: node.shape for node in session.get_inputs()},
            {node.name: node.shape for node in session.get_outputs()},
        )
        self._session = session
        self._names = [head.name for head in self.card.heads]

    def _run(self, x: NDArray[np.float32]) -> list[NDArray[np.float32]]:
        parts = [
            self._session.run(self._names, {"flows": x[i : i + BATCH]})
            for i in range(0, len(x), BATCH)
        ]
        if len(parts) == 1:  # a copy less for a single flow
            return list(parts[0])
        return [np.concatenate(columns) for columns in zip(*parts, strict=True)]
