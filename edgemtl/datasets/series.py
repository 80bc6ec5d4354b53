"""One flow from its packets, for importers that read packets and not flow tables."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation, Overflow

import numpy as np

from edgemtl.flows import Flows

__all__ = ["PacketSeries", "flows_of", "microseconds"]

TIME_MAX = 10**18  # µs; far beyond any date, far below what int64 holds


def microseconds(text: str) -> int:
    """Seconds as decimal text to whole µs, exactly; ValueError when it is no finite number."""
    try:
        us = Decimal(text).scaleb(6)
    except (InvalidOperation, Overflow):
        raise ValueError(f"time must be a number of seconds, got {text[:40]!r}") from None
    if not us.is_finite() or abs(us) > TIME_MAX:
        raise ValueError(f"time must be a finite number of seconds, got {text[:40]!r}")
    return int(us // 1)


@dataclass
class PacketSeries:
    """The packets of one flow in the order they came; the first `keep` as a series."""

    flow_id: str
    traffic_class: str | None
    partition: str | None
    keep: int
    packets: int = 0
    bytes: int = 0
    start_us: int = 0
    previous_us: int = 0
    latest_us: int = 0
    iat_us: list[int] = field(default_factory=list)
    length: list[int] = field(default_factory=list)
    direction: list[int] = field(default_factory=list)

    def add(self, time_us: int, length: int, direction: int) -> None:
        """One packet more: its time, the bytes of its IP packet, +1, -1 or 0."""
        if self.packets == 0:
            self.start_us = self.previous_us = self.latest_us = time_us
        if self.packets < self.keep:
            self.iat_us.append(time_us - self.previous_us)
            self.length.append(length)
            self.direction.append(direction)
        self.previous_us = time_us
        self.latest_us = max(self.latest_us, time_us)
        self.packets += 1
        self.bytes += length


def flows_of(series: Iterable[PacketSeries]) -> Flows:
    """The flows of these packets, with what can be measured on them."""
    each = list(series)
    duration = np.array([s.latest_us - s.start_us for s in each], np.float64) / 1e6
    size = np.array([s.bytes for s in each], np.int64)
    with np.errstate(divide="ignore", invalid="ignore"):
        rate = np.where(duration > 0, size / duration, np.nan)

    def text(name: str) -> np.ndarray:
        column = np.empty(len(each), object)
        column[:] = [getattr(s, name) for s in each]
        return column

    def joined(name: str, kind: type) -> np.ndarray:
        return np.concatenate(
            [np.empty(0, kind), *(np.array(getattr(s, name), kind) for s in each)]
        )

    return Flows(
        joined("iat_us", np.int64),
        joined("length", np.int32),
        joined("direction", np.int8),
        np.concatenate([[0], np.cumsum([len(s.length) for s in each])]).astype(np.int64),
        {
            "flow_id": text("flow_id"),
            "partition": text("partition"),
            "traffic_class": text("traffic_class"),
            "packets": np.array([s.packets for s in each], np.int64),
            "bytes": size,
            "duration_s": duration,
            "bytes_per_s": rate,
            "start_us": np.array([s.start_us for s in each], np.int64),
        },
    )
