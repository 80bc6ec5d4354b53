"""What the exported graphs are made of: operators, types and names."""

from collections import Counter

import numpy as np
import onnx
import pytest
from ai_edge_litert import schema_py_generated as schema
from ai_edge_litert.tools import flatbuffer_utils
from onnx import numpy_helper

HEADS = ["bandwidth", "duration", "traffic_class"]
TYPES = {number: name for name, number in vars(schema.TensorType).items()}


def onnx_graph(dist, precision):
    return onnx.load(dist / f"tiny.{precision}.onnx")


def shape(value):
    return [d.dim_param or d.dim_value for d in value.type.tensor_type.shape.dim]


@pytest.mark.parametrize("precision", ["fp32", "int8"])
def test_onnx_is_plain_and_in_one_file(dist, precision):
    model = onnx_graph(dist, precision)
    assert [(o.domain, o.version) for o in model.opset_import] == [("", 17)]
    assert model.ir_version == 8
    assert not model.functions
    assert not any(onnx.external_data_helper.uses_external_data(t) for t in model.graph.initializer)
    assert {n.domain for n in model.graph.node} == {""}
    assert [(i.name, shape(i)) for i in model.graph.input] == [("flows", ["n", 2, 60])]
    assert [o.name for o in model.graph.output] == HEADS
    assert [shape(o) for o in model.graph.output] == [["n", 5], ["n", 4], ["n", 4]]


def test_operators_of_the_float_onnx_file(dist):
    nodes = onnx_graph(dist, "fp32").graph.node
    assert Counter(n.op_type for n in nodes) == {
        "Constant": 1, "Unsqueeze": 1, "Conv": 6, "MaxPool": 3, "Flatten": 1, "Gemm": 5,
        "Relu": 8, "Softmax": 3,
    }  # fmt: skip
    kernels = [
        list(a.ints) for n in nodes if n.op_type == "Conv" for a in n.attribute
        if a.name == "kernel_shape"
    ]  # fmt: skip
    assert kernels == [[1, 3]] * 6


def test_operators_of_the_int8_onnx_file(dist):
    """QDQ: what onnxruntime does not fuse into integers would show as more or fewer of these."""
    model = onnx_graph(dist, "int8")
    counts = Counter(n.op_type for n in model.graph.node)
    kinds = {"Constant", "Unsqueeze", "Conv", "MaxPool", "Flatten", "Gemm", "Softmax"}
    assert set(counts) == kinds | {"QuantizeLinear", "DequantizeLinear"}
    assert (counts["Conv"], counts["Gemm"], counts["Softmax"]) == (6, 5, 3)
    tensors = {t.name: numpy_helper.to_array(t) for t in model.graph.initializer}
    weights = [t for name, t in tensors.items() if name.endswith("weight_quantized")]
    assert len(weights) == 8  # not those of the heads
    assert all(w.dtype == np.int8 and np.abs(w).max() == 64 for w in weights)  # seven bits
    scales = [t for name, t in tensors.items() if name.endswith("weight_scale")]
    assert sorted(len(s) for s in scales) == sorted(len(w) for w in weights)  # per channel


def test_onnxruntime_runs_it_in_integers(dist, tmp_path):
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    options.optimized_model_filepath = str(tmp_path / "optimised.onnx")
    onnxruntime.InferenceSession(dist / "tiny.int8.onnx", options, ["CPUExecutionProvider"])
    counts = Counter(n.op_type for n in onnx.load(tmp_path / "optimised.onnx").graph.node)
    assert (counts["QuantizeLinear"], counts["DequantizeLinear"]) == (1, 3)
    assert counts["Conv"] == 0
    assert counts["Gemm"] + counts["FusedGemm"] == 3  # the heads


def tflite_operators(dist, precision):
    """Name, input types and output types of each operator, in order."""
    data = (dist / f"tiny.{precision}.tflite").read_bytes()
    model = flatbuffer_utils.read_model_from_bytearray(data)
    (graph,) = model.subgraphs
    tensors = graph.tensors
    return [
        (
            flatbuffer_utils.opcode_to_name(model, operator.opcodeIndex),
            [TYPES[tensors[i].type] for i in operator.inputs[:2]],
            TYPES[tensors[operator.outputs[0]].type],
        )
        for operator in graph.operators
    ]


BODY = (
    ["RESHAPE", "TRANSPOSE"]
    + ["CONV_2D", "CONV_2D", "MAX_POOL_2D"] * 3
    + ["TRANSPOSE", "RESHAPE", "FULLY_CONNECTED", "FULLY_CONNECTED"]
)


