"""The loss against its definition, written out."""

import numpy as np
import pytest
import torch

from edgemtl.training.loss import masked_cross_entropy, weighted_sum


def oracle(logits, y):
    terms = [np.log(np.exp(z).sum()) - z[c] for z, c in zip(logits, y, strict=True) if c >= 0]
    return sum(terms) / len(terms) if terms else 0.0


@pytest.mark.parametrize("unknown", [0, 3, 8])
def test_masked_cross_entropy_is_the_oracles(unknown):
    rng = np.random.default_rng(unknown)
    logits, y = rng.normal(size=(8, 4)), rng.integers(0, 4, 8)
    y[:unknown] = -1
    got = masked_cross_entropy(torch.from_numpy(logits), torch.from_numpy(y))
    assert got.item() == pytest.approx(oracle(logits, y))


def test_what_a_teacher_tells_counts_where_no_label_does():
    rng = np.random.default_rng(1)
    logits, told = rng.normal(size=(6, 4)), rng.dirichlet(np.ones(4), 6)
    y = np.array([2, -1, 0, -1, -1, 3])
    log_p = logits - np.log(np.exp(logits).sum(1, keepdims=True))
    terms = [-(log_p[i] @ told[i] if c < 0 else log_p[i, c]) for i, c in enumerate(y)]
    got = masked_cross_entropy(*map(torch.from_numpy, (logits, y)), taught=torch.from_numpy(told))
    assert got.item() == pytest.approx(np.mean(terms))


def test_a_batch_without_labels_moves_nothing():
    logits = torch.randn(5, 3, requires_grad=True)
    masked_cross_entropy(logits, torch.full((5,), -1)).backward()
    assert torch.equal(logits.grad, torch.zeros(5, 3))


def test_lambda_weighs_the_traffic_class_alone():
    losses = [torch.tensor(v) for v in (1.0, 2.0, 4.0)]
    heads = ("bandwidth", "duration", "traffic_class")
    assert weighted_sum(losses, heads, 0.5).item() == 1 + 2 + 0.5 * 4
    assert weighted_sum(losses[2:], heads[2:], 3.0).item() == 12
