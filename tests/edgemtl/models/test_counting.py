"""The counting network: its bins against a slow count, folding, sizes."""

import numpy as np
import pytest
import torch

from edgemtl.card import Head, ModelCard
from edgemtl.errors import ModelError
from edgemtl.features import FeatureSpec
from edgemtl.models.counting import CountingNetwork, CountingSizes
from edgemtl.models.networks import cost, from_record, record, with_weights

HEADS = (
    Head.divided("bandwidth", (1e4, 5e4, 1e5, 1e6)),
    Head.divided("duration", (10, 30, 60)),
    Head("traffic_class", ("a", "b", "c", "d", "e")),
)


def card(**spec):
    return ModelCard(FeatureSpec(**spec), HEADS)


def flows(n, k=60):
    """Tensors as the featurizer gives them, from gaps in µs and signed lengths in bytes."""
    rng = np.random.default_rng(0)
    gap = 10 ** rng.uniform(0, 8, (n, k))
    length = rng.integers(40, 1500, (n, k)) * rng.choice([-1, 1], (n, k))
    x = np.stack([2 * np.log2(1 + gap) / 27 - 1, length / 1500], 1)
    return gap, length, torch.from_numpy(x.astype(np.float32))


def test_it_is_far_smaller_than_the_network_of_table_ii():
    assert cost(CountingNetwork(card()), 60) == (120_318, 136_960)


def test_counts_are_the_oracles():
    """6 times how far, in bins, each packet is beyond a border, at most one bin; averaged.

    Slanted: gap and length are of their largest; bins of a twelfth.
    """
    gap, length, x = flows(8)
    counts = CountingNetwork(card()).counts(x.unsqueeze(2)).reshape(8, 144, 6)
    for row, border in ((0, 0.0), (13, 13 * 20 / 24)):
        beyond = ((np.log2(1 + gap) - border) / (20 / 24)).clip(0, 1).reshape(8, 6, 10).mean(2)
        np.testing.assert_allclose(counts[:, row], 6 * beyond, atol=1e-4)
    for row, border in ((24, -1500), (47, -62.5), (48, 0), (60, 750)):
        beyond = ((length - border) / 62.5).clip(0, 1).reshape(8, 6, 10).mean(2)
        np.testing.assert_allclose(counts[:, row], 6 * beyond, atol=1e-4)
    gap, length = np.log2(1 + gap) / 20, length / 1500
    for row, value, border in (
        (72, gap + length, -1), (96, gap + length, 1), (108, gap - length, -1),
        (120, gap - length, 0),
    ):  # fmt: skip
        beyond = (12 * (value - border)).clip(0, 1).reshape(8, 6, 10).mean(2)
        np.testing.assert_allclose(counts[:, row], 6 * beyond, atol=1e-4)


def test_bins_can_be_straight_alone():
    straight = CountingNetwork(card(), CountingSizes(slanted=False))
    _, _, x = flows(3)
    counts = CountingNetwork(card()).counts(x.unsqueeze(2)).reshape(3, 144, 6)
    assert torch.equal(straight.counts(x.unsqueeze(2)).reshape(3, 72, 6), counts[:, :72])


@pytest.mark.parametrize("spec", [{}, {"iat": "clip"}, {"signed": False}, {"k": 64}, {"k": 6}])
def test_folding_changes_no_answer(spec):
    network = CountingNetwork(card(**spec))
    _, _, x = flows(50, spec.get("k", 60))
    histograms = network.histograms(x)
    shared = histograms(x)
    np.testing.assert_allclose(shared.mean(0), 0, atol=1e-4)
    assert shared.std(0).max() <= 1.001
    before = network.decision(shared)
    network.fold(histograms)
    for old, new in zip(before, network(x), strict=True):
        torch.testing.assert_close(old, new, atol=1e-4, rtol=1e-4)


def test_it_is_what_a_run_remembers_of_it():
    sizes = CountingSizes(bins=8, stretches=3, dense=(16,))
    network = CountingNetwork(card(), sizes)
    assert from_record(record(network)) == sizes
    copy = with_weights(card(), sizes, network.state_dict())
    _, _, x = flows(3)
    torch.testing.assert_close(copy(x), network.eval()(x))


@pytest.mark.parametrize(
    "sizes", [{"bins": 0}, {"bins": 1000}, {"stretches": 2.5}, {"dense": ()}, {"dense": (0,)}]
)
def test_sizes_that_no_network_has_are_refused(sizes):
    with pytest.raises(ValueError, match=r"CountingSizes\.(bins|stretches|dense): must be 1 to"):
        CountingSizes(**sizes)


def test_slants_are_there_or_not():
    with pytest.raises(ValueError, match=r"CountingSizes\.slanted: must be true or false"):
        CountingSizes(slanted=2)


def test_too_few_packets_are_refused():
    with pytest.raises(ModelError, match="k is 5: the network counts in 6 stretches"):
        CountingNetwork(card(k=5))


def test_unfolding_undoes_folding():
    network, (_, _, x) = CountingNetwork(card()), flows(64)
    histograms = network.histograms(x)
    with torch.no_grad():
        want = network.decision(histograms(x))
        network.fold(histograms)
        network.unfold(histograms)
        got = network.decision(histograms(x))
    for mine, its in zip(got, want, strict=True):
        torch.testing.assert_close(mine, its, rtol=0, atol=1e-4)


def test_borders_that_are_kept_count_as_before():
    _, _, x = flows(8)
    kept = (0, 5, 30, 143)
    few = CountingNetwork(card(), CountingSizes(borders=kept))
    every = CountingNetwork(card()).counts(x.unsqueeze(2)).reshape(8, 144, 6)
    counts = few.counts(x.unsqueeze(2)).reshape(8, 4, 6)
    torch.testing.assert_close(counts, every[:, list(kept)])


def test_a_border_that_there_is_not_is_refused():
    with pytest.raises(ModelError, match="border 144 is counted, 143 is the last"):
        CountingNetwork(card(), CountingSizes(borders=(0, 144)))


@pytest.mark.parametrize("borders", [(), (1, 1), (2, 1), (-1, 2), (0.5,), tuple(range(800))])
def test_borders_are_rising_numbers(borders):
    with pytest.raises(ValueError, match="borders: must be rising numbers"):
        CountingSizes(borders=borders)
