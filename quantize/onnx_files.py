"""ONNX files: float by torch.onnx, int8 by onnxruntime's quantiser."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from edgemtl.quantize.seal import seal, seal_text
from edgemtl.runtime.artefact import CARD_KEY, SEAL_KEY

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from edgemtl.card import ModelCard
    from edgemtl.quantize.graph import Graph
    from edgemtl.quantize.ranges import Ranges

__all__ = ["MOST", "OPSET", "observe_onnx", "seal_onnx", "to_int8_onnx", "to_onnx"]

OPSET = 17  # onnxruntime 1.13 and newer
MOST = 64  # largest level of an int8 weight: seven bits
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


def observe_onnx(file: Path, x: NDArray[np.float32]) -> dict[str, NDArray[np.float32]]:
    """What every tensor of a float file holds for the flows x (n, 2, k), by name."""
    import onnx
    import onnxruntime

    model = onnx.load(file)
    names = [name for node in model.graph.node for name in node.output]
    del model.graph.output[:]
    model.graph.output.extend(onnx.helper.make_empty_tensor_value_info(name) for name in names)
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), providers=["CPUExecutionProvider"]
    )
    seen = {"flows": x} | dict(zip(names, session.run(names, {"flows": x}), strict=True))
    return {name: values for name, values in seen.items() if values.dtype == np.float32}


def to_int8_onnx(float_file: Path, ranges: Ranges, file: Path, counts: bool) -> None:
    """Quantise a float ONNX file whose tensors have these ranges.

    Activations are unsigned and weights signed, the pair for which every CPU has fast kernels.
    Those for AVX2 and AVX-512 without VNNI add two products in 16 bits, saturating, so weights
    keep to seven bits (`reduce_range`, up to `MOST`): 2 * 255 * 64 is below 2**15, and all CPUs
    agree. Under ``qemu-x86_64 -cpu Haswell`` such a file gave the bits of a CPU with VNNI; one with
    weights of eight bits changed 23 to 43 % of the decisions of each head.
    onnxruntime.ai/docs/performance/model-optimizations/quantization.html

    Parameters
    ----------
    counts : bool
        The first, fixed layers are those of a network that counts: they stay float. They have next
        to no weights, and ReLU6 and pooling behind them would be float anyway.
    """
    import onnx
    from onnxruntime.quantization import QDQQuantizer, QuantType
    from onnxruntime.quantization.calibrate import CalibrationMethod, TensorsData

    least_and_most = {name: tuple(np.float32(v) for v in pair) for name, pair in ranges.items()}
    quantizer = QDQQuantizer(
        onnx.shape_inference.infer_shapes(onnx.load(float_file)),
        per_channel=True,
        reduce_range=True,
        weight_qType=QuantType.QInt8,
        activation_qType=QuantType.QUInt8,
        tensors_range=TensorsData(CalibrationMethod.MinMax, least_and_most),
        nodes_to_quantize=[],
        nodes_to_exclude=_heads(float_file),
        op_types_to_quantize=[kind for kind in QUANTISED if not (counts and kind == "Conv")],
        extra_options={},
    )
    quantizer.quantize_model()
    quantizer.model.save_model_to_file(str(file))


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
