"""A trained run to the files that devices load, and the proof that each still is that run."""

from edgemtl.quantize.export import Report, export_run

__all__ = ["Report", "export_run"]
