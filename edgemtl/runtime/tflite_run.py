"""TFLite files by ai-edge-litert, or by tflite-runtime on old boards."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

import numpy as np

from edgemtl.errors import MissingDependency, ModelError
from edgemtl.runtime.artefact import Artefact
from edgemtl.runtime.model import Model, check_graph
from edgemtl.runtime.quiet import quiet

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["TFLITE_RUNTIMES", "TfliteModel"]

TFLITE_RUNTIMES = {
    "ai-edge-litert": "ai_edge_litert.interpreter",
    "tflite-runtime": "tflite_runtime.interpreter",
}


class TfliteModel(Model):
    """A .tflite artefact in an interpreter; its graph takes one flow at a time.

    Parameters
    ----------
    runtime : str
        One of `TFLITE_RUNTIMES`.
    """

    def __init__(self, artefact: Artefact, runtime: str, threads: int = 1) -> None:
        super().__init__(str(artefact.path), artefact.card)
        self.runtime = runtime
        try:
            module = import_module(TFLITE_RUNTIMES[runtime])
        except ImportError:
            raise MissingDependency(self.name, runtime, "tflite") from None
        if runtime == "tflite-runtime" and int(np.__version__.split(".")[0]) >= 2:
            raise ModelError(
                f"{self.name}: tflite-runtime was built for numpy 1, numpy {np.__version__} is "
                "installed: pip install 'numpy<2', or ai-edge-litert instead"
            )
        try:
            with quiet():  # it greets on standard error
                interpreter = module.Interpreter(model_content=artefact.data, num_threads=threads)
                interpreter.allocate_tensors()
                signature = interpreter.get_signature_runner()
        except (ValueError, RuntimeError) as error:
            reason = str(error).splitlines()[0]
            raise ModelError(f"{self.name}: {runtime} can't load it: {reason}") from None
        inputs, outputs = signature.get_input_details(), signature.get_output_details()
        check_graph(
            self.name,
            self.card,
            {name: tensor["shape"].tolist() for name, tensor in inputs.items()},
            {name: tensor["shape"].tolist() for name, tensor in outputs.items()},
        )
        tensor = inputs["flows"]
        tensors = [tensor, *outputs.values()]
        if tensor["shape"][0] != 1 or not all(t["dtype"] in (np.float32, np.int8) for t in tensors):
            raise ModelError(f"{self.name}: must take one flow of float32 or int8 at a time")
        # by number: a call through the signature takes half as long again
        self._input = _Scaled(tensor)
        self._outputs = [_Scaled(outputs[head.name]) for head in self.card.heads]
        self._interpreter = interpreter

    def _run(self, x: NDArray[np.float32]) -> list[NDArray[np.float32]]:
        answers = [np.empty((len(x), len(h.classes)), np.float32) for h in self.card.heads]
        x = self._input.to_numbers(x)
        for i in range(len(x)):
            self._interpreter.set_tensor(self._input.index, x[i : i + 1])
            self._interpreter.invoke()
            for answer, output in zip(answers, self._outputs, strict=True):
                answer[i] = output.to_values(self._interpreter.get_tensor(output.index)[0])
        return answers


class _Scaled:
    """An input or output: float32, or int8 with scale and zero point."""

    def __init__(self, tensor: dict[str, Any]) -> None:
        self.index: int = tensor["index"]
        self._int8 = tensor["dtype"] == np.int8
        self._scale, self._zero = tensor["quantization"]

    def to_numbers(self, values: NDArray[np.float32]) -> NDArray[Any]:
        if not self._int8:
            return values
        numbers: NDArray[Any] = np.rint(values / self._scale) + self._zero
        return numbers.clip(-128, 127).astype(np.int8)

    def to_values(self, numbers: NDArray[Any]) -> NDArray[np.float32]:
        if not self._int8:
            return numbers
        return np.asarray((numbers.astype(np.float32) - self._zero) * np.float32(self._scale))
