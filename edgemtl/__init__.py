"""What an encrypted network flow is, and what it will need, from its first packets."""

import os
from typing import TYPE_CHECKING, Any

from edgemtl._version import __version__
from edgemtl.errors import CaptureError, DataError, EdgemtlError, MissingDependency, ModelError
from edgemtl.features import FeatureSpec, ppi_tensor
from edgemtl.flows import Flows

if TYPE_CHECKING:
    from edgemtl.runtime import load

# Else onnxruntime 1.32 keeps a database in ~/.cache, open while it runs, and reports to its makers.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

__all__ = [
    "CaptureError",
    "DataError",
    "EdgemtlError",
    "FeatureSpec",
    "Flows",
    "MissingDependency",
    "ModelError",
    "__version__",
    "load",
    "ppi_tensor",
]


def __getattr__(name: str) -> Any:
    """`load` comes with its own imports, and only when it is asked for."""
    if name == "load":
        from edgemtl.runtime import load

        return load
    raise AttributeError(f"module 'edgemtl' has no attribute {name!r}")
