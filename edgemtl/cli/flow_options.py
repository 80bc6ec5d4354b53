"""What the commands that read packets ask alike: which packets make a flow, and its limits."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Any

import typer

from edgemtl.cli.amounts import size
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

Captures = Annotated[
    list[Path] | None,
    typer.Argument(
        readable=False,
        help="pcap or pcapng, also gzip or zstd; folders of them; - is standard input.",
    ),
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
    *,
    max_memory: str | None = None,
    protocols: str = "tcp,udp",
    tunnels: str = "inner",
    **fields: Any,
) -> FlowConfig:
    """A FlowConfig of these options; a wrong one is bad usage."""
    if max_memory is not None:
        fields["max_memory"] = size(max_memory, "--max-memory")
    header, names = tunnels.lower(), tuple(map(str.strip, protocols.lower().split(",")))
    try:
        return FlowConfig(protocols=names, tunnels=header, **fields)
    except ValueError as error:
        message = re.sub(r"^FlowConfig\.(\w+)", _option, str(error))
        for taken, typed in ((header, tunnels), (names, protocols)):
            message = message.replace(f"got {taken!r}", f"got {typed!r}")
        raise DataError(message) from None


def _option(field: re.Match[str]) -> str:
    return "--" + field[1].removesuffix("_s").replace("_", "-")
