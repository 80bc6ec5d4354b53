"""Of the ways to make an int8 file, the one that answers most like the network is kept."""

import copy

import numpy as np
import pytest
import torch

from edgemtl.card import Head, ModelCard
from edgemtl.features import FeatureSpec
from edgemtl.models.network import Sizes
from edgemtl.models.networks import new_network
from edgemtl.quantize import int8
from edgemtl.quantize.convert import convert
from edgemtl.quantize.graph import Graph
from edgemtl.quantize.known import Known
from edgemtl.runtime import load

CARD = ModelCard(FeatureSpec(k=20), (Head.divided("duration", [1, 10]),), {})


@pytest.fixture(scope="module")
def network():
    torch.manual_seed(0)
    return new_network(CARD, Sizes((8, 8), (16,)))


@pytest.fixture(scope="module")
def known():
    noise = np.random.default_rng(0).normal(size=(400, 2, 20)).cumsum(2) / 4
    x = noise.astype(np.float32)
    return Known(x[:300], x[300:], {"duration": np.zeros(100, np.int64)}, seed=1)


def made_and_its_divergence(network, known, folder):
    (made,) = convert(network, CARD, known, folder / "x", {"onnx": ["int8"]}, "float", print)
    p, q = Graph(network, CARD).answer(known.held), load(made.file).predict(known.held)
    ratio = np.log(p["duration"] / q["duration"])
    return made, float((p["duration"] * ratio).sum(1).mean())


def test_fine_tuning_is_kept_where_it_helps(network, known, tmp_path, monkeypatch):
    made, divergence = made_and_its_divergence(network, known, tmp_path)
    assert made.how["fine_tuned"]
    assert made.how["validation"]["divergence"] == pytest.approx(divergence, rel=1e-3)
    monkeypatch.setattr(int8, "fine_tuned", lambda levels, *others: levels)
    assert divergence < made_and_its_divergence(network, known, tmp_path)[1]


def test_fine_tuning_is_left_out_where_it_hurts(network, known, tmp_path, monkeypatch):
    def spoilt(levels, *others):
        levels = copy.deepcopy(levels)
        for weight in levels.network.parameters():
            weight.data.neg_()
        return levels

    monkeypatch.setattr(int8, "fine_tuned", spoilt)
    made, divergence = made_and_its_divergence(network, known, tmp_path)
    assert not made.how["fine_tuned"]
    assert divergence < 1e-2
