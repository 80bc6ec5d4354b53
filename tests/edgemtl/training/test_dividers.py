"""Where the class borders lie."""

import numpy as np
import pytest

from edgemtl.errors import DataError
from edgemtl.training.dividers import find_dividers


@pytest.fixture
def flows(make_flows):
    flows = make_flows(6)
    flows["traffic_class"][:] = ["a", "a", "b", "b", "c", None]
    flows["bytes_per_s"][:] = [1e3, 3e3, 1e4, np.nan, 4e3, 9e9]
    flows["duration_s"][:] = [10, 20, 5, 5, 100, 9e9]
    flows["end_reason"][1] = "forced"
    return flows


def test_paper_is_the_published_code(flows):
    assert find_dividers("paper", flows) == {
        "bandwidth": (10e3, 50e3, 100e3, 1e6),
        "duration": (10, 30, 60),
    }


def test_class_midpoints_are_middles_of_sorted_averages(flows):
    # bandwidth averages: a 2000, c 4000, b 10000; duration: b 5, a 10 (one was cut), c 100
    assert find_dividers("class-midpoints", flows) == {
        "bandwidth": (3000, 7000),
        "duration": (7.5, 55),
    }
    assert find_dividers("class-midpoints", flows, keep_cut=True)["duration"] == (10, 57.5)


def test_class_midpoints_need_two_classes(flows):
    flows["traffic_class"][2:] = None
    with pytest.raises(DataError, match=r"two labelled traffic classes.*found 1: use quantiles"):
        find_dividers("class-midpoints", flows)


def test_quantiles_share_the_flows_out_equally(make_flows):
    flows = make_flows(400)
    found = find_dividers("quantiles", flows)
    assert [len(found["bandwidth"]), len(found["duration"])] == [4, 3]
    for head, column in (("bandwidth", "bytes_per_s"), ("duration", "duration_s")):
        counts = np.bincount(np.digitize(flows[column], found[head]))
        assert counts.max() - counts.min() <= 2


def test_quantiles_merge_ties_and_leave_no_class_empty(make_flows):
    flows = make_flows(100)
    flows["duration_s"][:] = [1] * 60 + [2] * 40
    flows["bytes_per_s"][:] = 7
    assert find_dividers("quantiles", flows) == {"bandwidth": (), "duration": (2,)}


def test_quantiles_of_nothing_known(make_flows):
    flows = make_flows(5)
    flows["duration_s"][:] = np.nan
    assert find_dividers("quantiles", flows)["duration"] == ()


def test_explicit_numbers(flows):
    assert find_dividers("duration=10,30:bandwidth=10e3,50e3", flows) == {
        "bandwidth": (10e3, 50e3),
        "duration": (10, 30),
    }


@pytest.mark.parametrize(
    ("how", "says"),
    [
        ("median", "must be paper, class-midpoints, quantiles or numbers like .*'median'"),
        ("bandwidth=1,2", "has no duration"),
        ("bandwidth=2,1:duration=1", "'bandwidth=2,1': must be"),
        ("bandwidth=1,1:duration=1", "'bandwidth=1,1': must be"),
        ("bandwidth=1:duration=", "'duration=': must be"),
        ("bandwidth=1:duration=nan", "'duration=nan': must be"),
        ("bandwidth=1:duration=inf", "'duration=inf': must be"),
        ("bandwidth=1:bandwidth=2", "'bandwidth=2': must be"),
        ("bandwidth=0:duration=1", "'bandwidth=0': must be"),
        ("color=1:duration=1", "'color=1': must be"),
    ],
)
def test_what_is_no_divider_is_refused(flows, how, says):
    with pytest.raises(DataError, match=says):
        find_dividers(how, flows)
