"""Training from end to end on flows that can be learned."""

import re
from dataclasses import replace

import numpy as np
import pytest
import torch

from edgemtl.errors import DataError, EdgemtlError
from edgemtl.features import FeatureSpec
from edgemtl.flows import Flows
from edgemtl.training import RECIPES, TrainConfig, recipe_spec, train
from edgemtl.training.parts import split_parts, taught

QUICK = {"epochs": 2, "batch": 32}


def test_all_three_heads_are_learned(trained):
    test = trained.metrics["test"]
    assert list(test) == ["bandwidth", "duration", "traffic_class"]
    for head, measured in test.items():
        assert measured["n"] == len(trained.split["test"]) == 60
        assert measured["accuracy"] >= 0.9, head
    assert trained.notes == []


def test_the_epoch_of_least_validation_loss_is_kept(trained):
    losses = [row["validation_loss"] for row in trained.history]
    assert trained.best_epoch == 1 + int(np.argmin(losses))
    assert trained.history[-1]["loss"] < 0.5 * trained.history[0]["loss"]


def test_the_best_recipe_learns_all_three_heads(learnable):
    trained = train(learnable(240), TrainConfig(seed=3))
    assert all(m["accuracy"] >= 0.95 for m in trained.metrics["test"].values())
    assert trained.best_epoch == len(trained.history) == trained.history[0]["epochs"] == 450


def test_the_papers_recipe_is_the_papers(learnable):
    spec = recipe_spec("paper")
    assert (spec.iat, spec.length_scale, spec.signed, spec.padding, spec.min_packets) == (
        "clip", 1434.0, False, "pre", 20,
    )  # fmt: skip
    trained = train(learnable(90), TrainConfig(spec=spec, recipe="paper"))
    assert len(trained.history) == 20
    assert trained.config.plan(6139) == (20, 96)
    assert sum(p.numel() for p in trained.network.trunk.parameters()) == 292_992


def test_changed_copies_train_too(learnable, monkeypatch):
    monkeypatch.setitem(RECIPES, "best", replace(RECIPES["best"], augment=True))
    trained = train(learnable(120), TrainConfig(epochs=150))
    assert all(m["accuracy"] >= 0.9 for m in trained.metrics["test"].values())


def test_temperatures_were_fitted(trained):
    assert all(0.5 <= head.temperature <= 20 for head in trained.card.heads)
    assert any(head.temperature != 1 for head in trained.card.heads)


def test_patience_ends_the_training(learnable):
    # labels that follow from nothing: the validation loss can't improve for long
    flows = learnable(90)
    flows["traffic_class"][:] = np.random.default_rng(0).permutation(flows["traffic_class"])
    trained = train(flows, TrainConfig(method="stl", epochs=40, patience=2, batch=16))
    assert len(trained.history) == trained.best_epoch + 2 < 40


def test_same_seed_same_weights_and_the_callers_random_state_is_left(learnable):
    flows = learnable(60)
    torch.manual_seed(11)
    before = torch.random.get_rng_state()
    first, again, other = (train(flows, TrainConfig(seed=s, **QUICK)) for s in (1, 1, 2))
    assert torch.equal(before, torch.random.get_rng_state())
    assert not torch.are_deterministic_algorithms_enabled()
    assert first.split == again.split
    states = [t.network.state_dict() for t in (first, again, other)]
    assert all(torch.equal(states[0][name], states[1][name]) for name in states[0])
    assert not all(torch.equal(states[0][name], states[2][name]) for name in states[0])


def test_hidden_labels_neither_train_nor_stop(learnable):
    trained = train(learnable(90), TrainConfig(recipe="paper", labels_per_class=4, **QUICK))
    assert all(row["traffic_class_validation_accuracy"] is None for row in trained.history)
    assert all(row["traffic_class_validation_loss"] == 0 for row in trained.history)
    assert trained.card.head("traffic_class").temperature == 1
    assert trained.metrics["validation"]["traffic_class"]["n"] == 0
    assert trained.metrics["test"]["traffic_class"]["n"] == len(trained.split["test"])
    assert "no label to validate with" in trained.notes[0]


