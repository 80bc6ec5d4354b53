"""``edgemtl flows``: captures to a flow table."""

from __future__ import annotations

import resource
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from edgemtl.cli.output import note, print_json, print_table, progress
from edgemtl.datasets import FORMATS, FlowWriter, LabelsFile
from edgemtl.errors import CaptureError, DataError
from edgemtl.flows import Capture, CaptureStats, FlowConfig, Flows

EPILOG = (
    "Example: [bold]edgemtl flows monday.pcap.gz tuesday.pcapng -o flows.parquet "
    "--labels labels.csv[/bold]"
)


def flows(
    captures: Annotated[
        list[Path],
        typer.Argument(
            readable=False, help="pcap or pcapng, also gzip or zstd; - is standard input."
        ),
    ],
    output: Annotated[
        Path | None,
        typer.Option(
            "-o", "--output", help="FILE.parquet, .jsonl, .csv, or - ; without it, only statistics."
        ),
    ] = None,
    kind: Annotated[
        str | None, typer.Option("--format", help=f"{', '.join(FORMATS)}, whatever the name.")
    ] = None,
    packets: Annotated[int, typer.Option(help="Packets kept of each flow's series.")] = 256,
    idle_timeout: Annotated[
        int, typer.Option(help="Seconds without a packet that end a flow.")
    ] = 120,
    active_timeout: Annotated[int, typer.Option(help="Seconds after which a flow is cut.")] = 1800,
    max_flows: Annotated[
        int, typer.Option(help="Flows at a time; beyond, the longest idle one ends.")
    ] = 1_000_000,
    by_vlan: Annotated[bool, typer.Option(help="VLAN id is part of a flow's key.")] = False,
    labels: Annotated[
        Path | None,
        typer.Option(
            help="CSV: capture,traffic_class or src,src_port,dst,dst_port,protocol,traffic_class."
        ),
    ] = None,
    label_by_folder: Annotated[
        bool, typer.Option(help="The folder that a capture lies in names the traffic class.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the statistics as JSON.")] = False,
) -> None:
    """Turn captures into a flow table, and say what was skipped and why.

    A capture that can't be read is named on standard error and the others go on; the exit status is
    then 2.
    """
    config = _config(packets, idle_timeout, active_timeout, max_flows, by_vlan)
    if labels and label_by_folder:
        raise DataError("--labels and --label-by-folder: give one of them")
    if as_json and str(output) == "-":
        raise DataError("--json and -o -: both want standard output; give -o a file name")
    named = LabelsFile(labels) if labels else None

    def label(path: Path, batch: Flows) -> None:
        if named:
            named.apply(batch, path.name)
        elif label_by_folder:
            batch["traffic_class"][:] = path.resolve().parent.name

    reading = _Reading(captures, config, label)
    if output is None:
        reading.run(lambda batch: None)
    else:
        _write(reading, output, kind)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    peak *= 1 if sys.platform == "darwin" else 1024  # macOS counts bytes, Linux KiB
    if as_json:
        print_json({"captures": [_facts(s) for s in reading.stats], "peak_rss_bytes": peak})
    elif output is None and reading.stats:
        _print(reading.stats)
    else:
        _say(reading.stats, output)
    if reading.refused:
        raise typer.Exit(2)


def _config(packets: int, idle: int, active: int, max_flows: int, by_vlan: bool) -> FlowConfig:
    try:
        return FlowConfig(
            packets=packets,
            idle_timeout_s=idle,
            active_timeout_s=active,
            max_flows=max_flows,
            by_vlan=by_vlan,
        )
    except ValueError as error:
        raise DataError(str(error)) from None


class _NothingReadable(Exception):
    """No capture could be read: the output is not to appear."""


def _write(reading: _Reading, output: Path, kind: str | None) -> None:
    try:
        with FlowWriter(output, kind) as writer:
            reading.run(writer.write)
            if not reading.stats:
                raise _NothingReadable
    except _NothingReadable:
        pass


class _Reading:
    """Reads captures one after the other; keeps what became of each."""

    def __init__(self, paths: list[Path], config: FlowConfig, label: Any) -> None:
        self._paths, self._config, self._label = paths, config, label
        self._names = _unlike_names(paths)
        self.stats: list[CaptureStats] = []
        self.refused = 0

    def run(self, take: Any) -> None:
        with progress() as bar:
            task = bar.add_task("reading", total=len(self._paths))
            for path, name in zip(self._paths, self._names, strict=True):
                bar.update(task, description=f"reading {path.name}")
                try:
                    self._read(path, name, take)
                except CaptureError as error:
                    self.refused += 1
                    note(f"edgemtl flows: {error}")
                bar.advance(task)

    def _read(self, path: Path, name: str, take: Any) -> None:
        capture = Capture(path, self._config, name=name)
        for batch in capture:
            self._label(path, batch)
            take(batch)
        stats = capture.stats
        if stats.ip_packets == 0:
            raise CaptureError(f"{path}: {stats.warning or 'holds no IP packet'}")
        if stats.warning:
            note(f"edgemtl flows: {path}: {stats.warning}")
        self.stats.append(stats)


def _unlike_names(paths: list[Path]) -> list[str]:
    """The captures' file names, or their whole paths where two files are called the same."""
    if len(set(paths)) < len(paths):
        raise DataError("a capture is named twice: its flows would be there twice")
    names = [path.name for path in paths]
    return [
        name if names.count(name) == 1 else str(path)
        for name, path in zip(names, paths, strict=True)
    ]


def _facts(stats: CaptureStats) -> dict[str, Any]:
    return {
        "path": str(stats.path),
        "packets": stats.packets,
        "ip_packets": stats.ip_packets,
        "flow_packets": stats.flow_packets,
        "flows": stats.flows,
        "evicted": stats.evicted,
        "clock_back": stats.clock_back,
        "skipped": stats.skipped,
        "warning": stats.warning,
    }


def _print(each: list[CaptureStats]) -> None:
    rows = [
        (s.path, s.packets, s.ip_packets, s.flow_packets, s.flows, _skipped(s.skipped))
        for s in each
    ]
    columns = ("capture", "packets", "IP", "in flows", "flows", "skipped")
    print_table("", columns, rows)


def _say(each: list[CaptureStats], output: Path | None) -> None:
    skipped: dict[str, int] = {}
    for stats in each:
        for reason, count in stats.skipped.items():
            skipped[reason] = skipped.get(reason, 0) + count
    count = sum(s.flows for s in each)
    total = sum(s.packets for s in each)
    if each:
        note(f"{count} flows of {total} packets in {output}; skipped: {_skipped(skipped)}")


def _skipped(reasons: dict[str, int]) -> str:
    return ", ".join(f"{n} {reason}" for reason, n in reasons.items() if n) or "none"
