"""Captures to flows, and flows in memory."""

from edgemtl.flows.anonymise import Anonymiser, read_key
from edgemtl.flows.capture import Capture, CaptureStats, read_capture
from edgemtl.flows.config import FlowConfig
from edgemtl.flows.table import (
    COLUMNS,
    END_REASONS,
    NULL,
    OPTIONAL_COLUMNS,
    OPTIONAL_SERIES,
    SERIES,
    Flows,
)
from edgemtl.flows.text import Text

__all__ = [
    "COLUMNS",
    "END_REASONS",
    "NULL",
    "OPTIONAL_COLUMNS",
    "OPTIONAL_SERIES",
    "SERIES",
    "Anonymiser",
    "Capture",
    "CaptureStats",
    "FlowConfig",
    "Flows",
    "Text",
    "read_capture",
    "read_key",
]
