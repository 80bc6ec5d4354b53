"""Captures on the command line: given out in order; a bad one does not cost the others."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

from edgemtl.cli.output import note
from edgemtl.cli.stopping import outlive_interrupt
from edgemtl.datasets.folders import files_below
from edgemtl.errors import CaptureError, DataError
from edgemtl.flows import (
    Anonymiser,
    Capture,
    CaptureAhead,
    CaptureStats,
    FlowConfig,
    Flows,
    default_threads,
    read_ahead,
)
from edgemtl.printable import utf8

__all__ = ["Reading", "Refused", "capture_files", "unlike_names"]

# In folders, also numbered behind, as by tcpdump -C; what is named itself may be called anything.
SUFFIXES = (".pcap", ".pcapng", ".cap", ".dmp")
PACKED = (".gz", ".zst")


class Refused(NamedTuple):
    """A capture that could not be read, called as `CaptureStats.path` is, and why."""

    path: str
    reason: str


class Reading:
    """Reads captures; names those that can't be read on standard error and goes on.

    Parameters
    ----------
    command : str
        Stands in front of what is said.
    config : FlowConfig
    concat : bool
        Read all captures as one that was cut into files.
    anonymiser : Anonymiser, optional

    Attributes
    ----------
    stats : list of CaptureStats
        Of the captures that were read.
    refused : list of Refused
        The others.
    """

    def __init__(
        self,
        command: str,
        config: FlowConfig,
        concat: bool = False,
        anonymiser: Anonymiser | None = None,
    ) -> None:
        self._command, self._config = command, config
        self._concat, self._anonymiser = concat, anonymiser
        self.stats: list[CaptureStats] = []
        self.refused: list[Refused] = []

    def read(
        self, paths: Sequence[Path], begin: Callable[[Path], None] = lambda path: None
    ) -> Iterator[tuple[Path, Flows]]:
        """Batches of flows and the capture that they are of; `begin` hears of each capture."""
        if any(map(_is_pipe, paths)):
            last = f"{self._command}: reads on to the end of its input; Ctrl-C once more to leave"
            outlive_interrupt(partial(note, last))
        names = unlike_names(paths)
        captures = [*zip(paths, names, strict=True)]
        makes = [partial(self._make, path, name) for path, name in captures]
        if self._concat:
            makes, captures = [partial(self._make, paths, names[0])], captures[:1]
        threads = default_threads(self._config.max_memory)
        for (path, _), capture in zip(captures, read_ahead(makes, threads), strict=True):
            begin(path)
            try:
                for batch in self._batches(path, capture):
                    yield path, batch
            except CaptureError as error:
                self._refuse(paths if self._concat else [path], str(error))

    def _refuse(self, paths: Sequence[Path], line: str) -> None:
        capture = ", ".join(map(str, paths))
        self.refused.append(Refused(capture, line.removeprefix(f"{capture}: ")))
        note(f"{self._command}: {line}")

    def _make(self, path: Path | Sequence[Path], name: str) -> Capture:
        return Capture(path, self._config, name, self._anonymiser)

    def _batches(self, path: Path, capture: CaptureAhead) -> Iterator[Flows]:
        yield from capture
        for piece, line in capture.refused.items():  # which the warning tells
            self.refused.append(Refused(piece, line.removeprefix(f"{piece}: ")))
        stats = capture.stats
        if stats.ip_packets == 0:
            raise CaptureError(f"{path}: {stats.warning or 'holds no IP packet'}")
        if stats.warning:
            where = "" if stats.path != str(path) else f"{path}: "  # of several, it names them
            note(f"{self._command}: {where}{stats.warning}")
        self.stats.append(stats)


def _is_pipe(path: Path) -> bool:
    try:
        mode = (os.fstat(0) if str(path) == "-" else path.stat()).st_mode
    except OSError:
        return False
    return stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)


def capture_files(command: str, paths: Sequence[Path], tables: tuple[str, ...] = ()) -> list[Path]:
    """The captures behind the paths: a file is itself, a folder those in it.

    How many other files a folder has is said, unless they are hidden. One without a capture stands
    for its flow tables, of these suffixes.
    """
    files: list[Path] = []
    for path in paths:
        files += _inside(command, path, tables) if path.is_dir() else [path]
    return files


def _inside(command: str, folder: Path, tables: tuple[str, ...]) -> list[Path]:
    files = sorted(files_below(folder), key=_natural)
    captures = [path for path in files if _is_capture(path)]
    others = [path for path in files if not _is_capture(path)]
    if captures and others:
        first = others[0].relative_to(folder)
        which = f"files left out ({first}, …)" if others[1:] else f"file left out ({first})"
        why = "not named like captures: name one itself to read it"
        note(f"{command}: {folder}: {len(others)} {which}, {why}")
    inside = captures or [path for path in others if path.suffix in tables]
    if not inside:
        raise DataError(f"{folder}: no capture in this folder: {', '.join((*SUFFIXES, *tables))}")
    return inside


def _natural(path: Path) -> tuple[list[list[tuple[str, int]]], Path]:
    """Sorts by names, the numbers in them as numbers: files that were rotated by their time."""
    each = [re.findall("([0-9]+)|(.)", part, re.DOTALL) for part in _unpacked(path).parts]
    return [[(char or "0", int(number or 0)) for number, char in part] for part in each], path


def _is_capture(path: Path) -> bool:
    """By its name, that of a file that was rotated (r.pcap1, r.pcap.1) or packed among them."""
    return _unpacked(path).name.lower().rstrip("0123456789").rstrip(".").endswith(SUFFIXES)


def _unpacked(path: Path) -> Path:
    return path.with_suffix("") if path.suffix.lower() in PACKED else path


def unlike_names(paths: Sequence[Path]) -> list[str]:
    """The files' names, or their whole paths where two files are called the same."""
    if len({os.path.realpath(path) for path in paths}) < len(paths):
        raise DataError("a file is named twice: its flows would be there twice")
    names = [utf8(path.name) for path in paths]
    return [
        name if names.count(name) == 1 else utf8(str(path))
        for name, path in zip(names, paths, strict=True)
    ]
