"""Captures to flows: opens captures, hands their bytes to the core, and brings the flows back."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from edgemtl import _core
from edgemtl.errors import CaptureError
from edgemtl.flows.anonymise import Anonymiser
from edgemtl.flows.blocks import Blocks
from edgemtl.flows.columns import FlowNumbers
from edgemtl.flows.config import FlowConfig
from edgemtl.flows.order import Span, out_of_order
from edgemtl.flows.table import Flows
from edgemtl.flows.unpack import CaptureFile

__all__ = ["Capture", "CaptureStats", "read_capture"]


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
    tunnelled: int = 0  # flow packets that lay in a tunnel
    split: int = 0  # flow packets that were counted as several, those of the wire
    segments: int = 0  # how many those were
    oversized: int = 0  # others over 1500 bytes, or over FlowConfig.split_offload
    open_flows: int = 0  # in the table; 0 when the capture is over
    memory_bytes: int = 0  # that flows and their series took at most
    skipped: dict[str, int] = field(default_factory=dict)  # by reason; see emtl.h, emtl_skip
    link_types: list[int] = field(default_factory=list)  # LINKTYPE_ values, the first eight
    warning: str | None = None  # one line: it was cut, damaged or without IP, or files not in order


class Capture:
    """A capture, to be iterated over once: batches of flows, in the order of their ends.

    The arrays of a batch may be parts of one piece of memory, of up to 4 MiB as a rule: copy what
    you keep of it alone.

    Parameters
    ----------
    path : str or Path, or a sequence of them
        pcap or pcapng, plain, gzip or zstd; "-" is standard input. Several are read as one capture
        that was cut into files, in this order.
    config : FlowConfig
    name : str, optional
        The flows' `partition`, and the front of their `flow_id`; the first file's name unless
        given.
    anonymiser : Anonymiser, optional
    progress : callable, optional
        Called now and then with the bytes read of a file and its size (None where it has none).

    Attributes
    ----------
    stats : CaptureStats
        Final when the iteration is over.
    refused : dict of str to str
        Of several files, those that can't be read or are no captures, and why; the others are read,
        and `stats.warning` tells it.

    Raises
    ------
    CaptureError
        While iterating: if no file can be read, or none is a capture. A cut or damaged one gives
        the flows before the damage, and `stats.warning`.
    """

    def __init__(
        self,
        path: str | os.PathLike[str] | Sequence[str | os.PathLike[str]],
        config: FlowConfig | None = None,
        name: str | None = None,
        anonymiser: Anonymiser | None = None,
        progress: Callable[[int, int | None], None] | None = None,
    ) -> None:
        paths = [path] if isinstance(path, str | os.PathLike) else path
        self._paths = [os.fspath(path) for path in paths]
        self._progress = progress
        self._meter = _core.Meter(config or FlowConfig())
        self._numbers = FlowNumbers(Path(self._paths[0]).name if name is None else name, anonymiser)
        self._warnings: list[str] = []
        self._files: list[Span] = []  # read so far
        self.refused: dict[str, str] = {}
        self.stats = CaptureStats(", ".join(self._paths))

    def __iter__(self) -> Iterator[Flows]:
        for i, path in enumerate(self._paths):
            if i > 0:
                self._meter.next_file()
            try:
                with CaptureFile(path) as file, closing(Blocks(file)) as blocks:
                    yield from self._read(path, file, blocks)
                self._files.append(Span(path, *self._meter.times_us))
            except CaptureError as error:
                self.refused[path] = str(error)
                if len(self.refused) == len(self._paths):
                    raise
                self._warnings.append(f"{error}: the others are read")
        self._meter.finish()
        while self._meter.full:
            yield self._take()
            self._meter.finish()
        if self._meter.ended:
            yield self._take()
        self.stats = CaptureStats(self.stats.path, **self._meter.stats())
        if self.stats.ip_packets == 0 and not self._warnings:
            self._warnings = [_no_ip(self.stats)]
        if disorder := out_of_order(self._files):
            self._warnings.append(disorder)
        self.stats.warning = "; ".join(self._warnings) or None

    def _take(self) -> Flows:
        return self._numbers.flows(self._meter.take())

    def _read(self, path: str, file: CaptureFile, blocks: Blocks) -> Iterator[Flows]:
        """Feed a file to the meter; flows whenever that is full."""
        while not self._meter.error and blocks.more():
            self._feed(path, blocks)
            while self._meter.full:
                yield self._take()
                self._feed(path, blocks)
            if self._progress:
                self._progress(blocks.done, file.total)
        self._check(path, file, blocks.unused)

    def _feed(self, path: str, blocks: Blocks) -> None:
        try:
            blocks.use(self._meter.feed(blocks.block()))
        except CaptureError as error:
            raise CaptureError(f"{path}: {error}") from None

    def _check(self, path: str, file: CaptureFile, unused: int) -> None:
        """Warn of a file that was cut or damaged; refuse it if nothing came before that."""
        position = self._meter.position
        damage = self._meter.error or file.damage
        if not damage and not self._meter.is_whole and position == 0:
            damage = f"ends at byte {unused}, inside its first header: cut, or no capture"
        elif not damage and (unused or not self._meter.is_whole):
            damage = f"cut at byte {position + unused}"
        if damage and position == 0:
            raise CaptureError(f"{path}: {damage}")
        if damage:
            where = f"{path}: " if len(self._paths) > 1 else ""
            kept = ": the flows before it are kept" if self._meter.stats()["flow_packets"] else ""
            self._warnings.append(f"{where}{damage}{kept}")


def _no_ip(stats: CaptureStats) -> str:
    kinds = ", ".join(str(kind) for kind in stats.link_types) or "none"
    skipped = "".join(f", {n} {reason}" for reason, n in stats.skipped.items() if n)
    return f"no IP packet among {stats.packets} (link type {kinds}{skipped})"


def read_capture(
    path: str | os.PathLike[str] | Sequence[str | os.PathLike[str]],
    config: FlowConfig | None = None,
) -> tuple[Flows, CaptureStats]:
    """Read a whole capture, or one that was cut into files; see `Capture`.

    Returns
    -------
    Flows, CaptureStats
    """
    capture = Capture(path, config)
    flows = Flows.concat(list(capture))
    return flows, capture.stats
