"""Live traffic on the command line: signals end it, root is given up, a line tells of it."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from edgemtl.cli.amounts import rotation, size
from edgemtl.cli.output import note
from edgemtl.cli.privileges import drop_privileges, with_capabilities
from edgemtl.cli.stopping import stop_on_signal
from edgemtl.datasets import RollingWriter, Rotation
from edgemtl.errors import DataError
from edgemtl.flows import Anonymiser, FlowConfig, Flows, LiveCapture, LiveStats

__all__ = [
    "Filter",
    "Interface",
    "LiveOptions",
    "Promiscuous",
    "Ring",
    "Rotate",
    "User",
    "Watch",
    "live_options",
    "write_live",
]

PANEL = "Live traffic"
RING = "32M"
SAY_S = 1.0  # seconds from one line to the next

Interface = Annotated[
    str | None,
    typer.Option(
        "-i",
        "--interface",
        metavar="NAME",
        help="Read the packets of this interface, until Ctrl-C.",
        rich_help_panel=PANEL,
    ),
]
Filter = Annotated[
    str | None,
    typer.Option(
        metavar="EXPRESSION",
        help="Packets to read, as for tcpdump: 'udp port 443'.",
        rich_help_panel=PANEL,
    ),
]
Promiscuous = Annotated[
    bool,
    typer.Option("--promiscuous", help="Also packets for other hosts.", rich_help_panel=PANEL),
]
Rotate = Annotated[
    str | None,
    typer.Option(
        metavar="SIZE|TIME",
        help="Begin a new file at a size (100M) or after a time (1h); its name has the time.",
        rich_help_panel=PANEL,
    ),
]
Ring = Annotated[
    str | None,
    typer.Option(
        metavar="SIZE",
        help=f"Memory where packets wait to be read; {RING} unless told.",
        rich_help_panel=PANEL,
    ),
]
User = Annotated[
    str | None,
    typer.Option(
        metavar="NAME",
        help="Whom root becomes once the interface is open; else who called sudo, or nobody.",
        rich_help_panel=PANEL,
    ),
]


@dataclass(frozen=True)
class LiveOptions:
    """Which packets of which interface, and who reads them."""

    interface: str
    filter: str | None
    promiscuous: bool
    ring_bytes: int
    user: str | None
    rotation: Rotation | None


def live_options(
    captures: list[Path] | None,
    interface: str | None,
    filter: str | None,
    promiscuous: bool,
    ring: str | None,
    user: str | None,
    rotate: str | None = None,
) -> LiveOptions | None:
    """The options together; None where captures are to be read."""
    if not captures and interface is None:
        raise DataError("give a capture, or -i INTERFACE")
    if interface is None:
        given = {
            "--filter": filter,
            "--promiscuous": promiscuous,
            "--ring": ring,
            "--user": user,
            "--rotate": rotate,
        }
        for name, value in given.items():
            if value:
                raise DataError(f"{name}: is for live traffic: give -i INTERFACE")
        return None
    if captures:
        raise DataError(f"-i {interface} and {captures[0]}: give captures or an interface")
    return LiveOptions(
        interface,
        filter,
        promiscuous,
        size(ring or RING, "--ring"),
        user,
        rotation(rotate, "--rotate") if rotate else None,
    )


class Watch:
    """An open interface, as a command reads it: batches of flows until a signal comes.

    Opening gives up root: files are opened afterwards, and modules imported before.

    Parameters
    ----------
    command : str
        Stands in front of what is said.
    options : LiveOptions
    config : FlowConfig
    anonymiser : Anonymiser, optional
    """

    def __init__(
        self,
        command: str,
        options: LiveOptions,
        config: FlowConfig,
        anonymiser: Anonymiser | None = None,
    ) -> None:
        self._command, self._interface = command, options.interface
        self._capture = with_capabilities(
            lambda: LiveCapture(
                options.interface,
                config,
                filter=options.filter,
                promiscuous=options.promiscuous,
                ring_bytes=options.ring_bytes,
                anonymiser=anonymiser,
            )
        )
        self.user = drop_privileges(options.user)

    @property
    def stats(self) -> LiveStats:
        """What became of the packets so far."""
        return self._capture.stats

    def __iter__(self) -> Iterator[Flows]:
        line, downs = _Line(), 0
        stop_on_signal(self._capture.stop)
        self._begin()
        for batch in self._capture:
            if self.stats.downs > downs:
                downs = self.stats.downs
                line.clear()
                self._note("is down: waiting for it")
            line.say(self.stats)
            yield batch
        line.clear()
        if self.stats.warning:
            note(f"{self._command}: {self.stats.warning}")
        if self.stats.dropped:
            self._note(f"{self.stats.dropped} packets dropped: give a larger --ring, or a --filter")

    def _begin(self) -> None:
        self._note(f"listening as {self.user}; Ctrl-C ends it")
        if not self.stats.has_segments:
            self._note(
                "this kernel does not tell how merged packets were cut, and they count as one: "
                f"ethtool -K {self._interface} gro off tso off gso off keeps them apart"
            )

    def _note(self, text: str) -> None:
        note(f"{self._command}: {self._interface}: {text}")


class _Line:
    """A line on a terminal's standard error that is written over again and again."""

    def __init__(self) -> None:
        self._is_seen = sys.stderr.isatty()
        self._due = 0.0

    def say(self, stats: LiveStats) -> None:
        if self._is_seen and time.monotonic() >= self._due:
            self._due = time.monotonic() + SAY_S
            text = (
                f"{stats.path}: {stats.packets:,} packets, {stats.dropped:,} dropped, "
                f"{stats.open_flows:,} flows open, {stats.flows:,} out"
            )
            print(f"\r{text}\x1b[K", end="", file=sys.stderr, flush=True)

    def clear(self) -> None:
        if self._is_seen:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)


def write_live(
    options: LiveOptions,
    config: FlowConfig,
    anonymiser: Anonymiser | None,
    label: Callable[[Path, Flows], None],
    output: Path | None,
    kind: str | None,
) -> LiveStats:
    """Write the flows of an interface until a signal comes; return what became of the packets."""
    if output is None:
        if options.rotation:
            raise DataError("--rotate: needs -o FILE")
        watch = Watch("edgemtl flows", options, config, anonymiser)
        for _ in watch:
            pass
        return watch.stats
    writer = RollingWriter(output, kind, options.rotation)
    watch = Watch("edgemtl flows", options, config, anonymiser)
    try:
        with writer:
            for batch in watch:
                label(Path(options.interface), batch)
                writer.write(batch)
                sys.stdout.flush()
    except PermissionError:
        raise DataError(
            f"{output}: {watch.user} may not write there: give another folder, or --user"
        ) from None
    return watch.stats
