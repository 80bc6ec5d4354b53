"""What a run learned, to look at: curves, confusions, and the flows that it gets wrong."""

from edgemtl.explain.facts import RunFacts, run_facts
from edgemtl.explain.report import run_page

__all__ = ["RunFacts", "run_facts", "run_page"]
