"""What a training step is shown of a flow: all of it, its first packets, or its middle."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from edgemtl.card import ModelCard
from edgemtl.features import FeatureSpec
from edgemtl.training import RECIPES, TrainConfig
from edgemtl.training.parts import find_heads
from edgemtl.training.seen import drawn, examples

SPEC = FeatureSpec(k=20)
LONG, SHORT = 60, 25


@pytest.fixture
def draw(learnable, monkeypatch):
    """``draw(kept, **recipe)``: 30 flows of so many kept packets as 2,000 draws show them."""

    def one(kept, heads=("bandwidth", "duration", "traffic_class"), **chances):
        recipe = replace(RECIPES["best"], **{"prefixes": 0.0, "middles": 0.0} | chances)
        monkeypatch.setitem(RECIPES, "tried", recipe)
        flows = learnable(60)
        flows = flows.select(flows.kept_packets() >= LONG).first(kept)
        config = TrainConfig(spec=SPEC, recipe="tried", dividers="quantiles", heads=heads)
        card = ModelCard(SPEC, find_heads(flows, config, "x")[0], {"keep_cut": False})
        numbers = torch.arange(2000) % len(flows)
        x, y = drawn(examples(flows, card), flows, card, config).draw(numbers)
        return flows, numbers.numpy(), x.numpy(), y.numpy(), [head.name for head in card.heads]

    return one


def shown(flows, starts, length):
    """The tensors of packets start to start + length of each flow, by start."""
    tensors = []
    for start in starts:
        keep = [np.arange(a, b)[start : start + length]
                for a, b in zip(flows.offsets, flows.offsets[1:], strict=False)]  # fmt: skip
        iat = flows.iat_us.copy()
        iat[[k[0] for k in keep]] = 0
        at = np.concatenate(keep)
        tensors.append(replace(
            flows, offsets=np.concatenate([[0], np.cumsum([len(k) for k in keep])]),
            iat_us=iat[at], length=flows.length[at], direction=flows.direction[at],
        ).tensor(SPEC))  # fmt: skip
    return np.stack(tensors)


def test_a_middle_is_a_flow_that_began_later_and_teaches_the_class_alone(draw):
    flows, numbers, x, y, heads = draw(LONG, middles=1.0)
    views = shown(flows, (10, 20), 20)[:, numbers]
    from_10, from_20 = (x == views).all((2, 3))
    assert (from_10 | from_20).all()
    assert 0.4 < from_10.mean() < 0.6
    place = heads.index("traffic_class")
    assert (y[:, place] >= 0).all()
    assert (np.delete(y, place, axis=1) == -1).all()


def test_where_no_k_packets_follow_the_flow_is_shown_from_its_beginning(draw):
    flows, numbers, x, y, _ = draw(SHORT, middles=1.0)
    np.testing.assert_array_equal(x, flows.tensor(SPEC)[numbers])
    assert (y >= 0).all()


def test_a_network_without_traffic_class_sees_no_middles(draw):
    flows, numbers, x, y, _ = draw(LONG, heads=("bandwidth", "duration"), middles=1.0)
    np.testing.assert_array_equal(x, flows.tensor(SPEC)[numbers])
    assert (y >= 0).all()


def test_the_chances_are_the_recipes(draw):
    flows, numbers, x, y, _ = draw(LONG, prefixes=1 / 3, middles=0.2)
    cut = (x == shown(flows, (0,), 10)[0][numbers]).all((1, 2))
    whole = (x == flows.tensor(SPEC)[numbers]).all((1, 2))
    middle = (y == -1).any(1)
    assert (cut | whole | middle).all()
    assert cut.mean() == pytest.approx(1 / 3, abs=0.05)
    assert middle.mean() == pytest.approx(0.2, abs=0.05)
