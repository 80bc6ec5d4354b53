"""Smaller networks at the same accuracy: structured pruning, fine-tuned by distillation."""

from edgemtl.quantize.prune.pruning import AUTO, Pruning, checked_share, prune_run, write_pruned_run
from edgemtl.quantize.prune.table import step_table, with_change

__all__ = [
    "AUTO",
    "Pruning",
    "checked_share",
    "prune_run",
    "step_table",
    "with_change",
    "write_pruned_run",
]  # fmt: skip
