"""Networks, what is measured of them, and the run folders that hold them."""

from edgemtl.models.early import prefix_answers, prefixes
from edgemtl.models.evaluate import evaluate, head_classes, measure_head
from edgemtl.models.inputs import usable
from edgemtl.models.metrics import confusion_matrix, head_metrics
from edgemtl.models.run import load_network, load_run, load_split

__all__ = [
    "confusion_matrix",
    "evaluate",
    "head_classes",
    "head_metrics",
    "load_network",
    "load_run",
    "load_split",
    "measure_head",
    "prefix_answers",
    "prefixes",
    "usable",
]
