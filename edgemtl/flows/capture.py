"""Captures to flows: opens a capture, hands its bytes to the core, and brings the flows back."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from edgemtl import _core
from edgemtl.errors import CaptureError
from edgemtl.flows.table import Flows
from edgemtl.flows.unpack import CaptureFile

__all__ = ["Capture", "CaptureStats", "FlowConfig", "read_capture"]

BLOCK = 1 << 20  # bytes read at a time; fewer cost time, more gain none
# IPFIX element 136 (RFC 5102), by number.
END_REASONS = (None, "idle", "active", "end_of_flow", "forced", "lack_of_resources")
SECONDS_MAX = 2**32 - 1


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
        Flows at a time; one more ends the longest idle one. Memory grows with use: about 200
        bytes a flow, and 13 for each packet kept.
    by_vlan : bool
        Whether the outermost VLAN id is part of a flow's key.
    """

    packets: int = 256
    idle_timeout_s: int = 120
    active_timeout_s: int = 1800
    max_flows: int = 1_000_000
    by_vlan: bool = False

    def __post_init__(self) -> None:
        for name, most in (
            ("packets", _core.PACKETS_MAX),
            ("idle_timeout_s", SECONDS_MAX),
            ("active_timeout_s", SECONDS_MAX),
            ("max_flows", _core.FLOWS_MAX),
        ):
            value = getattr(self, name)
            if type(value) is not int or not 1 <= value <= most:
                raise ValueError(
                    f"FlowConfig.{name}: must be an int from 1 to {most}, got {value!r}"
                )
        if type(self.by_vlan) is not bool:
            raise ValueError(f"FlowConfig.by_vlan: must be true or false, got {self.by_vlan!r}")


@dataclass
class CaptureStats:
    """What became of the packets of one capture."""

    path: str
    packets: int = 0  # all records
    ip_packets: int = 0  # with an IPv4 or IPv6 header
    flow_packets: int = 0  # part of a flow
    flows: int = 0
    evicted: int = 0  # flows ended for lack of room
    clock_back: int = 0  # packets earlier than the one before them in their flow
    skipped: dict[str, int] = field(default_factory=dict)  # by reason; see emtl.h, emtl_skip
    link_types: list[int] = field(default_factory=list)  # LINKTYPE_ values, the first eight
    warning: str | None = None  # one line, where the capture was cut, damaged or without IP


class Capture:
    """A capture file, to be iterated over once: batches of flows, in the order of their ends.

    Parameters
    ----------
    path : str or Path
        pcap or pcapng, plain, gzip or zstd; "-" is standard input.
    config : FlowConfig
    name : str, optional
        The flows' `partition`, and the front of their `flow_id`; the file's name unless given.
    progress : callable, optional
        Called now and then with the bytes read and the file's size (None where it has none).

    Attributes
    ----------
    stats : CaptureStats
        Final when the iteration is over.

    Raises
    ------
    CaptureError
        While iterating: if the file can't be read, or is no capture. A cut or damaged one gives the
        flows before the damage, and `stats.warning`.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        config: FlowConfig | None = None,
        name: str | None = None,
        progress: Callable[[int, int | None], None] | None = None,
    ) -> None:
        self._path = os.fspath(path)
        self._name = Path(self._path).name if name is None else name
        self._progress = progress
        config = config or FlowConfig()
        self._meter = _core.Meter(
            config.max_flows,
            config.idle_timeout_s,
            config.active_timeout_s,
            config.packets,
            config.by_vlan,
        )
        self.stats = CaptureStats(self._path)

    def __iter__(self) -> Iterator[Flows]:
        with CaptureFile(self._path) as file:
            for _ in self._feed(file):
                yield from self._take()
            damage = file.damage
        self._meter.finish()
        while self._meter.full:
            yield from self._take()
            self._meter.finish()
        yield from self._take()
        self.stats = CaptureStats(self._path, **self._meter.stats())
        self.stats.warning = self._warning(damage)

    def _feed(self, file: CaptureFile) -> Iterator[None]:
        """Feed the file to the meter; stop whenever that is full."""
        buffer = bytearray(BLOCK)
        unused = 0  # bytes at the front of the buffer: a record that was not all there
        self._left = 0
        while n := file.readinto(memoryview(buffer)[unused:]):
            view = memoryview(buffer)[: unused + n]
            view = view[self._feed_block(view) :]
            while self._meter.full:
                yield
                view = view[self._feed_block(view) :]
            if self._meter.error:
                if self._meter.position == 0:  # nothing came before the damage
                    raise CaptureError(f"{self._path}: {self._meter.error}")
                return
            if len(view) < unused + n:  # else a long record still grows: nothing to move
                buffer[: len(view)] = view
            unused = self._left = len(view)
            if unused == len(buffer):
                view.release()
                buffer.extend(bytes(unused))
            if self._progress:
                self._progress(file.done, file.total)
        if not self._meter.is_whole and self._meter.position == 0:
            reason = (
                file.damage or f"ends at byte {unused}, inside its first header: cut, or no capture"
            )
            raise CaptureError(f"{self._path}: {reason}")

    def _feed_block(self, view: memoryview) -> int:
        try:
            return self._meter.feed(view)
        except CaptureError as error:
            raise CaptureError(f"{self._path}: {error}") from None

    def _take(self) -> Iterator[Flows]:
        """The flows that ended, if any."""
        raw = self._meter.take()
        n = len(raw["packets"])
        if n == 0:
            return
        first = self.stats.flows
        self.stats.flows += n
        duration_s = raw.pop("duration_us") / 1e6
        columns: dict[str, Any] = {
            "flow_id": np.array([f"{self._name}:{first + i}" for i in range(n)], object),
            "partition": np.full(n, self._name, object),
            "duration_s": duration_s,
            "bytes_per_s": np.divide(
                raw["bytes"], duration_s, out=np.full(n, np.nan), where=duration_s > 0
            ),
            "end_reason": np.array(END_REASONS, object)[raw.pop("end_reason")],
        }
        series = {name: raw.pop(name) for name in ("iat_us", "length", "direction", "offsets")}
        yield Flows(columns=columns | raw, **series)

    def _warning(self, damage: str | None) -> str | None:
        stats, position = self.stats, self._meter.position
        if self._meter.error:
            return f"{self._meter.error}: the flows before it are kept"
        if damage:
            return f"{damage}: the flows before it are kept"
        if self._left or not self._meter.is_whole:
            end = position + self._left
            return f"cut at byte {end}: the flows before it are kept"
        if stats.ip_packets == 0:
            kinds = ", ".join(str(kind) for kind in stats.link_types) or "none"
            skipped = "".join(f", {n} {reason}" for reason, n in stats.skipped.items() if n)
            return f"no IP packet among {stats.packets} (link type {kinds}{skipped})"
        return None


def read_capture(
    path: str | os.PathLike[str], config: FlowConfig | None = None
) -> tuple[Flows, CaptureStats]:
    """Read a whole capture; see `Capture`.

    Returns
    -------
    Flows, CaptureStats
    """
    capture = Capture(path, config)
    flows = Flows.concat(list(capture))
    return flows, capture.stats
