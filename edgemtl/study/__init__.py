"""Studies: every method on the same splits, with intervals."""

from edgemtl.study.methods import METHODS
from edgemtl.study.report import write_report
from edgemtl.study.study import Plan, run_cells, summary

__all__ = ["METHODS", "Plan", "run_cells", "summary", "write_report"]