def test_without_validation_labels_training_flows_calibrate(learnable, monkeypatch):
    """Smoothed labels make a network less sure than it may be of flows that are told apart well."""
    config = TrainConfig(labels_per_class=12, epochs=60)
    trained = train(learnable(240), config)
    assert trained.notes == []
    monkeypatch.setitem(RECIPES, "best", replace(RECIPES["best"], cross_fit=False))
    plain = train(learnable(240), config)
    heads = [t.card.head("traffic_class").temperature for t in (trained, plain)]
    assert heads[0] < heads[1] == 1
    measured, before = (t.metrics["test"]["traffic_class"] for t in (trained, plain))
    assert measured["accuracy"] == before["accuracy"]  # a temperature turns no answer
    assert measured["ece"] < before["ece"]


def test_stl_trains_the_traffic_class_alone(learnable):
    trained = train(learnable(60), TrainConfig(method="stl", **QUICK))
    assert [head.name for head in trained.card.heads] == ["traffic_class"]


def test_heads_can_be_switched_off(learnable):
    wanted = ("traffic_class", "duration")
    trained = train(learnable(60), TrainConfig(heads=wanted, **QUICK))
    assert [head.name for head in trained.card.heads] == ["duration", "traffic_class"]
    assert trained.notes == []


def test_without_a_validation_label_the_last_epoch_is_kept(learnable):
    config = TrainConfig(method="stl", labels_per_class=4, epochs=3, patience=1)
    trained = train(learnable(60), config)
    assert trained.best_epoch == len(trained.history) == 3


def test_a_head_with_one_class_is_left_out_and_said(learnable):
    flows = learnable(60)
    flows["duration_s"][:] = 3.0
    trained = train(flows, TrainConfig(**QUICK))
    assert [head.name for head in trained.card.heads] == ["bandwidth", "traffic_class"]
    assert trained.notes == [
        "head duration has nothing to learn, all known labels are '<10 s': left out of the model"
    ]


@pytest.mark.parametrize("dividers", ["paper", "quantiles"])
def test_a_head_without_labels_is_left_out_and_said(learnable, dividers):
    flows = learnable(60)
    flows["bytes_per_s"][:] = np.nan
    flows["traffic_class"][:] = None
    trained = train(flows, TrainConfig(dividers=dividers, **QUICK))
    assert [head.name for head in trained.card.heads] == ["duration"]
    assert [note.split(",")[0] for note in trained.notes] == [
        "head bandwidth has nothing to learn", "head traffic_class has nothing to learn",
    ]  # fmt: skip


def test_nothing_to_learn_at_all_is_refused(learnable):
    flows = learnable(60)
    flows["traffic_class"][:] = None
    with pytest.raises(DataError, match=r"x: head traffic_class .* no head is left to train"):
        train(flows, TrainConfig(method="stl", **QUICK), "x")


def test_cut_flows_have_no_duration_unless_told(learnable):
    flows = learnable(60)
    flows["end_reason"][:] = "forced"
    heads = [h.name for h in train(flows, TrainConfig(**QUICK)).card.heads]
    assert heads == ["bandwidth", "traffic_class"]
    kept = train(flows, TrainConfig(keep_cut=True, **QUICK)).card
    assert len(kept.heads) == 3
    assert kept.origin["keep_cut"] is True


def test_dividers_come_from_training_flows_alone(learnable):
    flows = learnable(120)
    config = TrainConfig(dividers="quantiles", **QUICK)
    before = train(flows, config)
    held = np.isin(flows["flow_id"], before.split["test"] + before.split["validation"])
    flows["bytes_per_s"][held] *= 1000
    after = train(flows, config)
    assert after.card.head("bandwidth").dividers == before.card.head("bandwidth").dividers


