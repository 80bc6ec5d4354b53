"""Down to a share of the multiply-adds, or as far as the heads bear it.

This module imports torch: import it inside the functions that need it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from torch import Tensor

from edgemtl.card import ModelCard
from edgemtl.models.networks import Network, cost
from edgemtl.quantize.prune.judge import Judge, flows_of
from edgemtl.quantize.prune.steps import smaller
from edgemtl.training.config import TrainConfig
from edgemtl.training.fit import Examples

__all__ = ["walk"]


def walk(
    network: Network,
    card: ModelCard,
    training: Examples,
    shares: Sequence[float],
    judge: Judge,
    max_drop: float,
    config: TrainConfig,
    step: Callable[[str], None],
) -> tuple[Network, list[dict[str, Any]]]:
    """The last network that no head of loses more than `max_drop` points, and all steps.

    `edgemtl.quantize.prune.judge.flows_of` tells how many flows these are.

    Returns
    -------
    network : Network
    steps : list of dict
        The whole network first: ``share`` of its multiply-adds, ``macs``, ``parameters``, ``kept``,
        and ``heads``: head to ``n``, ``accuracy`` and ``drop`` in points, None where n is 0. The
        last one has ``kept`` false, if it lost too much.
    """
    rows = [_row(network, card, None, judge.before, judge.before)]
    whole = rows[0]["macs"]
    may_lose = flows_of(max_drop, judge.before[1])
    candidates = smaller(network, card, training, shares, config)
    for share, candidate in zip(shares, candidates, strict=True):
        step(f"pruning: {share:.0%} of the multiply-adds")
        right = judge(candidate)
        row = _row(candidate, card, whole, right, judge.before)
        row["kept"] = not bool((judge.before - right > may_lose)[0].any())
        rows.append(row)
        if not row["kept"]:
            break
        network = candidate
    return network, rows


def _row(
    network: Network, card: ModelCard, whole: int | None, right: Tensor, before: Tensor
) -> dict[str, Any]:
    parameters, macs = cost(network, card.spec.k)
    heads = {}
    for head, hits, n, hits_before in zip(
        card.heads, right[0].tolist(), right[1].tolist(), before[0].tolist(), strict=True
    ):
        accuracy, drop = (hits / n, 100 * (hits_before - hits) / n) if n else (None, None)
        heads[head.name] = {"n": n, "accuracy": accuracy, "drop": drop}
    share = macs / (whole or macs)
    return {
        "share": share, "macs": macs, "parameters": parameters, "kept": True, "heads": heads,
    }  # fmt: skip
