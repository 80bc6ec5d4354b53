"""What an encrypted network flow is, and what it will need, from its first packets."""

from edgemtl._version import __version__
from edgemtl.errors import CaptureError, DataError, EdgemtlError, MissingDependency, ModelError
from edgemtl.features import FeatureSpec, ppi_tensor
from edgemtl.flows import Flows

__all__ = [
    "CaptureError",
    "DataError",
    "EdgemtlError",
    "FeatureSpec",
    "Flows",
    "MissingDependency",
    "ModelError",
    "__version__",
    "ppi_tensor",
]
