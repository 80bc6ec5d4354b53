"""ONNX files: float by torch.onnx, int8 by onnxruntime's quantiser."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from edgemtl.quantize.seal import seal, seal_text
from edgemtl.runtime.artefact import CARD_KEY, SEAL_KEY

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from edgemtl.card import ModelCard
    from edgemtl.quantize.graph import Graph

__all__ = ["OPSET", "seal_onnx", "to_int8_onnx", "to_onnx"]

OPSET = 17  # onnxruntime 1.13 and newer
BATCH = 64
# Without the heads' own layers and the softmax: in float these cost nothing (0.3 % of the
# multiply-adds), and int8 logits would turn twice as many decisions (docs/artefacts.md).
QUANTISED = ["Unsqueeze", "Conv", "Relu", "MaxPool", "Flatten", "Gemm"]


def to_onnx(graph: Graph, k: int, file: Path) -> None:
    """Write the float graph: plain operators of `OPSET`, one file, any number of flows."""
    import torch

    torch.onnx.export(
        graph,
        (torch.zeros(2, 2, k),),
        str(file),
        input_names=["flows"],
        output_names=graph.names,
        dynamic_axes={name: {0: "n"} for name in ("flows", *graph.names)},
        opset_version=OPSET,
        dynamo=False,  # the newer exporter leaves functions and wants onnxscript
    )


def to_int8_onnx(float_file: Path, x: NDArray[np.float32], file: Path) -> None:
    """Quantise a float ONNX file, calibrated on x (n, 2, k).

    Activations are unsigned and weights signed, the pair for which every CPU has fast kernels.
    Those for AVX2 and AVX-512 without VNNI add two products in 16 bits, saturating, so weights
    keep to seven bits (`reduce_range`): 2 * 255 * 64 is below 2**15, and all CPUs agree. Under
    ``qemu-x86_64 -cpu Haswell`` such a file gave the bits of a CPU with VNNI; one with weights of
    eight bits changed 23 to 43 % of the decisions of each head.
    onnxruntime.ai/docs/performance/model-optimizations/quantization.html
    """
    from onnxruntime.quantization import (
        CalibrationDataReader,
        QuantFormat,
        QuantType,
        quantize_static,
    )

    class Reader(CalibrationDataReader):  # type: ignore[misc]
        def __init__(self) -> None:
            self._batches: Iterator[dict[str, Any]] = (
                {"flows": x[i : i + BATCH]} for i in range(0, len(x), BATCH)
            )

        def get_next(self) -> dict[str, Any] | None:
            return next(self._batches, None)

    quantize_static(
        str(float_file),
        str(file),
        Reader(),
        quant_format=QuantFormat.QDQ,
        op_types_to_quantize=QUANTISED,
        per_channel=True,
        reduce_range=True,
        activation_type=QuantType.QUInt8,
        weight_type=QuantType.QInt8,
        nodes_to_exclude=_heads(float_file),
    )


def _heads(file: Path) -> list[str]:
    """Names of the nodes that give the logits."""
    import onnx

    nodes = onnx.load(file).graph.node
    logits = {name for node in nodes if node.op_type == "Softmax" for name in node.input}
    return [node.name for node in nodes if logits.intersection(node.output)]


def seal_onnx(file: Path, card: ModelCard) -> None:
    """Put the card and the checksum into the file's metadata."""
    import onnx

    model = onnx.load(file)
    for key, value in ((CARD_KEY, card.to_json()), (SEAL_KEY, seal_text())):
        entry = model.metadata_props.add()
        entry.key, entry.value = key, value
    onnx.checker.check_model(model, full_check=True)
    file.write_bytes(seal(model.SerializeToString(deterministic=True)))
