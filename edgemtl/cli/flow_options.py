"""What the commands that read packets ask alike: which packets make a flow, and its limits."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from edgemtl.errors import DataError
from edgemtl.flows import FlowConfig

__all__ = ["ActiveTimeout", "ByVlan", "Captures", "IdleTimeout", "MaxFlows", "flow_config"]

Captures = Annotated[
    list[Path],
    typer.Argument(readable=False, help="pcap or pcapng, also gzip or zstd; - is standard input."),
]
IdleTimeout = Annotated[int, typer.Option(help="Seconds without a packet that end a flow.")]
ActiveTimeout = Annotated[int, typer.Option(help="Seconds after which a flow is cut.")]
MaxFlows = Annotated[int, typer.Option(help="Flows at a time; beyond, the longest idle one ends.")]
ByVlan = Annotated[bool, typer.Option(help="VLAN id is part of a flow's key.")]


def flow_config(**fields: Any) -> FlowConfig:
    """A FlowConfig of these fields; a wrong one is bad usage."""
    try:
        return FlowConfig(**fields)
    except ValueError as error:
        raise DataError(str(error)) from None
