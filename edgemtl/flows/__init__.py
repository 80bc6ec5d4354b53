"""Captures to flows, and flows in memory."""

from edgemtl.flows.capture import Capture, CaptureStats, FlowConfig, read_capture
from edgemtl.flows.table import COLUMNS, END_REASONS, NULL, OPTIONAL_COLUMNS, Flows

__all__ = [
    "COLUMNS",
    "END_REASONS",
    "NULL",
    "OPTIONAL_COLUMNS",
    "Capture",
    "CaptureStats",
    "FlowConfig",
    "Flows",
    "read_capture",
]
