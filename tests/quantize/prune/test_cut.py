"""Channels that go: those that matter least, with all that hangs on them."""

import pytest
import torch

from edgemtl.models.counting import CountingNetwork
from edgemtl.models.networks import answer, cost, from_record, new_network, record
from edgemtl.quantize.prune.cut import cut
from edgemtl.quantize.prune.learner import Learner
from edgemtl.quantize.prune.weigh import weigh


def scores_of(network, x):
    return weigh(Learner.opened(network, x), torch.Generator().manual_seed(0))


def silence(network, layer, channels):
    """Let these outputs of a layer be 0 whatever the flow."""
    with torch.no_grad():
        layer.weight[channels] = 0
        layer.bias[channels] = -1
    return network


def dense(network):
    trunk = network.decision.dense if isinstance(network, CountingNetwork) else network.trunk
    return [layer for layer in trunk if isinstance(layer, torch.nn.Linear)]


def name_of(network, layer):
    return next(name for name, its in network.named_modules() if its is layer)


@pytest.mark.parametrize("share", [0.7, 0.4, 0.1])
def test_a_share_of_the_multiply_adds_is_left(network, card, x, share):
    macs = cost(network, 24)[1]
    left = cut(network, card, scores_of(network, x), share * macs)
    assert 0.6 * share * macs < cost(left, 24)[1] <= share * macs
    assert cost(left, 24)[0] < cost(network, 24)[0]
    assert [z.shape for z in answer(left, x)] == [z.shape for z in answer(network, x)]
    assert cost(network, 24)[1] == macs  # a copy was cut


def test_what_is_left_is_told_by_its_sizes(network, card, x):
    left = cut(network, card, scores_of(network, x), cost(network, 24)[1] / 2)
    again = new_network(card, from_record(record(left)))
    again.load_state_dict(left.state_dict())
    for mine, its in zip(answer(again, x), answer(left, x), strict=True):
        torch.testing.assert_close(mine, its, rtol=0, atol=0)


def test_borders_that_are_left_are_the_fixed_ones(card, x):
    network = new_network(card, from_record({"kind": "counting", "bins": 5, "stretches": 3}))
    left = cut(network, card, scores_of(network, x), cost(network, 24)[1] / 3)
    assert len(left.sizes.borders) < network.bins
    kept = list(left.sizes.borders)
    torch.testing.assert_close(left.counts[0].weight, network.counts[0].weight[kept])
    again = new_network(card, left.sizes)  # told by the sizes alone
    torch.testing.assert_close(again.counts[0].weight, left.counts[0].weight)
    assert not left.counts[0].weight.requires_grad


def test_channels_that_say_nothing_weigh_nothing_and_go_first(network, card, x):
    layer, following = dense(network)
    silence(network, layer, [1, 4, 5])
    scores = scores_of(network, x)
    own = scores[name_of(network, layer)]
    assert (own[[1, 4, 5]] == 0).all()
    assert (own > 0).sum() >= 4
    macs, before = cost(network, 24)[1], answer(network, x)
    left = cut(network, card, scores, macs - 3 * (layer.in_features + following.out_features))
    for mine, its in zip(answer(left, x), before, strict=True):
        torch.testing.assert_close(mine, its, rtol=0, atol=1e-5)


def test_each_layer_keeps_its_best_channel(network, card, x):
    scores = scores_of(network, x)
    left = cut(network, card, scores, 0)
    for before, after in zip(dense(network), dense(left), strict=True):
        best = scores[name_of(network, before)].argmax()
        assert after.bias.tolist() == [before.bias[best].item()]


def test_weighing_leaves_the_network_alone_and_is_the_seeds(network, x):
    before = {name: value.clone() for name, value in network.state_dict().items()}
    once, again = scores_of(network, x), scores_of(network, x)
    assert all(torch.equal(once[name], again[name]) for name in once)
    assert all(torch.equal(before[name], value) for name, value in network.state_dict().items())
    assert all(p.grad is None for p in network.parameters())
