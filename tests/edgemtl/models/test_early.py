"""Answers from first packets: which packets, how good, and when one is sure."""

import numpy as np
import pytest

from edgemtl.features import FeatureSpec
from edgemtl.models.early import early_metrics, prefix_answers, prefixes, sure_at

SPEC = FeatureSpec(k=40)  # asked after 10, 20 and 40 packets


@pytest.mark.parametrize(
    ("k", "min_packets", "want"),
    [(60, 1, (10, 20, 40, 60)), (60, 20, (20, 40, 60)), (10, 1, (10,)), (4, 4, (4,)),
     (1024, 1, (10, 20, 40, 80, 160, 320, 640, 1024))],
)  # fmt: skip
def test_prefixes_double_up_to_k(k, min_packets, want):
    assert prefixes(FeatureSpec(k=k, min_packets=min_packets)) == want


@pytest.mark.parametrize("padding", ["post", "pre"])
def test_a_prefix_looks_like_a_flow_that_ended_there(make_flows, padding):
    flows, spec = make_flows(30), FeatureSpec(k=40, padding=padding)
    seen = []

    def predict(x):
        seen.append(x)
        return {"duration": np.ones((len(x), 2))}

    p = prefix_answers(predict, flows, spec)
    assert p["duration"].shape == (3, 30, 2)
    assert seen[0].shape == (30, 2, 40)
    for i in range(30):
        cut = flows.select([i])
        cut.offsets[1] = min(10, cut.offsets[1])
        np.testing.assert_array_equal(seen[0][i], cut.tensor(spec)[0])
    np.testing.assert_array_equal(seen[2], flows.tensor(spec))


def test_no_answer_where_too_few_packets_count(make_flows):
    flows = make_flows(3).first(30)
    payload = np.ones(len(flows.length), np.int32)
    payload[flows.offsets[1] : flows.offsets[1] + 20] = 0  # of the second flow
    flows.payload = payload
    spec = FeatureSpec(k=40, skip_empty=True)
    p = prefix_answers(lambda x: {"duration": np.ones((len(x), 2))}, flows, spec)["duration"]
    assert [row.tolist() for row in p.any(2)] == [[True, False, True]] * 2 + [[True] * 3]
    assert early_metrics(p, np.zeros(3, int), flows, spec)["prefixes"][0]["n"] == 2


def flows_of(make_flows, counts):
    """Flows of so many packets."""
    flows = make_flows(200)
    kept = flows.kept_packets()
    chosen = [flows.select([int(np.flatnonzero(kept >= n)[0])]).first(n) for n in counts]
    return type(flows).concat(chosen)


def test_answers_come_as_soon_as_they_are_sure(make_flows):
    # top probability after 10, 20 and 40 packets; class 1 is right
    right = np.array([[0.3, 0.95, 0.5, 0.2], [0.6, 0.2, 0.95, 0.9], [0.9, 0.9, 0.55, 0.7]])
    p = np.stack([1 - right, right], axis=2)
    y = np.array([1, 1, 1, -1])
    np.testing.assert_array_equal(sure_at([p], 0.9), [2, 0, 1, 1])
    np.testing.assert_array_equal(sure_at([p, p[:, ::-1]], 0.9), [2, 2, 2, 2])
    got = early_metrics(p, y, flows_of(make_flows, [45, 33, 12, 50]), SPEC)
    assert [row["packets"] for row in got["prefixes"]] == [10, 20, 40]
    assert [row["accuracy"] for row in got["prefixes"]] == pytest.approx([1 / 3, 2 / 3, 1])
    by_confidence = {row["confidence"]: row for row in got["early"]}
    assert by_confidence[0.9] == {
        "confidence": 0.9, "accuracy": 1.0, "unknown": 0.0, "early": pytest.approx(1 / 3),
        "packets_mean": pytest.approx((40 + 10 + 12) / 3), "packets_median": 12.0,
    }  # fmt: skip
    assert by_confidence[0.5]["accuracy"] == pytest.approx(1 / 3)
    assert by_confidence[0.5]["packets_mean"] == 10


def test_what_is_unknown_is_no_answer(make_flows):
    right = np.array([[0.3, 0.85, 0.5], [0.6, 0.2, 0.95], [0.9, 0.6, 0.55]])
    p = np.stack([1 - right, right], axis=2)
    flows = flows_of(make_flows, [45, 33, 50])
    by_confidence = {
        row["confidence"]: row
        for row in early_metrics(p, np.ones(3, int), flows, SPEC, 0.9)["early"]
    }
    assert by_confidence[0.5] == by_confidence[0.9] | {"confidence": 0.5}  # no answer below 0.9
    assert by_confidence[0.5]["accuracy"] == 1.0
    assert by_confidence[0.5]["unknown"] == pytest.approx(1 / 3)
    assert by_confidence[0.99]["unknown"] == pytest.approx(2 / 3)
    none = early_metrics(np.full((3, 2, 2), 0.5), np.ones(2, int), flows.select([0, 1]), SPEC, 0.9)
    assert {(row["accuracy"], row["unknown"]) for row in none["early"]} == {(None, 1.0)}


def test_nothing_known_is_nothing_measured(make_flows):
    p = np.full((3, 4, 2), 0.5)
    got = early_metrics(p, np.full(4, -1), make_flows(4), SPEC)
    assert got["early"] == []
    assert [row["n"] for row in got["prefixes"]] == [0, 0, 0]
