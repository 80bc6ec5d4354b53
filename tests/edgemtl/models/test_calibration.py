"""The temperature against a search over all of them."""

import numpy as np
import pytest
from scipy.special import softmax as scipy_softmax

from edgemtl.models.calibration import fit_temperature, fit_threshold, softmax


def cross_entropy(logits, y, temperature):
    return -np.log(scipy_softmax(logits / temperature, 1)[np.arange(len(y)), y]).mean()


@pytest.mark.parametrize("true", [0.7, 1.0, 3.0, 9.0])
def test_the_temperature_has_the_least_cross_entropy(true):
    rng = np.random.default_rng(1)
    logits = rng.normal(size=(400, 4)) * 3 * true
    p = scipy_softmax(logits / true, 1)
    y = np.array([rng.choice(4, p=row) for row in p])
    got = fit_temperature(logits.astype(np.float32), y)
    grid = np.arange(0.5, 20, 0.005)
    assert got == pytest.approx(
        grid[np.argmin([cross_entropy(logits, y, t) for t in grid])], abs=0.01
    )


def test_flows_of_unknown_class_do_not_count():
    logits = np.random.default_rng(2).normal(size=(50, 3)) * 5
    y = np.random.default_rng(3).integers(0, 3, 50)
    masked = np.concatenate([y, np.full(50, -1)])
    assert fit_temperature(np.tile(logits, (2, 1)), masked) == fit_temperature(logits, y)


def test_no_label_is_no_reason_to_change_anything():
    assert fit_temperature(np.ones((3, 2)), np.full(3, -1)) == 1.0


def test_all_right_and_all_wrong_stay_in_bounds():
    logits = np.eye(3) * 5
    assert fit_temperature(logits, np.arange(3)) == pytest.approx(0.5)
    assert fit_temperature(logits, np.roll(np.arange(3), 1)) == pytest.approx(20, rel=1e-3)


def test_softmax_is_scipys_and_keeps_the_dtype_of_large_logits():
    logits = (np.random.default_rng(4).normal(size=(20, 5)) * 300).astype(np.float32)
    got = softmax(logits, 1.7)
    assert got.dtype == np.float32
    np.testing.assert_allclose(got, scipy_softmax(logits / np.float32(1.7), 1), atol=1e-6)


@pytest.mark.parametrize(
    ("precision", "want"),
    [(0.5, (0.3, 4 / 6, 1.0)), (0.8, (0.4, 0.8, 5 / 6)), (0.9, (0.8, 1.0, 0.5)),
     (0.99, (0.8, 1.0, 0.5))],
)  # fmt: skip
def test_the_threshold_is_the_least_that_is_right_often_enough(precision, want):
    top = np.array([0.95, 0.4, 0.8, 0.3, 0.9, 0.6])
    y = np.array([0, 0, 0, 1, 0, 1])  # 0 is what is answered
    p = np.stack([top, *[(1 - top) / 4] * 4], axis=1)
    assert fit_threshold(p, y, precision) == pytest.approx(want)


def test_equal_probabilities_share_a_side():
    p = np.array([[0.9, 0.1]] * 3 + [[0.6, 0.4]])
    got = fit_threshold(p, np.array([0, 0, 1, 0]), 0.9)  # cannot be had
    assert got == pytest.approx((0.6, 0.75, 1.0))
