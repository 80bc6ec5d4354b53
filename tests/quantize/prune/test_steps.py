"""Steps down: small enough, fine-tuned, and the same for the same seed."""

from dataclasses import replace

import pytest
import torch

from edgemtl.models.networks import answer, cost
from edgemtl.quantize.prune import steps
from edgemtl.quantize.prune import tune as tuning
from edgemtl.quantize.prune.cut import cut
from edgemtl.quantize.prune.learner import Learner
from edgemtl.quantize.prune.steps import STEP, shares_down_to, smaller
from edgemtl.quantize.prune.tune import distillation, tune
from edgemtl.quantize.prune.weigh import weigh


@pytest.mark.parametrize("share", [1.0, 0.9, 0.5, 0.25, 1 / 64])
def test_equal_steps_lead_down_to_the_share(share):
    path = shares_down_to(share)
    assert path[-1] == pytest.approx(share)
    ratios = [low / high for high, low in zip([1.0, *path], path, strict=False)]
    assert min(ratios) >= STEP - 1e-9
    assert max(ratios) == pytest.approx(min(ratios))


def test_steps_on_the_way_to_an_eighth_pass_a_quarter():
    assert shares_down_to(1 / 8)[3] == pytest.approx(1 / 4)


def test_opening_and_closing_changes_no_answer(network, x):
    closed = Learner.opened(network, x).closed()
    for mine, its in zip(answer(closed, x), answer(network, x), strict=True):
        torch.testing.assert_close(mine, its, rtol=1e-3, atol=1e-4)


def test_distillation_is_zero_for_equal_answers_and_else_kullbacks_and_leiblers():
    z, t = torch.randn(2, 5, 3, generator=torch.Generator().manual_seed(0))
    assert distillation((t,), (t,))[0].item() == 0
    p, q = t.softmax(1), z.softmax(1)
    by_hand = sum(p[i, c] * (p[i, c] / q[i, c]).log() for i in range(5) for c in range(3)) / 5
    torch.testing.assert_close(distillation((z,), (t,))[0], by_hand)


def test_fine_tuning_brings_the_answers_back(learned, training):
    trained, _ = learned
    names = tuple(head.name for head in trained.card.heads)
    chance = torch.Generator().manual_seed(0)
    teacher = Learner.opened(trained.network, training.x)
    least = cut(
        teacher.network, trained.card, weigh(teacher, chance), cost(trained.network, 60)[1] / 8
    )
    student = Learner.unfolded(least, training.x)

    def off():
        pair = answer(student.part, student.seen), answer(teacher.part, teacher.seen)
        return sum(distillation(*pair)).item()

    before = off()
    tune(student, teacher, training.y, names, trained.config, 60, chance)
    assert off() < before / 2


def test_what_training_draws_is_what_is_learned(learned, training, monkeypatch):
    """Such as flows from their first packets alone: drawn once for all, with their classes."""
    monkeypatch.setattr(steps, "SHOWN", 3 * len(training.x))
    trained, _ = learned
    asked = []

    def draw(numbers):
        asked.append(numbers.tolist())
        return training.x[numbers] / 2, training.y[numbers]

    def tuned(student, teacher, y, heads, config, steps, chance):
        assert torch.equal(y, torch.cat([training.y] * 3))
        x = torch.cat([training.x / 2] * 3)
        torch.testing.assert_close(
            teacher.part(teacher.seen)[0], answer(trained.network, x)[0], rtol=1e-3, atol=1e-3
        )

    monkeypatch.setattr(steps, "tune", tuned)
    drawn = replace(training, draw=draw)
    next(smaller(trained.network, trained.card, drawn, [0.9], trained.config))
    assert asked == [list(range(len(training.x)))] * 3


def test_the_same_seed_gives_the_same_bits(learned, training, monkeypatch):
    monkeypatch.setattr(tuning, "STEPS", (5, 5))
    trained, _ = learned

    def run():
        walk = smaller(trained.network, trained.card, training, [0.6, 0.4], trained.config)
        return list(walk)[-1].state_dict()

    once, again = run(), run()
    assert all(torch.equal(once[name], again[name]) for name in once)
