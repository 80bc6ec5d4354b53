"""What the commands that read packets ask alike: which packets make a flow, and its limits."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Any

import typer

from edgemtl.errors import DataError
from edgemtl.flows import FlowConfig

__all__ = [
    "ActiveTimeout",
    "ByVlan",
    "Captures",
    "IdleTimeout",
    "MaxFlows",
    "MaxMemory",
    "Protocols",
    "SplitOffload",
    "Tunnels",
    "flow_config",
]

UNITS = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30}

Captures = Annotated[
    list[Path],
    typer.Argument(readable=False, help="pcap or pcapng, also gzip or zstd; - is standard input."),
]
IdleTimeout = Annotated[int, typer.Option(help="Seconds without a packet that end a flow.")]
ActiveTimeout = Annotated[int, typer.Option(help="Seconds after which a flow is cut.")]
MaxFlows = Annotated[int, typer.Option(help="Flows at a time; one more ends another first.")]
MaxMemory = Annotated[
    str | None,
    typer.Option(
        metavar="SIZE",
        help="Memory for the flows of a capture, as 256M or 2G; a quarter of this machine's, "
        "at most 1G, unless told.",
    ),
]
ByVlan = Annotated[bool, typer.Option(help="VLAN id is part of a flow's key.")]
Tunnels = Annotated[str, typer.Option(help="Which IP header makes the flow: inner or outer.")]
Protocols = Annotated[str, typer.Option(help="What becomes flows: tcp,udp,sctp,udp-lite,icmp.")]
SplitOffload = Annotated[
    int | None,
    typer.Option(
        metavar="MTU",
        help="Packets over so many bytes were merged by offload: count those of the wire.",
    ),
]


def flow_config(
    *, max_memory: str | None = None, protocols: str = "tcp,udp", **fields: Any
) -> FlowConfig:
    """A FlowConfig of these options; a wrong one is bad usage."""
    if max_memory is not None:
        fields["max_memory"] = _bytes(max_memory)
    try:
        return FlowConfig(protocols=tuple(protocols.split(",")), **fields)
    except ValueError as error:
        raise DataError(str(error)) from None


def _bytes(size: str) -> int:
    """Bytes of a size as people write it: 300000000, 256M, 256MB, 256MiB."""
    found = re.fullmatch("([0-9]{1,15})([KMG]?)(I?B)?", size.strip().upper())
    if found is None:
        raise DataError(f"--max-memory: must be a size as 256M or 2G, got {size!r}")
    return int(found[1]) * UNITS[found[2]]
