"""Flow tables of traffic that goes on: one file, or one after the other by size or time."""

from __future__ import annotations

import math
import os
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from types import TracebackType

from edgemtl.datasets.writer import ROW_GROUP, FlowWriter
from edgemtl.errors import DataError
from edgemtl.flows import Flows

__all__ = ["RollingWriter", "Rotation"]

GROUP_PACKETS = 1 << 18  # kept of gathered flows, 3.4 MB, after which a row group is written
FLOW_BYTES, PACKET_BYTES = 100, 13  # of gathered flows, and in a file at most about that


@dataclass(frozen=True)
class Rotation:
    """What makes a file full: so many bytes, or so many seconds since it was begun."""

    most_bytes: int | None = None
    most_seconds: int | None = None


class RollingWriter:
    """A `FlowWriter` for small batches, that changes to a new file whenever one is full.

    Each file is whole or not there. One that is as large as it may be takes no further batch; one
    whose time is over is closed at the next call, with or without flows. The name of each is that
    of `path` with the time, in UTC, at which it was begun: ``flows.parquet`` gives
    ``flows-20260131T235959.parquet``.

    Parameters
    ----------
    path, kind
        As for `FlowWriter`.
    rotation : Rotation, optional
        Without it, there is one file: `path`.
    wall_clock, steady_clock : callable
        Seconds since 1970, for names; and seconds that go on where those are set, for rotation.
    """

    def __init__(
        self,
        path: Path,
        kind: str | None = None,
        rotation: Rotation | None = None,
        wall_clock: Callable[[], float] = time.time,
        steady_clock: Callable[[], float] = time.monotonic,
    ) -> None:
        FlowWriter(path, kind)  # refuses now what would be refused later
        if rotation and str(path) == "-":
            raise DataError("--rotate and -o -: give -o a file name")
        self._path, self._kind, self._rotation = path, kind, rotation
        self._wall_clock, self._steady_clock = wall_clock, steady_clock
        self._gathered: list[Flows] = []  # row groups of a few flows would be slow to read

    def __enter__(self) -> RollingWriter:
        self._open()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with self._stack:
            if error is not None:
                raise error
            self._flush()

    def _open(self) -> None:
        self._begun = self._steady_clock()
        with ExitStack() as stack:
            path = self._named_by_time(stack) if self._rotation else self._path
            self._writer = stack.enter_context(FlowWriter(path, self._kind))
            self._stack = stack.pop_all()

    def _named_by_time(self, stack: ExitStack) -> Path:
        stamp = datetime.fromtimestamp(self._wall_clock(), timezone.utc).strftime("%Y%m%dT%H%M%S")
        name, number = f"{self._path.stem}-{stamp}", 1
        while not _is_ours(path := self._path.with_name(name + self._path.suffix), stack):
            number += 1  # the second in this second
            name = f"{self._path.stem}-{stamp}-{number}"
        return path

    def write(self, flows: Flows) -> None:
        """Append flows; also without any, it is to be called now and then, for the time's sake."""
        if self._is_due() or (len(flows) and self._is_large()):
            self._flush()
            self._stack.close()
            self._open()
        if len(flows):
            self._gathered.append(flows)
        if self._writer.kind != "parquet" or self._is_row_group():
            self._flush()

    def _flush(self) -> None:
        if self._gathered:
            self._writer.write(Flows.concat(self._gathered))
            self._gathered = []

    def _is_row_group(self) -> bool:
        flows = sum(map(len, self._gathered))
        packets = sum(len(each.iat_us) for each in self._gathered)
        most = (self._rotation and self._rotation.most_bytes) or math.inf
        fills_file = flows * FLOW_BYTES + packets * PACKET_BYTES >= most
        return flows >= ROW_GROUP or packets >= GROUP_PACKETS or fills_file

    def _is_due(self) -> bool:
        limit = self._rotation.most_seconds if self._rotation else None
        return limit is not None and self._steady_clock() - self._begun >= limit

    def _is_large(self) -> bool:
        limit = self._rotation.most_bytes if self._rotation else None
        return limit is not None and self._writer.size >= limit


def _is_ours(path: Path, stack: ExitStack) -> bool:
    """Whether a name is free, and kept so until the stack is closed, of other programs too.

    A file appears under its name when it is whole: until then a hidden one beside it has the name.
    """
    claim = path.with_name(f".{path.name}.claim")
    try:
        os.close(os.open(claim, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    except FileExistsError:
        return False
    except OSError as error:
        error.filename = str(path)
        raise
    stack.callback(claim.unlink, missing_ok=True)
    return not path.exists()
