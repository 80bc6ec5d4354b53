"""Captures to flows, and flows in memory."""

from edgemtl.flows.ahead import CaptureAhead, default_threads, read_ahead
from edgemtl.flows.anonymise import Anonymiser, read_key
from edgemtl.flows.capture import Capture, CaptureStats, read_capture
from edgemtl.flows.config import FlowConfig
from edgemtl.flows.live import LiveCapture, LiveStats
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
    "CaptureAhead",
    "CaptureStats",
    "FlowConfig",
    "Flows",
    "LiveCapture",
    "LiveStats",
    "Text",
    "default_threads",
    "read_ahead",
    "read_capture",
    "read_key",
]
