"""Fine-tuning of what was cut: labels, and what the whole network answers.

This module imports torch: import it inside the functions that need it.
"""

from __future__ import annotations

from math import ceil

import torch
from torch import Tensor, nn

from edgemtl.errors import EdgemtlError
from edgemtl.quantize.prune.learner import Learner
from edgemtl.training.config import TrainConfig
from edgemtl.training.loss import masked_cross_entropy, weighted_sum

__all__ = ["distillation", "tune"]

STEPS = (150, 300)  # at least and at most, but for one pass over the flows
WARM_UP = 0.1
LABELS = 0.1  # the weight of their losses beside the distillation's: few are soon known by heart


def tune(
    student: Learner,
    teacher: Learner,
    y: Tensor,
    heads: tuple[str, ...],
    config: TrainConfig,
    steps: int,
    chance: torch.Generator,
) -> None:
    """Train the student on the labels of all heads, and to answer mixtures as the teacher does.

    A mixture lies somewhere between two training flows. There are any number of them, so that the
    student learns what the teacher does rather than what it says of a few hundred flows.

    Parameters
    ----------
    y : Tensor, shape (n, heads)
        Classes of the flows that both see, -1 for unknown.
    config : TrainConfig
        Its recipe gives batch, learning rate, weight decay, smoothing and λ.
    steps : int
        As far as `STEPS` allows, and one pass at least.

    References
    ----------
    .. [1] L. Beyer et al., "Knowledge distillation: A good teacher is patient and consistent",
       arXiv:2106.05237.
    """
    how, n = config.how, len(y)
    batch = config.batch or how.batch
    low, high = STEPS
    steps = max(low, min(steps, high), ceil(n / batch))
    weights = list(student.part.parameters())
    optimizer = torch.optim.AdamW(weights, how.learning_rate, weight_decay=how.weight_decay)
    rates = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, how.learning_rate, total_steps=steps + 1, pct_start=WARM_UP
    )
    student.part.train()
    teacher.part.eval()
    for _ in range(steps):
        some, others = torch.randint(n, (2, batch), generator=chance)
        amount = torch.rand(batch, *[1] * (student.seen.dim() - 1), generator=chance)
        mixed = torch.lerp(student.seen[some], student.seen[others], amount)
        with torch.no_grad():
            taught = teacher.part(torch.lerp(teacher.seen[some], teacher.seen[others], amount))
        known = [
            masked_cross_entropy(z, y[some, i], how.smoothing)
            for i, z in enumerate(student.part(student.seen[some]))
        ]
        answers = distillation(student.part(mixed), taught)
        loss = weighted_sum(answers, heads, config.lam)
        loss = loss + LABELS * weighted_sum(known, heads, config.lam)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        if how.clip_norm is not None:
            nn.utils.clip_grad_norm_(weights, how.clip_norm)
        optimizer.step()
        rates.step()
    if not torch.isfinite(loss):
        raise EdgemtlError("--prune: the loss is not finite: check the flow table")


def distillation(logits: tuple[Tensor, ...], taught: tuple[Tensor, ...]) -> list[Tensor]:
    """By head: Kullback and Leibler's divergence of the answers from those that are taught."""
    pairs = zip(logits, taught, strict=True)
    return [(t.softmax(1) * (t.log_softmax(1) - z.log_softmax(1))).sum(1).mean() for z, t in pairs]
