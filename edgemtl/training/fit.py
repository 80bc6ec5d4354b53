"""The training loop.

This module imports torch: import it inside the functions that need it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from edgemtl.errors import EdgemtlError
from edgemtl.models.network import answer
from edgemtl.training.config import TrainConfig
from edgemtl.training.loss import masked_cross_entropy, weighted_sum

__all__ = ["Examples", "deterministic", "fit"]

LEARNING_RATE = 1e-3
CLIP_NORM = 1.0  # of all gradients together, as Keras' clipnorm was when the paper was written

Epoch = dict[str, Any]


@dataclass(frozen=True)
class Examples:
    """Flows as the network takes them: `x` (n, 2, k), and `y` (n, heads) with -1 for unknown."""

    x: Tensor
    y: Tensor


@contextmanager
def deterministic(seed: int) -> Iterator[None]:
    """Same seed, same bits on one machine; the caller's settings are left as they were.

    One thread: sums don't depend on the number of cores then, and threads that wait for each other
    in layers this small lose more than they win as soon as the machine does something else too.
    """
    before = torch.are_deterministic_algorithms_enabled(), torch.get_num_threads()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        torch.use_deterministic_algorithms(True)
        torch.set_num_threads(1)
        try:
            yield
        finally:
            torch.use_deterministic_algorithms(before[0])
            torch.set_num_threads(before[1])


def fit(
    network: nn.Module,
    heads: tuple[str, ...],
    training: Examples,
    validation: Examples,
    config: TrainConfig,
    on_epoch: Callable[[Epoch], None],
) -> list[Epoch]:
    """Train by Adam until the validation loss has not improved for `config.patience` epochs.

    The validation loss is the training loss, over the labels that are known there. The network
    ends with the weights of the best epoch. Where no label of the validation part is known there
    is no best: all epochs are trained and the last one is kept.

    Returns
    -------
    list of dict
        One an epoch: ``epoch`` from 1, ``loss``, ``validation_loss`` and ``best``, whether it was
        the best so far; and ``HEAD_loss``, ``HEAD_validation_loss``, ``HEAD_validation_accuracy``.
    """
    optimizer = torch.optim.Adam(network.parameters(), LEARNING_RATE)
    blind = not bool((validation.y >= 0).any())
    history: list[Epoch] = []
    least, best, since = float("inf"), network.state_dict(), 0
    for number in range(1, config.epochs + 1):
        row = {"epoch": number} | _train_epoch(network, heads, training, config, optimizer)
        row |= _validate(network, heads, validation, config.lam)
        row["best"] = blind or row["validation_loss"] < least
        history.append(row)
        on_epoch(row)
        since = 0 if row["best"] else since + 1
        if row["best"]:
            least, best = row["validation_loss"], deepcopy(network.state_dict())
        if since == config.patience:
            break
    network.load_state_dict(best)
    return history


def _train_epoch(
    network: nn.Module,
    heads: tuple[str, ...],
    training: Examples,
    config: TrainConfig,
    optimizer: torch.optim.Optimizer,
) -> Epoch:
    network.train()
    sums = torch.zeros(1 + len(heads))
    batches = torch.split(torch.randperm(len(training.x)), config.batch)
    for batch in batches:
        logits = network(training.x[batch])
        losses = [masked_cross_entropy(z, training.y[batch, i]) for i, z in enumerate(logits)]
        loss = weighted_sum(losses, heads, config.lam)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(network.parameters(), CLIP_NORM)
        optimizer.step()
        sums += torch.stack([loss, *losses]).detach()
    if not torch.isfinite(sums).all():
        raise EdgemtlError("training: the loss is not finite: lower --lambda, check the flow table")
    mean, *each = (sums / len(batches)).tolist()
    return {"loss": mean} | {f"{head}_loss": loss for head, loss in zip(heads, each, strict=True)}


def _validate(
    network: nn.Module, heads: tuple[str, ...], validation: Examples, lam: float
) -> Epoch:
    row: Epoch = {}
    losses = []
    for i, (head, logits) in enumerate(zip(heads, answer(network, validation.x), strict=True)):
        y = validation.y[:, i]
        losses.append(masked_cross_entropy(logits, y))
        row[f"{head}_validation_loss"] = losses[-1].item()
        known = y >= 0
        right = (logits.argmax(1) == y)[known].float().mean().item() if known.any() else None
        row[f"{head}_validation_accuracy"] = right
    return {"validation_loss": weighted_sum(losses, heads, lam).item()} | row
