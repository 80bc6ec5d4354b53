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

__all__ = ["seal_tflite", "to_int8_tflite", "to_tflite"]

# Left in float: the borders, so that callers need no scales; heads and softmax, as in ONNX.
FLOAT = ((".*", "INPUT"), (".*", "OUTPUT"), (".*", "SOFTMAX"))
HEADS_LAYER = (f".*Linear_({'|'.join(HEADS)})", "FULLY_CONNECTED")


def to_tflite(graph: Graph, k: int, file: Path) -> None:
    """Write the float graph for one flow at a time; names stand in its signature."""
    import litert_torch
    import torch

    edge = litert_torch.convert(graph, sample_kwargs={"flows": torch.zeros(1, 2, k)})
    edge.export(str(file))


def to_int8_tflite(float_file: Path, x: NDArray[np.float32], file: Path) -> None:
    """Quantise a float TFLite file, weights per channel, calibrated on x (n, 2, k).

    Ranges are the least and the largest value seen. The quantiser's own way, a moving average over
    single flows, cuts what rare flows need: probabilities were off by 0.25 instead of 0.01.
    """
    from ai_edge_quantizer import calibrator, quantizer, recipe, recipe_manager
    from ai_edge_quantizer.utils.qsv_utils import min_max_update

    work = quantizer.Quantizer(str(float_file), recipe.static_wi8_ai8())
    for scope, operation in (*FLOAT, HEADS_LAYER):
        work.update_quantization_recipe(scope, operation, algorithm_key="no_quantize")
    rules = recipe_manager.RecipeManager()
    rules.load_quantization_recipe(work.get_quantization_recipe())
    ranges = calibrator.Calibrator(str(float_file), num_threads=1, qsv_update_func=min_max_update)
    flows = [{"flows": x[i : i + 1]} for i in range(len(x))]
    ranges.calibrate({"serving_default": flows}, rules)
    file.write_bytes(work.quantize(ranges.get_model_qsvs()).quantized_model)


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
