"""FlowConfig: which packets make a flow, and what is kept of it."""

from __future__ import annotations

import os
from dataclasses import dataclass, field

from edgemtl import _core

__all__ = ["FlowConfig", "default_memory", "physical_memory"]

SECONDS_MAX = 2**32 - 1
MEMORY_DEFAULT_MAX = 1 << 30
MEMORY_MAX = 1 << 48  # what a process can address
MTU_MAX = 65_535  # of an IP packet's length field


def physical_memory() -> int:
    """Bytes of this machine's memory; a guess, and a low one, where the system does not tell."""
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):
        return MEMORY_DEFAULT_MAX


def default_memory() -> int:
    """Bytes for flows unless told: a quarter of this machine's memory, at most 1 GiB."""
    return max(_core.MEMORY_MIN, min(physical_memory() // 4, MEMORY_DEFAULT_MAX))


@dataclass(frozen=True)
class FlowConfig:
    """What makes a flow, and what is kept of it.

    Parameters
    ----------
    packets : int
        Packets of each flow whose PPI series is kept.
    idle_timeout_s, active_timeout_s : int
        Seconds without a packet, and seconds since the first, after which a flow ends.
    max_flows : int
        Flows at a time; one more ends another first: see docs/flow-table.md.
    max_memory : int
        Bytes for flows and their series; where they are used up, flows end as above.
    by_vlan : bool
        Whether the outermost VLAN id is part of a flow's key.
    tunnels : {"inner", "outer"}
        Which IP header of a tunnelled packet makes the flow.
    protocols : tuple of str
        Which become flows, of ``tcp``, ``udp``, ``sctp``, ``udp-lite``, ``icmp`` (and ICMPv6).
    split_offload : int or None
        The MTU in bytes: longer packets were merged by the network card or the kernel, and are
        counted as the packets that the wire had.
    early : bool
        Give a flow out as soon as its series is full, once, with `end_reason` "unknown".
    glance : int
        With `early`: show it also at so many packets, twice, four times as many, and so on, as it
        is then; 0 for never.
    payload : bool
        Keep the series of payload lengths too.
    """

    packets: int = 256
    idle_timeout_s: int = 120
    active_timeout_s: int = 1800
    max_flows: int = 1_000_000
    max_memory: int = field(default_factory=default_memory)
    by_vlan: bool = False
    tunnels: str = "inner"
    protocols: tuple[str, ...] = ("tcp", "udp")
    split_offload: int | None = None
    early: bool = False
    glance: int = 0
    payload: bool = False

    def __post_init__(self) -> None:
        for name, least, most in (
            ("packets", 1, _core.PACKETS_MAX),
            ("idle_timeout_s", 1, SECONDS_MAX),
            ("active_timeout_s", 1, SECONDS_MAX),
            ("glance", 0, _core.PACKETS_MAX),
            ("max_flows", 1, _core.FLOWS_MAX),
            ("max_memory", _core.MEMORY_MIN, MEMORY_MAX),
        ):
            value = getattr(self, name)
            fine = type(value) is int and least <= value <= most
            self._check(name, fine, f"a whole number from {least} to {most}")
        mtu, protocols = self.split_offload, self.protocols
        least = _core.SPLIT_MIN
        fine = mtu is None or (type(mtu) is int and least <= mtu <= MTU_MAX)
        self._check("split_offload", fine, f"a whole number from {least} to {MTU_MAX}")
        self._check("tunnels", self.tunnels in _core.TUNNELS, "'inner' or 'outer'")
        fine = type(protocols) is tuple and 0 < len(set(protocols)) == len(protocols)
        fine = fine and set(protocols) <= set(_core.PROTOCOLS)
        self._check("protocols", fine, f"one or more of {', '.join(_core.PROTOCOLS)}")
        for name in ("by_vlan", "early", "payload"):
            self._check(name, type(getattr(self, name)) is bool, "true or false")

    def _check(self, name: str, fine: bool, want: str) -> None:
        if not fine:
            raise ValueError(f"FlowConfig.{name}: must be {want}, got {getattr(self, name)!r}")
