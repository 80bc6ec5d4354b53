"""A trained run to the files that devices load, and the proof that each still is that run."""

from edgemtl.quantize.export import export_run
from edgemtl.quantize.proof import Report
from edgemtl.quantize.remedy import remedy

__all__ = ["Report", "export_run", "remedy"]
