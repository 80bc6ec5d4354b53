"""What training adds to a network costs nothing in its files."""

import numpy as np
import onnx
import onnxruntime
import torch
from torch import nn

from edgemtl.card import Head, ModelCard
from edgemtl.features import FeatureSpec
from edgemtl.models.network import Sizes
from edgemtl.models.networks import new_network
from edgemtl.quantize.graph import Graph
from edgemtl.quantize.onnx_files import to_onnx

HEADS = (Head.divided("duration", [1, 10]), Head("traffic_class", ("a", "b"), temperature=3.0))
CARD = ModelCard(FeatureSpec(k=20), HEADS)


def answers(file, x):
    session = onnxruntime.InferenceSession(file, providers=["CPUExecutionProvider"])
    return session.run(None, {"flows": x})


def test_temperatures_are_in_the_weights_of_the_heads():
    torch.manual_seed(0)
    network = new_network(CARD, Sizes((8, 8), (16,)))
    x = torch.randn(5, 2, 20)
    with torch.inference_mode():
        duration, traffic = network(x)
        folded = Graph(network, CARD)(x)
    torch.testing.assert_close(folded["duration"], torch.softmax(duration, 1))
    torch.testing.assert_close(folded["traffic_class"], torch.softmax(traffic / 3, 1))


def test_batch_norm_is_in_the_weights_of_its_convolution(tmp_path):
    torch.manual_seed(0)
    network = new_network(CARD, Sizes((8, 8), (16,)))
    norm = nn.BatchNorm2d(8)
    for values in (norm.weight, norm.bias, norm.running_mean, norm.running_var):
        nn.init.uniform_(values, 0.5, 2)
    convolution, *rest = network.trunk
    network.trunk = nn.Sequential(convolution, norm, *rest)
    graph = Graph(network.eval(), CARD)
    to_onnx(graph, 20, tmp_path / "normed.onnx")
    kinds = {node.op_type for node in onnx.load(tmp_path / "normed.onnx").graph.node}
    assert "BatchNormalization" not in kinds
    assert not kinds & {"Mul", "Add", "Div", "Sub"}
    x = np.random.default_rng(0).normal(size=(7, 2, 20)).astype(np.float32)
    for got, want in zip(
        answers(tmp_path / "normed.onnx", x), graph.answer(x).values(), strict=True
    ):
        np.testing.assert_allclose(got, want, rtol=0, atol=1e-5)
