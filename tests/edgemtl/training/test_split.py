"""Splits: whole, apart, alike, seeded; and labels that are really hidden."""

import numpy as np
import pytest

from edgemtl.errors import DataError
from edgemtl.flows import NULL
from edgemtl.training.split import hide_labels, split, split_flows


def classes(**counts):
    names = [None if name == "none" else name for name, n in counts.items() for _ in range(n)]
    return np.array(names, object)


def test_each_flow_is_in_one_part():
    split = split_flows(classes(a=100, b=37, none=200), 1, "x")
    everything = np.concatenate(list(split.values()))
    assert sorted(everything) == list(range(337))


def test_each_class_is_shared_out_alike():
    labels = classes(a=100, b=40, none=200)
    split = split_flows(labels, 1, "x")
    for name, n in (("a", 100), ("b", 40), (None, 200)):
        shares = [int((labels[split[part]] == name).sum()) for part in split]
        assert shares == [n * 60 // 100, n * 15 // 100, n * 25 // 100]


def test_three_flows_of_a_class_go_one_to_each_part():
    labels = classes(a=3, b=3)
    split = split_flows(labels, 5, "x")
    assert all(sorted(labels[flows]) == ["a", "b"] for flows in split.values())


def test_the_seed_decides():
    labels = classes(a=50, b=50)
    first, again, other = (split_flows(labels, seed, "x")["test"] for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


def test_too_few_flows_are_refused():
    with pytest.raises(DataError, match=r"x: traffic class 'b' has 2 flows.*label more"):
        split_flows(classes(a=10, b=2), 1, "x")
    with pytest.raises(DataError, match="x: 2 flows are too few"):
        split_flows(classes(none=2), 1, "x")


def test_hidden_labels_are_hidden_from_training_and_validation():
    labels = classes(a=100, b=40, none=20)
    split = split_flows(labels, 1, "x")
    seen = hide_labels(labels, split, 7, 1, "x")
    train = seen[split["train"]]
    assert [(train == "a").sum(), (train == "b").sum()] == [7, 7]
    assert set(seen[split["validation"]]) == {None}
    np.testing.assert_array_equal(seen[split["test"]], labels[split["test"]])
    shown = np.array([s is not None for s in seen])
    np.testing.assert_array_equal(seen[shown], labels[shown])


def test_too_few_labels_are_refused():
    labels = classes(a=100, b=10)
    split = split_flows(labels, 1, "x")
    with pytest.raises(DataError, match=r"x: traffic class 'b' has 5 labels.*7 of each class were"):
        hide_labels(labels, split, 7, 1, "x")


def test_a_class_that_training_has_not_is_asked_for_no_labels():
    labels = classes(a=100, b=10)
    split = {"train": np.arange(60), "validation": np.arange(60, 70), "test": np.arange(70, 110)}
    seen = hide_labels(labels, split, 7, 1, "x")
    assert (seen[split["train"]] == "a").sum() == 7
    assert (seen[split["test"]] == "b").sum() == 10


def test_a_part_of_share_0_is_empty():
    classes = np.array(["a", "b"] * 10, object)
    split = split_flows(classes, 1, "x", (0.0, 0.0))
    assert [len(split[part]) for part in ("train", "validation", "test")] == [20, 0, 0]


@pytest.mark.parametrize("by", ["partition", "host"])
def test_a_group_is_in_one_part(make_flows, by):
    flows = make_flows(200)
    groups = np.array([f"g{i % 17}" for i in range(200)], object)
    flows.columns[{"host": "src"}.get(by, by)] = groups
    parts = split(flows, by, 3, "x", (0.2, 0.3))
    assert np.array_equal(np.sort(np.concatenate(list(parts.values()))), np.arange(200))
    seen = [set(groups[parts[p]]) for p in ("train", "validation", "test")]
    assert not (seen[0] & seen[1] or seen[0] & seen[2] or seen[1] & seen[2])
    assert len(parts["validation"]) / 200 == pytest.approx(0.2, abs=0.03)
    assert len(parts["test"]) / 200 == pytest.approx(0.3, abs=0.03)
    other = split(flows, by, 4, "x", (0.2, 0.3))
    assert seen[2] != set(groups[other["test"]])


@pytest.mark.parametrize(
    ("sizes", "want"),
    [
        ((50,) * 5, (150, 50, 50)),
        ((6439, 150, 83), (6439, 83, 150)),
        ((1342, 371, 5), (1342, 5, 371)),
        ((400, 1, 1, 1), (400, 1, 2)),
    ],
)
def test_few_groups_are_shared_out_as_well_as_they_can_be(make_flows, sizes, want):
    flows = make_flows(sum(sizes))
    flows.columns["src"] = np.repeat([f"host{i}" for i in range(len(sizes))], sizes).astype(object)
    for seed in range(1, 21):
        parts = split(flows, "host", seed, "x", (0.15, 0.25))
        assert len(parts["train"]) == want[0]
        assert sorted(len(parts[part]) for part in ("validation", "test")) == sorted(want[1:])


def test_by_time_the_last_flows_are_the_test(make_flows):
    flows = make_flows(100)
    flows.columns["start_us"] = np.random.default_rng(0).permutation(100)
    parts = split(flows, "time", 1, "x", (0.1, 0.2))
    assert sorted(flows["start_us"][parts["test"]]) == list(range(80, 100))
    assert sorted(flows["start_us"][parts["validation"]]) == list(range(70, 80))


def test_flows_that_all_start_at_once_have_no_order(make_flows):
    flows = make_flows(100)
    flows.columns["start_us"] = np.zeros(100, np.int64)
    with pytest.raises(
        DataError, match="x: all flows start at the same time: give another --split"
    ):
        split(flows, "time", 1, "x", (0.1, 0.2))


def test_what_a_split_needs_is_named(make_flows):
    with pytest.raises(DataError, match="x: has flows without src: --split-by host needs it"):
        split(make_flows(10), "host", 1, "x", (0.2, 0.2))
    flows = make_flows(10)
    flows.columns["start_us"] = np.array([NULL, *range(9)])
    with pytest.raises(DataError, match="x: has flows without start_us: --split-by time needs it"):
        split(flows, "time", 1, "x", (0.2, 0.2))
    with pytest.raises(DataError, match="x: --split-by partition: 1 of them can't fill 3 parts"):
        split(make_flows(10), "partition", 1, "x", (0.2, 0.2))
