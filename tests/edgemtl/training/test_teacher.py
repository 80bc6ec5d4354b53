"""The teacher: what it sees, what it tells, and when it is asked."""

from dataclasses import replace

import numpy as np
import torch

from edgemtl.card import Head, ModelCard
from edgemtl.features import FeatureSpec
from edgemtl.training import RECIPES, TrainConfig, train
from edgemtl.training.device import deterministic
from edgemtl.training.fit import Examples
from edgemtl.training.teacher import taught, whole_flow

CARD = ModelCard(
    FeatureSpec(), (Head.divided("duration", (10,)), Head("traffic_class", ("a", "b")))
)


def examples(n, known):
    """`x` tells nothing; the whole flow tells the class."""
    rng = np.random.default_rng(0)
    kind = np.arange(n) % 2
    y = np.stack([np.zeros(n, np.int64), np.where(np.arange(n) < known, kind, -1)], 1)
    whole = np.repeat(kind[:, None], 4, 1).astype(np.float32)
    x = rng.normal(size=(n, 8)).astype(np.float32)
    return kind, Examples(*map(torch.from_numpy, (x, y)), whole=torch.from_numpy(whole))


def test_what_it_sees_of_a_whole_flow(learnable):
    flows = learnable(4)
    flows["bytes_per_s"][:] = [2.0**8, 2.0**10.25, 2.0**40, np.nan]
    flows["duration_s"][:] = [2.0**-3.5, 0.0, 4.0, np.nan]
    bandwidth, duration = np.split(whole_flow(flows), 2, axis=1)
    np.testing.assert_allclose(bandwidth.sum(1), [0, 2.25, 16, 0], atol=1e-5)
    np.testing.assert_allclose(duration.sum(1), [0.5, 0, 6, 0], atol=1e-5)
    assert bandwidth[1, :4].tolist() == [1, 1, 0.25, 0]


def test_it_tells_the_class_by_what_the_network_can_not_see():
    kind, known = examples(60, known=20)
    with deterministic(1):
        told = taught(known, CARD, (16,), TrainConfig(epochs=40, batch=20)).taught
    assert told.shape == (60, 2)
    torch.testing.assert_close(told.sum(1), torch.ones(60))
    assert (told.argmax(1).numpy() == kind).mean() > 0.95


def test_where_all_is_known_or_nothing_is_asked_nobody_teaches():
    _, known = examples(20, known=20)
    assert taught(known, CARD, (16,), TrainConfig()) is known
    _, hidden = examples(20, known=10)
    other = replace(CARD, heads=CARD.heads[:1])
    assert taught(replace(hidden, y=hidden.y[:, :1]), other, (16,), TrainConfig()).taught is None


def test_it_matters_where_labels_are_hidden_and_only_there(learnable, monkeypatch):
    def answers(labels, taught):
        monkeypatch.setitem(RECIPES, "best", replace(best, cross_fit=False, taught=taught))
        flows = learnable(60)
        trained = train(flows, TrainConfig(labels_per_class=labels, epochs=3, shares=(0, 0)))
        return trained.network(torch.from_numpy(flows.tensor(FeatureSpec())))[2]

    best = RECIPES["best"]
    assert torch.equal(answers(None, True), answers(None, False))
    assert not torch.equal(answers(2, True), answers(2, False))
