"""Training for answers that can be trusted: first packets, and what is unknown."""

from dataclasses import replace

import numpy as np
import pytest

from edgemtl.errors import DataError
from edgemtl.training import TrainConfig, train
from edgemtl.training.recipe import RECIPES

QUICK = replace(RECIPES["best"], epochs=20, steps=0)


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setitem(RECIPES, "best", QUICK)
    monkeypatch.setitem(RECIPES, "whole", replace(QUICK, prefixes=0.0))


def test_first_packets_are_learned_from_the_same_way_twice(learnable):
    flows = learnable(150)
    first, again = (train(flows, TrainConfig(seed=3)) for _ in range(2))
    assert first.metrics == again.metrics
    rows = first.metrics["test"]["traffic_class"]["prefixes"]
    assert [row["packets"] for row in rows] == [10, 20, 40, 60]
    whole = train(flows, TrainConfig(seed=3, recipe="whole")).metrics["test"]
    at_ten = whole["traffic_class"]["prefixes"][0]
    assert rows[0]["accuracy"] > at_ten["accuracy"] + 0.1
    assert first.card.origin["prefixes"] == pytest.approx(1 / 3)


def test_unknown_has_the_precision_that_was_asked_for(learnable):
    flows = learnable(240)
    wrong = np.random.default_rng(1).random(240) < 0.2
    flows["traffic_class"][wrong] = "music"  # a fifth of the labels says nothing
    config = TrainConfig(unknown=0.9, labels_per_class=30, shares=(0.1, 0.2))
    trained = train(flows, config)
    (note,) = (n for n in trained.notes if "is unknown" in n)
    below = trained.card.head("traffic_class").unknown_below
    assert 0.3 < below < 1
    assert f"under {below:.3f} is unknown" in note
    assert trained.card.head("duration").unknown_below == 0
    assert trained.metrics["test"]["traffic_class"]["unknown"]["below"] == below


def test_unknown_without_a_label_to_choose_by_is_refused(learnable):
    flows = learnable(90)
    with pytest.raises(DataError, match="--unknown: no validation flow has a traffic class"):
        train(flows, TrainConfig(recipe="paper", unknown=0.9, labels_per_class=5, epochs=1))
    with pytest.raises(DataError, match="--unknown: is of the traffic class"):
        train(flows, TrainConfig(heads=("duration",), unknown=0.9, epochs=1))
    called = flows.select(slice(None))
    called["traffic_class"][:30] = "unknown"
    with pytest.raises(DataError, match="--unknown: a traffic class is called 'unknown', as are"):
        train(called, TrainConfig(recipe="paper", unknown=0.9, epochs=1))
    with pytest.raises(DataError, match="unknown: must be above 0 and under 1, got 1"):
        TrainConfig(unknown=1)