def test_short_flows_are_left_out_and_counted(learnable):
    flows = learnable(90)
    trained = train(flows, TrainConfig(spec=FeatureSpec(min_packets=50), **QUICK))
    short = int((flows.kept_packets() < 50).sum())
    assert trained.notes[0] == f"{short} flows under 50 packets were left out"
    assert sum(map(len, trained.split.values())) == 90 - short


def test_a_loss_that_is_not_finite_is_said(learnable):
    with pytest.raises(EdgemtlError, match="the loss is not finite: lower --lambda"):
        train(learnable(60), TrainConfig(lam=1e300, **QUICK))


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"method": "rf"}, "method: must be mtl or stl, others are in edgemtl study, got 'rf'"),
        ({"labels_per_class": 0}, "labels-per-class: must be 1 or more, got 0"),
        ({"lam": float("nan")}, "lambda: must be positive and finite, got nan"),
        ({"seed": -1}, "seed: must be 0 to 4294967295, got -1"),
        ({"epochs": 0}, "epochs: must be 1 or more, got 0"),
        ({"batch": 0}, "batch: must be 1 or more, got 0"),
    ],
)
def test_a_wrong_setting_is_refused(wrong, says):
    with pytest.raises(DataError, match=says):
        TrainConfig(**wrong)


def test_near_duplicates_across_parts_are_said(learnable):
    flows = Flows.concat([learnable(60), learnable(60)])
    flows["flow_id"][:] = [str(i) for i in range(120)]
    twins = re.compile("of 30 test flows have nearly the lengths of a training flow")
    assert any(map(twins.search, split_parts(flows, TrainConfig()).notes))
    flows.length[flows.offsets[:60]] += 5  # of each flow's first packet, in one of its copies
    assert any(map(twins.search, split_parts(flows, TrainConfig()).notes))
    assert split_parts(learnable(60), TrainConfig()).notes == []
    flows.direction[: flows.offsets[60]] *= -1  # which tells them apart, where it is seen
    assert split_parts(flows, TrainConfig()).notes == []
    unsigned = TrainConfig(spec=FeatureSpec(signed=False))
    assert any(map(twins.search, split_parts(flows, unsigned).notes))


def test_flows_without_a_label_take_no_part_in_a_step(learnable):
    """Most of each batch would be theirs."""
    flows = learnable(300)
    flows["traffic_class"][np.random.default_rng(1).permutation(300)[:270]] = None
    config = TrainConfig(method="stl", epochs=2)
    parts = split_parts(flows, config)
    of_class = taught(parts)
    names = of_class.flows["train"]["traffic_class"]
    assert 10 < len(names) < 20
    assert None not in names
    assert of_class.flows["test"] is parts.flows["test"]
    trained = train(flows, config)
    assert trained.split["train"] == list(parts.flows["train"]["flow_id"])
    of_all = split_parts(flows, TrainConfig())
    assert taught(of_all) is of_all  # bandwidth is known of every flow


@pytest.mark.parametrize("steps", range(1, 25))
def test_a_schedule_of_any_length(steps):
    import torch

    from edgemtl.training.fit import _rates

    optimizer = torch.optim.AdamW([torch.nn.Parameter(torch.zeros(1))], 0.01)
    rates = _rates(optimizer, True, steps)
    for _ in range(steps):
        optimizer.step()
        rates.step()
    assert 0 <= optimizer.param_groups[0]["lr"] <= 0.01


def test_flows_kept_aside_of_other_classes_and_shares_are_said(learnable):
    flows = learnable(60)
    flows.columns["src"] = flows["traffic_class"]  # a host a class
    config = TrainConfig(split_by="host", shares=(0.0, 0.1))
    notes = split_parts(flows, config).notes
    assert (
        "test part: 33 % of the flows, 10 % were asked for: --split-by host shares them" in notes[0]
    )
    assert notes[1].startswith("20 test flows are of classes that no training flow has, which are")
    few = split_parts(learnable(9), TrainConfig(shares=(0.0, 0.1))).notes  # one of each class: 33 %
    assert not any("asked for" in note for note in few)
