"""Smaller networks at the same accuracy: structured pruning, fine-tuned by distillation."""

from edgemtl.quantize.prune.picture import draw_steps
from edgemtl.quantize.prune.pruning import AUTO, Pruning, checked_share, prune_run, write_pruned_run

__all__ = ["AUTO", "Pruning", "checked_share", "draw_steps", "prune_run", "write_pruned_run"]
