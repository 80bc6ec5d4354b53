"""How far down: judged by flows that were not learned."""

from dataclasses import replace
from math import inf

import numpy as np
import pytest
import torch

from edgemtl.models.networks import cost
from edgemtl.quantize.prune import tune as tuning
from edgemtl.quantize.prune.judge import CrossFitted, OnFlows, choose_judge, flows_of
from edgemtl.quantize.prune.source import as_seen
from edgemtl.quantize.prune.walk import walk
from edgemtl.training import TrainConfig
from edgemtl.training.parts import split_parts
from tests.exported import service_flows

SHARES = [0.8, 0.6, 0.4, 0.3]


@pytest.fixture(autouse=True)
def hasty(monkeypatch):
    monkeypatch.setattr(tuning, "STEPS", (3, 3))


class Scripted:
    """A judge who knows beforehand: of 1,000 labels so many are right, by step and head."""

    def __init__(self, *steps):
        self._right = [torch.tensor([right, (1000, 1000, 1000)]) for right in steps]
        self.before = self._right.pop(0)

    def __call__(self, network):
        return self._right.pop(0)


def walked(learned, training, judge, max_drop):
    trained, _ = learned
    return walk(
        trained.network, trained.card, training, SHARES, judge, max_drop, trained.config, print
    )


def test_it_stops_at_the_bound_and_keeps_the_last_good_network(learned, training):
    judge = Scripted((900, 800, 700), (890, 800, 700), (900, 790, 710), (910, 789, 720))
    network, rows = walked(learned, training, judge, 1.0)
    assert [row["kept"] for row in rows] == [True, True, True, False]
    assert rows[3]["heads"]["duration"] == {
        "n": 1000, "accuracy": 0.789, "drop": pytest.approx(1.1),
    }  # fmt: skip
    assert (rows[2]["parameters"], rows[2]["macs"]) == cost(network, 60)
    assert 0.5 < rows[2]["share"] <= 0.6


def test_a_head_without_labels_holds_nothing_up(learned, training):
    judge = Scripted((900, 800, 700), *[(900, 800, 700)] * 4)
    for right in (judge.before, *judge._right):
        right[:, 1] = 0
    _, rows = walked(learned, training, judge, 0.0)
    assert [row["kept"] for row in rows] == [True] * 5
    assert rows[0]["heads"]["duration"] == {"n": 0, "accuracy": None, "drop": None}


def test_nothing_good_leaves_the_network_whole(learned, training):
    network, rows = walked(learned, training, Scripted((900, 800, 700), (0, 0, 0)), 0.5)
    assert network is learned[0].network
    assert [row["kept"] for row in rows] == [True, False]


def parts_of(flows, **config):
    config = TrainConfig(dividers="quantiles", epochs=2, seed=3, **config)
    return config, split_parts(flows, config)


def chosen(learned, parts, max_drop, config):
    trained, _ = learned
    return choose_judge(trained.card, trained.network, parts.flows, SHARES, max_drop, config, print)


def test_validation_flows_judge_what_they_can_resolve(learned):
    config, parts = parts_of(learned[1], shares=(0.5, 0.1))
    judge, told, notes = chosen(learned, parts, 1.0, config)
    assert isinstance(judge, OnFlows)
    assert (told, notes) == (f"{len(parts.flows['validation'])} validation flows", [])


def test_cross_fitting_judges_where_they_cannot(learned):
    config, parts = parts_of(learned[1], shares=(0.2, 0.2))
    n = len(parts.flows["train"]) + len(parts.flows["validation"])
    judge, told, notes = chosen(learned, parts, 100 / (n - 1), config)
    assert isinstance(judge, CrossFitted)
    assert told == f"{n} training and validation flows, cross-fitted"
    assert judge.before[1].tolist() == [n, n, n]  # each flow once
    assert judge(None)[1].tolist() == [n, n, n]
    assert notes == []


def test_too_few_labels_are_said(learned):
    config, parts = parts_of(learned[1], labels_per_class=5)
    _, _, notes = chosen(learned, parts, 0.8, config)
    assert notes == [
        "20 labels tell what pruning costs traffic_class: one is 5.00 points, "
        "so not one may be lost at --prune-drop 0.8: train with more labels, or allow more"
    ]


def test_a_flow_that_is_nearly_the_bound_may_be_lost_and_that_is_said(learned):
    config, parts = parts_of(learned[1], shares=(0.2, 0.2))
    _, _, notes = chosen(learned, parts, 0.4, config)
    assert notes == [
        "192 labels tell what pruning costs bandwidth, duration, traffic_class: one is 0.52 "
        "points, and may be lost at --prune-drop 0.4"
    ]


@pytest.mark.parametrize(
    ("points", "labels", "flows"),
    [(0.5, 20, 0), (0.5, 99, 0), (0.5, 185, 1), (0.5, 200, 1), (0.5, 399, 1), (0.5, 400, 2),
     (1.1, 1000, 11), (0.0, 1000, 0)],
)  # fmt: skip
def test_points_are_whole_flows(points, labels, flows):
    assert flows_of(points, torch.tensor(labels)) == flows


def test_without_a_bound_any_flows_will_do(learned):
    config, parts = parts_of(learned[1], shares=(0.0, 0.2))
    judge, told, notes = chosen(learned, parts, inf, config)
    assert isinstance(judge, OnFlows)
    assert told == f"{len(parts.flows['train'])} training flows"
    assert "which the network knows" in notes[0]


def test_labels_that_training_did_not_see_stay_hidden():
    flows = service_flows(120, seed=6)
    config, parts = parts_of(flows, labels_per_class=4)
    known = dict(zip(flows["flow_id"], flows["traffic_class"], strict=True))
    told = {}
    for part, some in parts.flows.items():  # as a reader finds them in the flow table
        names = np.array([known[i] for i in some["flow_id"]], object)
        told[part] = replace(some, columns=some.columns | {"traffic_class": names})
    seen = as_seen(told, config)
    for part, some in parts.flows.items():
        assert seen[part]["traffic_class"].tolist() == some["traffic_class"].tolist()
