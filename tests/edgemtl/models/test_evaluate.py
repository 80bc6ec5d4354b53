"""What evaluate counts, on answers made by hand."""

from dataclasses import replace

import numpy as np
import pytest

from edgemtl.card import Head, ModelCard
from edgemtl.errors import DataError
from edgemtl.features import FeatureSpec
from edgemtl.models.evaluate import evaluate

HEADS = (Head.divided("duration", [10, 30]), Head("traffic_class", ("search", "video")))


def card(**origin):
    return ModelCard(FeatureSpec(), HEADS, origin)


def answers(flows, durations, classes):
    return {"duration": np.eye(3)[durations], "traffic_class": np.eye(2)[classes]}


@pytest.fixture
def flows(make_flows):
    flows = make_flows(4)
    flows["duration_s"][:] = [5, 20, 40, np.nan]
    flows["traffic_class"][:] = ["search", "video", None, "video"]
    flows["partition"][:] = ["a", "a", "b", None]
    return flows


def test_each_head_counts_what_is_known(flows):
    got = evaluate(card(), answers(flows, [0, 1, 1, 2], [0, 0, 0, 1]), flows)
    assert got["flows"] == 4
    assert got["heads"]["duration"]["n"] == 3
    assert got["heads"]["duration"]["confusion"] == [[1, 0, 0], [0, 1, 0], [0, 1, 0]]
    assert got["heads"]["traffic_class"]["accuracy"] == pytest.approx(2 / 3)
    assert got["heads"]["traffic_class"]["classes"] == ["search", "video"]


def test_partitions_are_told_apart(flows):
    got = evaluate(card(), answers(flows, [0, 1, 1, 2], [0, 0, 0, 1]), flows)["partitions"]
    assert {name: part["flows"] for name, part in got.items()} == {"a": 2, "b": 1, "(none)": 1}
    assert got["a"]["heads"]["duration"]["accuracy"] == 1
    assert got["b"]["heads"]["duration"]["accuracy"] == 0
    assert got["(none)"]["heads"]["duration"]["n"] == 0


def test_one_partition_is_not_repeated(flows):
    flows["partition"][:] = "a"
    assert "partitions" not in evaluate(card(), answers(flows, [0] * 4, [0] * 4), flows)


def test_cut_flows_count_for_duration_only_where_training_took_them(flows):
    flows["end_reason"][:2] = "forced"
    p = answers(flows, [0, 1, 2, 2], [0] * 4)
    assert evaluate(card(), p, flows)["heads"]["duration"]["n"] == 1
    assert evaluate(card(keep_cut=True), p, flows)["heads"]["duration"]["n"] == 3


def test_an_unknown_class_is_named(flows):
    flows["traffic_class"][0] = "music"
    with pytest.raises(DataError, match=r"x: traffic class 'music' is none of .*search, video"):
        evaluate(card(), answers(flows, [0] * 4, [0] * 4), flows, "x")


def test_what_is_unknown_is_counted_apart(flows):
    rejecting = ModelCard(FeatureSpec(), (Head("traffic_class", ("search",), unknown_below=0.7),))
    p = {"traffic_class": np.array([[0.9], [0.6], [0.8], [0.75]])}
    found = evaluate(rejecting, p, flows)["heads"]["traffic_class"]["unknown"]
    assert found == {
        "below": 0.7, "rejected": 0.0, "accuracy": 1.0,
        "others": {"video": {"flows": 2, "rejected": 0.5}},
    }  # fmt: skip


def test_what_is_rejected_of_known_classes(flows):
    rejecting = ModelCard(FeatureSpec(), (HEADS[0], replace(HEADS[1], unknown_below=0.7)))
    p = answers(flows, [0] * 4, [0] * 4)
    p["traffic_class"] = np.array([[0.8, 0.2], [0.4, 0.6], [1, 0], [0.9, 0.1]])
    found = evaluate(rejecting, p, flows)["heads"]
    assert "unknown" not in found["duration"]
    got = found["traffic_class"]["unknown"]
    assert (got["rejected"], got["accuracy"]) == (pytest.approx(1 / 3), 0.5)
