"""What training adds to a network costs nothing in its files: batch norm and temperatures."""

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from ai_edge_litert.interpreter import Interpreter
from ai_edge_litert.tools import flatbuffer_utils
from torch import nn

from edgemtl.card import Head, ModelCard
from edgemtl.features import FeatureSpec
from edgemtl.models.network import Sizes
from edgemtl.models.networks import new_network
from edgemtl.quantize.graph import Graph
from edgemtl.quantize.onnx_files import to_onnx
from edgemtl.quantize.tflite_files import to_tflite

K = 20
TEMPERATURES = {"duration": 1.0, "traffic_class": 3.0}
CARD = ModelCard(
    FeatureSpec(k=K),
    (
        Head.divided("duration", [1, 10]),
        Head("traffic_class", ("a", "b"), temperature=TEMPERATURES["traffic_class"]),
    ),
)
BODY = {"CONV_2D", "MAX_POOL_2D", "FULLY_CONNECTED", "SOFTMAX", "RESHAPE", "TRANSPOSE"}


@pytest.fixture(scope="module")
def network():
    """No network here has batch norm; this one has, behind its first convolution."""
    torch.manual_seed(0)
    network = new_network(CARD, Sizes((8, 8), (16,)))
    norm = nn.BatchNorm2d(8)
    for values in (norm.weight, norm.bias, norm.running_mean, norm.running_var):
        nn.init.uniform_(values, 0.5, 2)
    convolution, *rest = network.trunk
    network.trunk = nn.Sequential(convolution, norm, *rest)
    return network.eval()


@pytest.fixture(scope="module")
def flows():
    return np.random.default_rng(0).normal(size=(7, 2, K)).astype(np.float32)


@pytest.fixture(scope="module")
def wanted(network, flows):
    """The network's logits, each by its head's temperature, as probabilities by head."""
    with torch.inference_mode():
        pairs = zip(TEMPERATURES.items(), network(torch.from_numpy(flows)), strict=True)
        return {head: torch.softmax(z / t, 1).numpy() for (head, t), z in pairs}


def test_the_graph_answers_by_temperature(network, flows, wanted):
    for head, p in Graph(network, CARD).answer(flows).items():
        np.testing.assert_allclose(p, wanted[head], rtol=0, atol=1e-6)


def test_both_are_in_the_weights_of_the_onnx_file(network, flows, wanted, tmp_path):
    file = tmp_path / "normed.onnx"
    to_onnx(Graph(network, CARD), K, file)
    kinds = {node.op_type for node in onnx.load(file).graph.node}
    assert kinds == {
        "Constant", "Unsqueeze", "Conv", "Relu", "MaxPool", "Flatten", "Gemm", "Softmax",
    }  # fmt: skip
    session = onnxruntime.InferenceSession(file, providers=["CPUExecutionProvider"])
    for head, p in zip(wanted, session.run(None, {"flows": flows}), strict=True):
        np.testing.assert_allclose(p, wanted[head], rtol=0, atol=1e-5)


def test_both_are_in_the_weights_of_the_tflite_file(network, flows, wanted, tmp_path):
    file = tmp_path / "normed.tflite"
    to_tflite(Graph(network, CARD), K, file)
    model = flatbuffer_utils.read_model_from_bytearray(file.read_bytes())
    (graph,) = model.subgraphs
    kinds = {flatbuffer_utils.opcode_to_name(model, o.opcodeIndex) for o in graph.operators}
    assert kinds == BODY  # no MUL, ADD, SUB or DIV
    ask = Interpreter(str(file)).get_signature_runner()
    for i in range(len(flows)):
        for head, p in ask(flows=flows[i : i + 1]).items():
            np.testing.assert_allclose(p[0], wanted[head][i], rtol=0, atol=1e-5)
