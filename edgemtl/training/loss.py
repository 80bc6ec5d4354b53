"""The loss: bandwidth + duration + λ · traffic class, each over the labels that are known.

This module imports torch: import it inside the functions that need it.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional

__all__ = ["masked_cross_entropy", "weighted_sum"]


def masked_cross_entropy(
    logits: Tensor, y: Tensor, smoothing: float = 0.0, taught: Tensor | None = None
) -> Tensor:
    """Mean cross-entropy of the flows whose class is known (`y` is not -1); 0 where none is.

    `smoothing` is the share of each target that is spread over all classes. `taught` has
    probabilities of the classes for flows that count although their class is not known.
    """
    total = functional.cross_entropy(
        logits, y, ignore_index=-1, reduction="sum", label_smoothing=smoothing
    )
    counted = (y >= 0).sum()
    if taught is not None:
        taught = taught * (y < 0)[:, None]
        total = total + functional.cross_entropy(logits, taught, reduction="sum")
        counted = counted + (taught > 0).any(1).sum()
    return total / counted.clamp(min=1)


def weighted_sum(losses: Sequence[Tensor], heads: Sequence[str], lam: float) -> Tensor:
    """One number of the losses of these heads: λ times the traffic class, once the others."""
    weights = [lam if head == "traffic_class" else 1.0 for head in heads]
    return torch.stack([w * loss for w, loss in zip(weights, losses, strict=True)]).sum()
