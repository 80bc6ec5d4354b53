"""The training loop.

This module imports torch: import it inside the functions that need it.
"""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, replace
from math import ceil
from typing import Any

import torch
from torch import Tensor, nn

from edgemtl.errors import EdgemtlError
from edgemtl.models.networks import answer
from edgemtl.training.config import TrainConfig
from edgemtl.training.device import training_device
from edgemtl.training.loss import masked_cross_entropy, weighted_sum

__all__ = ["Draw", "Examples", "fit"]

WARM_UP = 0.1  # share of the steps in which a one-cycle learning rate rises

Draw = Callable[[Tensor], tuple[Tensor, Tensor]]
Epoch = dict[str, Any]


@dataclass(frozen=True)
class Examples:
    """Flows as the network takes them: `x` (n, 2, k), and `y` (n, heads) with -1 for unknown.

    `draw` gives the flows of these numbers, and their classes, as a training step is to see them;
    without it they are those here. `whole` (n, facts) is what is known of them afterwards, and
    `taught` (n, classes) what a teacher made of it, see `edgemtl.training.teacher`.
    """

    x: Tensor
    y: Tensor
    draw: Draw | None = None
    whole: Tensor | None = None
    taught: Tensor | None = None

    def seen_as(self, seen: Callable[[Tensor], Tensor]) -> Examples:
        """The same with `seen(x)` for `x`."""
        draw, x = self.draw, seen(self.x)
        if draw is None:
            return replace(self, x=x)

        def drawn(numbers: Tensor) -> tuple[Tensor, Tensor]:
            parts, y = draw(numbers)
            return seen(parts), y

        return replace(self, x=x, draw=drawn)

    def at(self, numbers: Tensor) -> Examples:
        """Those of these numbers."""
        draw = self.draw
        some = None if draw is None else lambda i: draw(numbers[i])
        whole, taught = (a if a is None else a[numbers] for a in (self.whole, self.taught))
        return Examples(self.x[numbers], self.y[numbers], some, whole, taught)

    def batch(
        self, numbers: Tensor, device: torch.device | None = None
    ) -> tuple[Tensor, Tensor, Tensor | None]:
        """What a step sees of these flows, their classes, and a teacher's answers."""
        x, y = self.draw(numbers) if self.draw else (self.x[numbers], self.y[numbers])
        taught = None if self.taught is None else self.taught[numbers].to(device)
        return x.to(device), y.to(device), taught


def fit(
    network: nn.Module,
    heads: tuple[str, ...],
    training: Examples,
    validation: Examples,
    config: TrainConfig,
    on_epoch: Callable[[Epoch], None],
) -> list[Epoch]:
    """Train by Adam as `config` and its recipe say, on the GPU where there is one.

    The validation loss is the training loss, over the labels that are known there. With a patience
    the network ends with the weights of the best epoch. Without, or where no label of the
    validation part is known, all epochs are trained and the last one is kept. It ends on the CPU.

    Returns
    -------
    list of dict
        One an epoch: ``epoch`` from 1, ``epochs`` planned, ``loss``, ``validation_loss`` and
        ``best``, whether it was the best so far; and ``HEAD_loss``, ``HEAD_validation_loss``,
        ``HEAD_validation_accuracy``.
    """
    epochs, steps = config.plan(len(training.x))
    network.to(training_device())
    validation = replace(validation, x=validation.x.to(training_device()))
    weights = [p for p in network.parameters() if p.requires_grad]
    how = config.how
    optimizer = torch.optim.AdamW(weights, how.learning_rate, weight_decay=how.weight_decay)
    rates = _rates(optimizer, how.one_cycle, epochs * steps)
    blind = config.patience is None or not bool((validation.y >= 0).any())
    history: list[Epoch] = []
    least, best, since = float("inf"), network.state_dict(), 0
    for number in range(1, epochs + 1):
        row = {"epoch": number, "epochs": epochs} | _train_epoch(
            network, heads, training, config, optimizer, rates
        )
        row |= _validate(network, heads, validation, config.lam)
        row["best"] = blind or row["validation_loss"] < least
        history.append(row)
        on_epoch(row)
        since = 0 if row["best"] else since + 1
        if row["best"] and not blind:
            least, best = row["validation_loss"], deepcopy(network.state_dict())
        if since == config.patience:
            break
    network.load_state_dict(best)
    network.cpu()
    return history


def _rates(
    optimizer: torch.optim.Optimizer, one_cycle: bool, steps: int
) -> torch.optim.lr_scheduler.LRScheduler:
    """What sets the learning rate of each step."""
    schedulers = torch.optim.lr_scheduler
    rate = optimizer.param_groups[0]["lr"]
    if one_cycle:
        total = max(steps + 1, ceil(2 / WARM_UP))  # torch divides by 0 where one step is to warm up
        return schedulers.OneCycleLR(optimizer, rate, total_steps=total, pct_start=WARM_UP)
    return schedulers.ConstantLR(optimizer, 1.0)


def _train_epoch(
    network: nn.Module,
    heads: tuple[str, ...],
    training: Examples,
    config: TrainConfig,
    optimizer: torch.optim.Optimizer,
    rates: torch.optim.lr_scheduler.LRScheduler,
) -> Epoch:
    network.train()
    device = training_device()
    sums = torch.zeros(1 + len(heads), device=device)
    _, steps = config.plan(len(training.x))
    batches = torch.tensor_split(torch.randperm(len(training.x)), steps)  # of nearly equal size
    for numbers in batches:
        x, y, taught = training.batch(numbers, device)
        losses = [
            masked_cross_entropy(
                z, y[:, i], config.how.smoothing, taught if head == "traffic_class" else None
            )
            for i, (head, z) in enumerate(zip(heads, network(x), strict=True))
        ]
        loss = weighted_sum(losses, heads, config.lam)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        if config.how.clip_norm is not None:
            nn.utils.clip_grad_norm_(network.parameters(), config.how.clip_norm)
        optimizer.step()
        rates.step()
        sums += torch.stack([loss, *losses]).detach()
    if not torch.isfinite(sums).all():
        raise EdgemtlError("training: the loss is not finite: lower --lambda, check the flow table")
    mean, *each = (sums.cpu() / len(batches)).tolist()
    return {"loss": mean} | {f"{head}_loss": loss for head, loss in zip(heads, each, strict=True)}


def _validate(
    network: nn.Module, heads: tuple[str, ...], validation: Examples, lam: float
) -> Epoch:
    row: Epoch = {}
    losses = []
    answers = (logits.cpu() for logits in answer(network, validation.x))
    for i, (head, logits) in enumerate(zip(heads, answers, strict=True)):
        y = validation.y[:, i]
        losses.append(masked_cross_entropy(logits, y))
        row[f"{head}_validation_loss"] = losses[-1].item()
        known = y >= 0
        right = (logits.argmax(1) == y)[known].float().mean().item() if known.any() else None
        row[f"{head}_validation_accuracy"] = right
    return {"validation_loss": weighted_sum(losses, heads, lam).item()} | row
