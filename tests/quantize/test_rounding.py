import copy

import numpy as np
import pytest
import torch
from torch import nn

from edgemtl.card import Head, ModelCard
from edgemtl.features import FeatureSpec
from edgemtl.models.network import Sizes
from edgemtl.models.networks import new_network
from edgemtl.quantize.graph import Graph
from edgemtl.quantize.rounding import int8_layers, rounded
from edgemtl.quantize.tuning import fine_tuned

CARD = ModelCard(
    FeatureSpec(k=20),
    (Head.divided("duration", [1, 10]), Head("traffic_class", ("a", "b"), temperature=2.0)),
)


@pytest.fixture(scope="module")
def graph():
    torch.manual_seed(0)
    return Graph(new_network(CARD, Sizes((8, 8), (16,))), CARD)


@pytest.fixture(scope="module")
def x():
    """Inputs that go together, as those of a layer do: their neighbours' running mean."""
    noise = np.random.default_rng(0).normal(size=(300, 2, 20)).cumsum(2)
    return torch.from_numpy((noise / 4).astype(np.float32))


def to_nearest(graph, most):
    result = copy.deepcopy(graph)
    for layer in int8_layers(result):
        weight = layer.weight.detach().flatten(1)
        scale = weight.abs().amax(1, keepdim=True) / most
        layer.weight.data = ((weight / scale).round() * scale).reshape(layer.weight.shape)
    return result


def error(graph, other, x):
    """Mean square of what the heads are given."""
    with torch.inference_mode():
        a, b = (g.network.trunk(x.unsqueeze(2)) for g in (graph, other))
    return float(((a - b) ** 2).mean())


@pytest.mark.parametrize("most", [64, 127])
def test_weights_are_whole_multiples_of_a_scale_that_any_quantiser_finds(graph, x, most):
    layers = int8_layers(rounded(graph, x, most))
    for before, after in zip(int8_layers(graph), layers, strict=True):
        old, new = (m.weight.detach().flatten(1).double() for m in (before, after))
        scale = new.abs().amax(1, keepdim=True) / most
        torch.testing.assert_close(scale, old.abs().amax(1, keepdim=True) / most)
        levels = new / scale
        torch.testing.assert_close(levels, levels.round(), atol=1e-4, rtol=0)
        assert len(levels.unique()) > most / 4


def test_errors_make_up_for_each_other(graph, x):
    assert error(graph, rounded(graph, x, 64), x) < error(graph, to_nearest(graph, 64), x) / 2


def test_heads_and_biases_are_left_alone(graph, x):
    layers = set(int8_layers(graph))
    assert not layers & set(graph.network.heads.values())
    after = rounded(graph, x, 64).state_dict()
    for name, value in graph.state_dict().items():
        if name.endswith("bias") or "heads" in name:
            torch.testing.assert_close(after[name], value, rtol=0, atol=0)


def test_a_layer_of_zeros_stays_one(graph, x):
    dead = copy.deepcopy(graph)
    for layer in int8_layers(dead):
        nn.init.zeros_(layer.weight)
    for layer in int8_layers(rounded(dead, x, 64)):
        assert not layer.weight.any()


def test_fine_tuning_brings_the_answers_nearer_and_keeps_the_levels(graph, x):
    start = to_nearest(graph, 7)  # three bits: there is something to win
    tuned = fine_tuned(start, graph, x, 7, seed=1)
    want, before, after = (g.answer(x.numpy()) for g in (graph, start, tuned))
    for head in want:
        assert np.abs(after[head] - want[head]).mean() < np.abs(before[head] - want[head]).mean()
    for layer in int8_layers(tuned):
        weight = layer.weight.detach().flatten(1)
        levels = weight / (weight.abs().amax(1, keepdim=True) / 7)
        torch.testing.assert_close(levels, levels.round(), atol=1e-3, rtol=0)
    again = fine_tuned(start, graph, x, 7, seed=1).answer(x.numpy())
    for head in want:
        np.testing.assert_array_equal(again[head], after[head])
