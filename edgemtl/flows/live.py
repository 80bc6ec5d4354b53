"""Live traffic to flows: the packets of a network interface, and flows as they end."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timezone

from edgemtl import _core
from edgemtl.errors import CaptureError
from edgemtl.flows.anonymise import Anonymiser
from edgemtl.flows.capture import CaptureStats
from edgemtl.flows.columns import FlowNumbers
from edgemtl.flows.config import FlowConfig
from edgemtl.flows.table import Flows

__all__ = ["LiveCapture", "LiveStats"]

RING_BYTES = 32 << 20  # some 50,000 packets: a quarter of a second of 200,000 a second
WAIT_MS = 100  # how long a stop may go unnoticed where nothing comes
STOP_S = 2.0  # seconds after which a stop waits no longer for a clock that was set just then
BATCH_S = 0.25  # seconds from one batch of flows to the next


@dataclass
class LiveStats(CaptureStats):
    """What became of the packets of an interface; `packets` are those that were not dropped."""

    dropped: int = 0  # by the kernel: the ring was full
    downs: int = 0  # times that the interface was found down
    has_segments: bool = True  # whether the kernel tells how merged packets were cut


class LiveCapture:
    """A network interface, to be iterated over once: batches of flows, in the order of their ends.

    A batch comes four times a second, or sooner when there is much; it is empty where no flow
    ended. A flow that is over is in one within a second, also when no packet comes, and where the
    wall clock is set meanwhile: `start_us` is by that clock as it was set last.
    Packets that were merged (segmentation offload) count as those that the wire had. The arrays of
    a full batch share memory, as those of a `Capture`.

    Parameters
    ----------
    interface : str
    config : FlowConfig
    filter : str, optional
        pcap-filter(7): packets that it does not match are not there.
    promiscuous : bool
        Whether packets for other hosts are seen, too.
    ring_bytes : int
        What the kernel may keep for us while we are busy; packets that don't fit are dropped.

    anonymiser : Anonymiser, optional

    Attributes
    ----------
    stats : LiveStats
        As of the last batch.

    Raises
    ------
    CaptureError
        When the interface can't be opened.
    """

    def __init__(
        self,
        interface: str,
        config: FlowConfig | None = None,
        *,
        filter: str | None = None,
        promiscuous: bool = False,
        ring_bytes: int = RING_BYTES,
        anonymiser: Anonymiser | None = None,
    ) -> None:
        self._interface = interface
        self._live = _core.Live(interface, filter, ring_bytes, promiscuous)
        self._meter = _core.Meter(config or FlowConfig())
        # Of two captures of one interface, no two flows are called the same.
        unlike = f"{datetime.now(timezone.utc):%Y%m%dT%H%M%S.%f}"
        if anonymiser:  # no time may be known
            unlike = secrets.token_hex(8)
        self._numbers = FlowNumbers(f"{interface}-{unlike}", anonymiser)
        self._stop_us: int | None = None
        self._stop_due = 0.0
        self._warning: str | None = None
        self._count()

    def stop(self) -> None:
        """Let the iteration end, with the packets up to now; safe in a signal handler."""
        self._stop_due = time.monotonic() + STOP_S
        self._stop_us = time.time_ns() // 1000 - self._stepped_us

    def __iter__(self) -> Iterator[Flows]:
        due = time.monotonic() + BATCH_S
        while self._goes_on():
            if self._meter.full or time.monotonic() >= due:
                yield self._take()
                due = time.monotonic() + BATCH_S
        self._meter.finish()
        while self._meter.full:
            yield self._take()
            self._meter.finish()
        yield self._take()

    def _goes_on(self) -> bool:
        """Account what came; False when that was all."""
        try:
            self._live.step(self._meter, WAIT_MS)
        except CaptureError as error:
            self._warning = f"{error}: the flows before it are kept"
            return False
        if self._stop_us is None or self._meter.full:  # full: packets wait to be accounted
            return True
        return self._live.clock_us < self._stop_us and time.monotonic() < self._stop_due

    def _take(self) -> Flows:
        self._count()
        ended = self._meter.take()
        ended["start_us"] += self._stepped_us
        return self._numbers.flows(ended)

    def _count(self) -> None:
        live = self._live.stats()
        self._stepped_us = live["stepped_us"]
        self.stats = LiveStats(
            self._interface,
            **self._meter.stats(),
            warning=self._warning,
            dropped=live["dropped"],
            downs=live["downs"],
            has_segments=live["segments"],
        )
