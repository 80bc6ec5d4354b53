"""Changed copies of flows: what they keep, and what they change."""

import numpy as np
import pytest

from edgemtl.features import FeatureSpec
from edgemtl.training.augment import LOSS, START, Augmenter

SPEC = FeatureSpec(k=20)


@pytest.fixture
def draw(make_flows):
    flows = make_flows(50)

    def drawn(seed, index=None):
        index = np.arange(50) if index is None else index
        return Augmenter.of(flows, SPEC).draw(index, np.random.default_rng(seed))

    return flows, drawn


def test_copies_have_the_networks_shape_and_the_seed_decides(draw):
    _, drawn = draw
    first, again, other = drawn(1), drawn(1), drawn(2)
    assert first.shape == (50, 2, 20)
    assert first.dtype == np.float32
    np.testing.assert_array_equal(first, again)
    assert (first != other).mean() > 0.5


def test_a_copy_is_of_the_flow_at_its_number(draw):
    flows, drawn = draw
    flows.length[:] = np.repeat(40 + np.arange(50) % 10, flows.kept_packets())  # not jittered
    copies = drawn(3, np.array([7, 7, 31]))
    for copy, number in zip(copies, (7, 7, 31), strict=True):
        lengths = np.abs(copy[1] * SPEC.length_scale).round()
        assert set(lengths[lengths > 0]) == {40 + number % 10}


def test_every_copy_keeps_packets_and_starts_at_time_0(draw):
    flows, drawn = draw
    for seed in range(20):
        copies = drawn(seed)
        packets = (copies[:, 1] != 0).sum(1)
        assert packets.min() >= 1
        assert (packets <= np.minimum(flows.kept_packets(), SPEC.k)).all()
        assert (copies[:, 0, 0] == -1).all()


def test_losses_are_few_and_gaps_add_up(draw):
    """What a lost packet's gap was is in the next one's: no time is lost but the start's."""
    flows, _ = draw
    whole = FeatureSpec(k=80)
    augmenter = Augmenter.of(flows, whole)
    copies = augmenter.draw(np.arange(50), np.random.default_rng(0))
    packets = (copies[:, 1] != 0).sum(1)
    assert 1 - LOSS < (packets + START).sum() / flows.kept_packets().sum() < 1.2
    gaps = np.where(copies[:, 1] != 0, 2 ** (27 * (copies[:, 0] + 1) / 2) - 1, 0)
    long = flows.kept_packets() > 30
    original = np.add.reduceat(flows.iat_us, flows.offsets[:-1])
    assert 0.7 < np.median(gaps.sum(1)[long] / original[long]) < 1.3
