"""The temperature against a search over all of them."""

import numpy as np
import pytest
from scipy.special import softmax as scipy_softmax

from edgemtl.models.calibration import fit_temperature, softmax


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
