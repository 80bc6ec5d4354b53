"""Splits: whole, apart, alike, seeded; and labels that are really hidden."""

import numpy as np
import pytest

from edgemtl.errors import DataError
from edgemtl.training.split import hide_labels, split_flows


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
    with pytest.raises(DataError, match=r"x: traffic class 'b' has 5 labels.*asks for 7"):
        hide_labels(labels, split, 7, 1, "x")
