import numpy as np
import pytest

from edgemtl.quantize.proof import Report
from edgemtl.quantize.remedy import remedy
from edgemtl.quantize.verify import broken_bounds, compare, points_lost

Y = {"duration": np.array([0, 1, 2, -1])}
IDS = np.array(["a", "b", "c", "d"])
P = np.array([[0.7, 0.2, 0.1], [0.1, 0.8, 0.1], [0.2, 0.2, 0.6], [0.5, 0.3, 0.2]], np.float32)


def figures(q):
    return compare({"duration": P}, {"duration": q}, Y, IDS)["duration"]


def test_the_same_answers_differ_by_nothing():
    got = figures(P.copy())
    assert (got["drop"], got["agreement"], got["max_difference"]) == (0, 1, 0)
    assert (got["n"], got["accuracy"]) == (3, 1)


def test_figures_of_one_changed_decision_in_four():
    q = P.copy()
    q[1] = [0.5, 0.4, 0.1]
    got = figures(q)
    assert got["drop"] == pytest.approx(100 / 3)
    assert got["agreement"] == 0.75
    assert (got["turned"], got["turned_flows"]) == (1, ["b"])
    assert got["max_difference"] == pytest.approx(0.4)


def test_a_file_may_also_gain():
    q = P.copy()
    assert compare({"duration": 1 - P}, {"duration": q}, Y, IDS)["duration"]["drop"] < 0


def test_at_most_20_flows_are_named():
    p = np.tile(P[:1], (50, 1))
    ids = np.arange(50).astype(str)
    y = np.zeros(50, int)
    got = compare({"duration": p}, {"duration": p[:, ::-1]}, {"duration": y}, ids)["duration"]
    assert (got["turned"], len(got["turned_flows"])) == (50, 20)


def test_calibration_error_stands_beside_accuracy():
    got = figures(P.copy())
    assert got["ece"] == pytest.approx((0.3 + 0.2 + 0.4) / 3)  # all three right, each so unsure


def test_points_are_lost_on_heads_with_labels_alone():
    y = Y | {"bandwidth": np.full(4, -1)}
    both = {"duration": P, "bandwidth": P}
    assert points_lost(both, both, y) == {"duration": 0}


@pytest.mark.parametrize(
    ("precision", "drop", "difference", "broken"),
    [
        ("fp32", 0.0, 1e-4, 0),
        ("fp32", 0.0, 1.1e-4, 1),
        ("fp32", 2.0, 0.5, 2),
        ("fp32", 0.0, float("nan"), 1),
        ("int8", 1.0, 0.5, 0),
        ("int8", 1.01, 0.5, 1),
        ("fp16", 0.0, 1e-2, 0),
        ("fp16", 0.0, 2e-2, 1),
        ("dynamic", 0.0, 0.9, 0),
        ("int8", float("nan"), 0.5, 1),
    ],
)
def test_bounds(precision, drop, difference, broken):
    heads = {"duration": {"n": 80, "drop": drop, "max_difference": difference}}
    lines = broken_bounds("a.tflite", precision, heads, max_drop=1.0)
    assert len(lines) == broken
    assert all(line.startswith("a.tflite: duration: ") for line in lines)


def test_a_line_tells_what_one_flow_is():
    heads = {"duration": {"n": 276, "drop": 300 / 276, "max_difference": 0.1}}
    assert broken_bounds("a.int8.onnx", "int8", heads, max_drop=1.0) == [
        "a.int8.onnx: duration: loses 1.09 points of accuracy, at most 1 may be lost (--max-drop): "
        "one of its 276 flows is 0.36"
    ]


def test_what_pruning_lost_is_said_of_the_pruned_network():
    heads = {
        "duration": {"n": 276, "drop": 1.5, "max_difference": 0.1},
        "bandwidth": {"n": 315, "drop": 1.25, "max_difference": 0.1},
    }
    pruned = {"file": "a.pruned", "heads": {"duration": {"n": 276, "drop": 2.0}}}
    pruned["heads"]["bandwidth"] = {"n": 315, "drop": 0.5}
    lines = broken_bounds("a.int8.onnx", "int8", heads, 1.0, pruned)
    assert [line.partition(" points")[0] for line in lines] == [
        "a.pruned: duration: loses 2.00", "a.int8.onnx: bandwidth: loses 1.25",
    ]  # fmt: skip


def row(*drops, n=276):
    return {"heads": {str(i): {"drop": drop, "n": n} for i, drop in enumerate(drops)}}


@pytest.mark.parametrize(
    ("reference", "files", "pruned", "helps"),
    [
        (row(0), [row(0.4), row(300 / 276)], None, "leave these files out "
         "(--formats, --precisions), or allow it: --max-drop 1.1"),
        (row(0), [row(2.5)], row(1.2), "prune less, or allow it: --max-drop 2.5"),
        (row(0), [row(2.5)], row(0.9), "prune less, leave these files out "
         "(--formats, --precisions), or allow it: --max-drop 2.5"),
        (row(0, n=65), [row(100 / 65)], None, "leave these files out "
         "(--formats, --precisions), train with more than 65 flows to test by, or allow it: "
         "--max-drop 1.6"),
        (row(0), [row(-0.4)], row(0.9), ""),
    ],
)  # fmt: skip
def test_what_helps(reference, files, pruned, helps):
    assert remedy(Report(reference, files, ["a line"], 300, pruned), 1.0) == helps
