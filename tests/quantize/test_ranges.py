import numpy as np
import pytest

from edgemtl.quantize.ranges import CALIBRATIONS, value_range

RELU = np.maximum(np.random.default_rng(0).normal(size=100_000), 0).astype(np.float32)


def test_minmax_is_what_was_seen():
    assert value_range(np.float32([[0.5, -2], [3, 1]]), "minmax") == (-2, 3)


@pytest.mark.parametrize("calibration", CALIBRATIONS)
def test_zero_is_always_in_it(calibration):
    low, high = value_range(RELU + np.float32(5), calibration)
    assert low == 0
    assert high >= 5
    assert value_range(np.zeros(7, np.float32), calibration) == (0, 0)


def test_one_value_far_away_is_cut_by_percentile_and_entropy():
    values = np.append(RELU, np.float32(1000))
    assert value_range(values, "minmax") == (0, 1000)
    for calibration in ("percentile", "entropy"):
        assert value_range(values, calibration)[1] < 100


def test_percentile_leaves_a_ten_thousandth_outside_on_either_side():
    values = np.random.default_rng(1).normal(size=1_000_000).astype(np.float32)
    low, high = value_range(values, "percentile")
    assert (values > high).mean() == pytest.approx(1e-4, rel=0.05)
    assert (values < low).mean() == pytest.approx(1e-4, rel=0.05)


def test_entropy_keeps_what_is_spread_evenly():
    values = np.linspace(0, 1, 100_000, dtype=np.float32)
    assert value_range(values, "entropy")[1] == pytest.approx(1, abs=0.07)
