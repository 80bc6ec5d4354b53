"""What an encrypted network flow is, and what it will need, from its first packets."""

import importlib
import os
from typing import TYPE_CHECKING, Any

from edgemtl._version import __version__
from edgemtl.errors import CaptureError, DataError, EdgemtlError, MissingDependency, ModelError

if TYPE_CHECKING:
    from edgemtl.features import FeatureSpec, ppi_tensor
    from edgemtl.flows import Flows
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

# Imported when they are asked for: numpy starts threads, and the command line has to do something
# before there are any (edgemtl/cli/privileges.py).
LAZY = {
    "FeatureSpec": "edgemtl.features",
    "Flows": "edgemtl.flows",
    "load": "edgemtl.runtime",
    "ppi_tensor": "edgemtl.features",
}


def __getattr__(name: str) -> Any:
    if name in LAZY:
        return getattr(importlib.import_module(LAZY[name]), name)
    raise AttributeError(f"module 'edgemtl' has no attribute {name!r}")