def test_operators_of_the_float_tflite_file(dist):
    names = [name for name, _, _ in tflite_operators(dist, "fp32")]
    assert names[: len(BODY)] == BODY
    assert Counter(names[len(BODY) :]) == {"FULLY_CONNECTED": 3, "SOFTMAX": 3}


def test_operators_of_the_int8_tflite_file(dist):
    operators = tflite_operators(dist, "int8")
    assert operators[0] == ("QUANTIZE", ["FLOAT32"], "INT8")
    assert [name for name, _, _ in operators[1 : 1 + len(BODY)]] == BODY
    ends = Counter(name for name, _, _ in operators[1 + len(BODY) :])
    assert ends == {"DEQUANTIZE": 1, "FULLY_CONNECTED": 3, "SOFTMAX": 3}
    for name, inputs, output in operators[: 1 + len(BODY)]:
        if name in ("CONV_2D", "FULLY_CONNECTED"):
            assert (inputs, output) == (["INT8", "INT8"], "INT8")


def weight_types(dist, precision):
    """Types of the weights of convolutions and dense layers."""
    names = ("CONV_2D", "FULLY_CONNECTED")
    return Counter(t[1] for n, t, _ in tflite_operators(dist, precision) if n in names)


def test_weights_of_the_other_tflite_files(dist):
    assert weight_types(dist, "fp32") == {"FLOAT32": 11}
    assert weight_types(dist, "dynamic") == {"INT8": 8, "FLOAT32": 3}
    assert weight_types(dist, "int8") == {"INT8": 8, "FLOAT32": 3}
    half = flatbuffer_utils.read_model_from_bytearray((dist / "tiny.fp16.tflite").read_bytes())
    kinds = Counter(TYPES[tensor.type] for tensor in half.subgraphs[0].tensors)
    assert kinds["FLOAT16"] >= 11


@pytest.mark.parametrize("precision", ["fp32", "fp16", "dynamic", "int8"])
def test_tflite_names_stand_in_the_signature(dist, precision):
    from ai_edge_litert.interpreter import Interpreter

    runner = Interpreter(str(dist / f"tiny.{precision}.tflite")).get_signature_runner()
    (flows,) = runner.get_input_details().items()
    assert (flows[0], flows[1]["shape"].tolist(), flows[1]["dtype"]) == (
        "flows", [1, 2, 60], np.float32,
    )  # fmt: skip
    outputs = runner.get_output_details()
    assert {name: (t["shape"].tolist(), t["dtype"]) for name, t in outputs.items()} == {
        "bandwidth": ([1, 5], np.float32),
        "duration": ([1, 4], np.float32),
        "traffic_class": ([1, 4], np.float32),
    }


def test_the_counting_network_is_plain_operators(best):
    _, dist = best
    nodes = onnx_graph(dist, "fp32").graph.node
    assert Counter(n.op_type for n in nodes) == {
        "Constant": 3, "Unsqueeze": 1, "Conv": 1, "Clip": 1, "AveragePool": 1, "Flatten": 1,
        "Gemm": 5, "Relu": 2, "Softmax": 3,
    }  # fmt: skip
    operators = tflite_operators(dist, "int8")
    assert {name for name, _, _ in operators} == {
        "QUANTIZE", "RESHAPE", "TRANSPOSE", "CONV_2D", "AVERAGE_POOL_2D", "FULLY_CONNECTED",
        "DEQUANTIZE", "SOFTMAX",
    }  # fmt: skip


def test_the_counting_network_counts_in_float_in_int8_files(best):
    _, dist = best
    counting = [o for o in tflite_operators(dist, "int8") if o[0] in ("CONV_2D", "AVERAGE_POOL_2D")]
    assert [output for _, _, output in counting] == ["FLOAT32"] * 2
    assert weight_types(dist, "int8") == {"FLOAT32": 4, "INT8": 2}
    nodes = {n.op_type: n for n in onnx_graph(dist, "int8").graph.node}
    assert nodes["Conv"].input[0] == nodes["Unsqueeze"].output[0]


def test_the_counting_network_keeps_its_answers_in_int8(best):
    report, _ = best
    assert report["ok"]
    for file in report["files"]:
        assert file["macs"] == 136_896
        for figures in file["heads"].values():
            assert figures["agreement"] >= (1 if file["precision"] == "fp32" else 0.97)
