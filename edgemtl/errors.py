"""What edgemtl raises.

* EdgemtlError: one line that says where, what must hold, what was found and what to do.

  * CaptureError: a capture that can't be read.
  * DataError: a flow table, labels file or series that breaks the schema.
  * ModelError: a run or an artefact that is damaged, newer, or does not fit the data.
  * MissingDependency: an extra that is not installed.
"""

from __future__ import annotations

__all__ = ["CaptureError", "DataError", "EdgemtlError", "MissingDependency", "ModelError"]


class EdgemtlError(Exception):
    """Base of all errors that a user can mend; the message is one line."""


class CaptureError(EdgemtlError):
    """A capture is missing, damaged or of no known format."""


class DataError(EdgemtlError):
    """A flow table, a labels file or a series breaks the schema."""


class ModelError(EdgemtlError):
    """A run or an artefact is damaged, too new, or does not fit the data."""


class MissingDependency(EdgemtlError):
    """A package that the job needs is not installed."""

    def __init__(self, what: str, package: str, extra: str) -> None:
        super().__init__(f"{what} needs {package}: pip install 'edgemtl[{extra}]'")
