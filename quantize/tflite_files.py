"""TFLite files: float by litert-torch, int8 by ai-edge-quantizer."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from edgemtl.card import HEADS
from edgemtl.quantize.seal import seal, seal_text
from edgemtl.runtime.artefact import CARD_KEY, SEAL_KEY

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from edgemtl.card import ModelCard
    from edgemtl.quantize.graph import Graph
    from edgemtl.quantize.ranges import Ranges

__all__ = [
    "MOST", "observe_tflite", "seal_tflite", "to_dynamic_tflite", "to_float16_tflite",
    "to_int8_tflite", "to_tflite",
]  # fmt: skip

MOST = 127  # largest level of an int8 weight

# Left in float: the borders, so that callers need no scales; heads and softmax, as in ONNX.
HEADS_LAYER = (f".*Linear_({'|'.join(HEADS)})", "FULLY_CONNECTED")
FLOAT = ((".*", "INPUT"), (".*", "OUTPUT"), (".*", "SOFTMAX"), HEADS_LAYER)
COUNTING = tuple((".*", o) for o in ("CONV_2D", "AVERAGE_POOL_2D", "TRANSPOSE", "RESHAPE"))


def to_tflite(graph: Graph, k: int, file: Path) -> None:
    """Write the float graph for one flow at a time; names stand in its signature."""
    import litert_torch
    import torch

    edge = litert_torch.convert(graph, sample_kwargs={"flows": torch.zeros(1, 2, k)})
    edge.export(str(file))


def observe_tflite(file: Path, x: NDArray[np.float32]) -> dict[str, NDArray[np.float32]]:
    """What passes through a float file for the flows x (n, 2, k): tensors by name."""
    from ai_edge_litert.interpreter import Interpreter
    from ai_edge_litert.tools import flatbuffer_utils

    (graph,) = flatbuffer_utils.read_model_from_bytearray(file.read_bytes()).subgraphs
    numbers = [*graph.inputs, *(i for operator in graph.operators for i in operator.outputs)]
    interpreter = Interpreter(str(file), num_threads=1, experimental_preserve_all_tensors=True)
    interpreter.allocate_tensors()
    seen: list[list[NDArray[np.float32]]] = []
    for i in range(len(x)):
        interpreter.set_tensor(graph.inputs[0], x[i : i + 1])
        interpreter.invoke()
        seen.append([interpreter.get_tensor(number) for number in numbers])
    names = [graph.tensors[number].name.decode() for number in numbers]
    return {n: np.stack(values) for n, values in zip(names, zip(*seen, strict=True), strict=True)}


def to_int8_tflite(
    float_file: Path, ranges: Ranges, file: Path, counts: bool, io: str = "float"
) -> None:
    """Quantise a float TFLite file whose tensors have these ranges; weights per channel.

    Parameters
    ----------
    counts : bool
        The first, fixed layers are those of a network that counts: they stay float, as in ONNX.
    io : {"float", "int8"}
        Type of input and outputs. With int8 nothing at all is float.
    """
    from ai_edge_quantizer import quantizer, recipe

    work = quantizer.Quantizer(str(float_file), recipe.static_wi8_ai8())
    if io == "float":
        for scope, operation in FLOAT + (COUNTING if counts else ()):
            work.update_quantization_recipe(scope, operation, algorithm_key="no_quantize")
    limits = {
        name: {"min": np.array([least], np.float32), "max": np.array([most], np.float32)}
        for name, (least, most) in ranges.items()
    }
    file.write_bytes(work.quantize(limits).quantized_model)


def to_dynamic_tflite(float_file: Path, file: Path) -> None:
    """int8 weights; what passes between layers stays float, quantised on the way.

    A dense layer has one scale: tflite-runtime 2.14 takes the first for all where there are more,
    and answers wrongly without a word.
    """
    from ai_edge_quantizer import qtyping, quantizer, recipe

    work = quantizer.Quantizer(str(float_file), recipe.dynamic_wi8_afp32())
    work.add_dynamic_config(
        ".*", "FULLY_CONNECTED", 8, granularity=qtyping.QuantGranularity.TENSORWISE
    )
    work.update_quantization_recipe(*HEADS_LAYER, algorithm_key="no_quantize")
    file.write_bytes(work.quantize().quantized_model)


def to_float16_tflite(float_file: Path, file: Path) -> None:
    """Weights of 16 bits, which are made float32 when the file is loaded."""
    from ai_edge_quantizer import quantizer

    work = quantizer.Quantizer(str(float_file))
    work.add_weight_only_config(".*", "*", 16, algorithm_key="float_casting")
    file.write_bytes(work.quantize().quantized_model)


def seal_tflite(file: Path, card: ModelCard) -> None:
    """Put the card and the checksum into the file's metadata."""
    from ai_edge_litert import schema_py_generated as schema
    from ai_edge_litert.tools import flatbuffer_utils

    # takes in the buffers that ai-edge-quantizer puts behind the flatbuffer
    model = flatbuffer_utils.read_model_from_bytearray(file.read_bytes())
    for key, value in ((CARD_KEY, card.to_json()), (SEAL_KEY, seal_text())):
        buffer = schema.BufferT()
        buffer.data = np.frombuffer(value.encode(), np.uint8)
        model.buffers.append(buffer)
        entry = schema.MetadataT()
        entry.name, entry.buffer = key, len(model.buffers) - 1
        model.metadata.append(entry)
    file.write_bytes(seal(bytes(flatbuffer_utils.convert_object_to_bytearray(model))))
