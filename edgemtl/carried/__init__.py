"""The data and the model that this package carries; docs/lab.md says how they were made."""

from __future__ import annotations

from pathlib import Path

__all__ = ["CARRIED", "carried_captures", "carried_flows", "carried_models"]

CARRIED = Path(__file__).parent


def carried_flows() -> Path:
    """The flow table of the traffic lab: real QUIC flows of five services."""
    return CARRIED / "quic-lab.parquet"


def carried_captures() -> list[Path]:
    """A few of the captures that the table was made from."""
    return sorted(CARRIED.glob("*.pcap"))


def carried_models(name: str) -> list[Path]:
    """The artefacts of a carried model, by its name; none when there is no such model."""
    return sorted(p for p in CARRIED.glob("*.int8.*") if p.name.split(".")[0] == name)
