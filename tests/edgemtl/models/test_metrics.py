"""Metrics against scikit-learn, and the calibration error against a plain loop."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import accuracy_score, f1_score
from sklearn.metrics import confusion_matrix as sklearn_confusion

from edgemtl.errors import ModelError
from edgemtl.models import confusion_matrix, head_metrics

SEEDS = st.integers(0, 2**32 - 1)


def draw(seed, n, classes):
    rng = np.random.default_rng(seed)
    p = rng.dirichlet(np.full(classes, 0.3), n)
    return p, rng.integers(-1, classes, n)


def oracle_ece(p, y):
    """For each of 15 bins (i/15, (i + 1)/15]: share of flows times |accuracy - confidence|."""
    total = 0.0
    for i in range(15):
        inside = [j for j in range(len(y)) if i / 15 < max(p[j]) <= (i + 1) / 15]
        if inside:
            right = sum(int(np.argmax(p[j])) == y[j] for j in inside) / len(inside)
            sure = sum(max(p[j]) for j in inside) / len(inside)
            total += len(inside) / len(y) * abs(right - sure)
    return total


@given(seed=SEEDS, n=st.integers(1, 60), classes=st.integers(1, 7))
def test_head_metrics_are_those_of_scikit_learn(seed, n, classes):
    p, y = draw(seed, n, classes)
    got = head_metrics(p, y)
    p, y = p[y >= 0], y[y >= 0]
    assert got["n"] == len(y)
    if not len(y):
        assert got == {"n": 0, "accuracy": None, "macro_f1": None, "ece": None, "largest": None}
        return
    answers = p.argmax(1)
    f1 = f1_score(y, answers, labels=np.unique(y), average="macro", zero_division=0)
    assert got["accuracy"] == pytest.approx(accuracy_score(y, answers))
    assert got["macro_f1"] == pytest.approx(f1)
    assert got["ece"] == pytest.approx(oracle_ece(p, y))
    assert got["largest"] == max(list(y).count(c) for c in set(y)) / len(y)


@pytest.mark.filterwarnings("ignore:A single label")
@given(seed=SEEDS, n=st.integers(1, 60), classes=st.integers(1, 7))
def test_confusion_matrix_is_that_of_scikit_learn(seed, n, classes):
    p, y = draw(seed, n, classes)
    y[0] = 0  # scikit-learn wants one label
    known = y >= 0
    want = sklearn_confusion(y[known], p[known].argmax(1), labels=range(classes))
    np.testing.assert_array_equal(confusion_matrix(p, y), want)


def test_sure_and_right_is_calibrated_and_sure_and_wrong_is_not():
    sure = np.eye(3)
    assert head_metrics(sure, [0, 1, 2])["ece"] == 0
    assert head_metrics(sure, [1, 2, 0])["ece"] == 1


def test_probabilities_that_are_not_finite_are_refused():
    with pytest.raises(ModelError, match="not finite"):
        head_metrics([[np.nan, 1.0]], [0])


@pytest.mark.parametrize(("p", "y"), [([[0.5, 0.5]], [2]), ([[0.5, 0.5]], [0, 1]), ([0.5], [0])])
def test_shapes_that_do_not_fit_are_refused(p, y):
    with pytest.raises(ValueError, match="don't fit"):
        head_metrics(p, y)
