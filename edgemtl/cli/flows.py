"""``edgemtl flows``: captures to a flow table."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from edgemtl.cli.flow_options import (
    ActiveTimeout,
    ByVlan,
    Captures,
    IdleTimeout,
    MaxFlows,
    MaxMemory,
    Protocols,
    SplitOffload,
    Tunnels,
    flow_config,
)
from edgemtl.cli.live import (
    Filter,
    Interface,
    LiveOptions,
    Promiscuous,
    Ring,
    Rotate,
    User,
    live_options,
    write_live,
)
from edgemtl.cli.output import note, printable, progress
from edgemtl.cli.outputs import refuse_own_input
from edgemtl.cli.reading import Reading, capture_files
from edgemtl.cli.statistics import print_statistics
from edgemtl.datasets import FORMATS, FlowWriter, LabelsFile
from edgemtl.errors import DataError
from edgemtl.flows import Anonymiser, FlowConfig, Flows, read_key
from edgemtl.printable import utf8

EPILOG = (
    "Example: [bold]edgemtl flows monday.pcap.gz tuesday.pcapng -o flows.parquet "
    "--labels labels.csv[/bold]"
)

Output = Annotated[
    Path | None,
    typer.Option(
        "-o", "--output", help="FILE.parquet, .jsonl, .csv, or - ; without it, only statistics."
    ),
]
Kind = Annotated[
    str | None, typer.Option("--format", help=f"{', '.join(FORMATS)}, whatever the name.")
]
Packets = Annotated[int, typer.Option(help="Packets kept of each flow's series.")]
Payload = Annotated[bool, typer.Option("--payload", help="Keep the series of payload lengths too.")]
Concat = Annotated[
    bool, typer.Option("--concat", help="The captures are one that was cut into files.")
]
Anonymise = Annotated[
    str | None,
    typer.Option(
        metavar="KEY",
        help="Addresses by Crypto-PAn, no times, no port but the service's. "
        "KEY: a file of 32 random bytes, or 64 hex digits.",
    ),
]
Labels = Annotated[
    Path | None,
    typer.Option(
        help="CSV: capture,traffic_class or src,src_port,dst,dst_port,protocol,traffic_class."
    ),
]
LabelByFolder = Annotated[
    bool, typer.Option(help="The folder that a capture lies in names the traffic class.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print the statistics as JSON.")]


def flows(
    captures: Captures = None,
    output: Output = None,
    kind: Kind = None,
    packets: Packets = 256,
    idle_timeout: IdleTimeout = 120,
    active_timeout: ActiveTimeout = 1800,
    max_flows: MaxFlows = 1_000_000,
    max_memory: MaxMemory = None,
    by_vlan: ByVlan = False,
    tunnels: Tunnels = "inner",
    protocols: Protocols = "tcp,udp",
    split_offload: SplitOffload = None,
    payload: Payload = False,
    concat: Concat = False,
    anonymise: Anonymise = None,
    labels: Labels = None,
    label_by_folder: LabelByFolder = False,
    interface: Interface = None,
    filter: Filter = None,
    promiscuous: Promiscuous = False,
    ring: Ring = None,
    rotate: Rotate = None,
    user: User = None,
    as_json: AsJson = False,
) -> None:
    """Turn captures, or live traffic, into a flow table, and say what was skipped and why.

    A capture that can't be read is named on standard error and the others go on; the exit status is
    then 2. Live traffic is read until Ctrl-C or SIGTERM: its flows so far are written, and the exit
    status is 0, or 1 where the interface was removed before. A second one, a second later or more,
    ends the program without its file.
    """
    live = live_options(captures, interface, filter, promiscuous, ring, user, rotate)
    if live and (label_by_folder or concat):
        raise DataError("--label-by-folder and --concat: are for capture files")
    if labels and anonymise:
        raise DataError("--labels and --anonymise: label by addresses first, or by folder")
    if as_json and str(output) == "-":
        raise DataError("--json and -o -: both want standard output; give -o a file name")
    files = capture_files("edgemtl flows", captures or [])
    if label_by_folder and Path("-") in files:
        raise DataError("--label-by-folder: standard input lies in no folder")
    refuse_own_input(output, [*files, *(Path(each) for each in (labels, anonymise) if each)])
    named = LabelsFile(labels) if labels else None
    label = _labeller(named, label_by_folder)
    config = flow_config(
        packets=packets,
        idle_timeout_s=idle_timeout,
        active_timeout_s=active_timeout,
        max_flows=max_flows,
        max_memory=max_memory,
        by_vlan=by_vlan,
        tunnels=tunnels,
        protocols=protocols,
        split_offload=split_offload,
        payload=payload,
    )
    anonymiser = Anonymiser(read_key(anonymise)) if anonymise else None
    job = _Job(config, anonymiser, label, output, kind, as_json)
    status = _of_interface(live, job) if live else _of_captures(files, concat, job)
    if named and not named.is_used:
        note(f"edgemtl flows: {labels}: none of these flows is named there")
    if status:
        raise typer.Exit(status)


@dataclass(frozen=True)
class _Job:
    """What is done with flows, wherever they come from."""

    config: FlowConfig
    anonymiser: Anonymiser | None
    label: Callable[[Path, Flows], None]
    output: Path | None
    kind: str | None
    as_json: bool


def _of_interface(live: LiveOptions, job: _Job) -> int:
    """The exit status."""
    output = job.output
    stats = write_live(live, job.config, job.anonymiser, job.label, output, job.kind)
    if output and live.rotation:
        output = output.with_name(f"{output.stem}-*{output.suffix}")
    print_statistics([stats], [], output, job.as_json)
    return 1 if stats.warning else 0


def _of_captures(captures: list[Path], concat: bool, job: _Job) -> int:
    """The exit status."""
    reading = Reading("edgemtl flows", job.config, concat, job.anonymiser)
    batches = _read(reading, captures, job.label)
    if job.output is None:
        for _ in batches:
            pass
    else:
        _write(batches, reading, job.output, job.kind)
    print_statistics(reading.stats, reading.refused, job.output, job.as_json)
    return 2 if reading.refused else 0


def _labeller(named: LabelsFile | None, by_folder: bool) -> Callable[[Path, Flows], None]:
    if named and by_folder:
        raise DataError("--labels and --label-by-folder: give one of them")

    def label(path: Path, batch: Flows) -> None:
        if named:
            named.apply(batch, path.name)
        elif by_folder:
            # not resolve(): a link to a capture lies where the link does
            batch["traffic_class"][:] = utf8(Path(os.path.abspath(path)).parent.name)  # noqa: PTH100

    return label


def _read(
    reading: Reading, captures: list[Path], label: Callable[[Path, Flows], None]
) -> Iterator[Flows]:
    with progress() as bar:
        task = bar.add_task("reading", total=len(captures), completed=-1)

        def begin(path: Path) -> None:
            bar.update(task, advance=1, description=f"reading {printable(path.name)}")

        for path, batch in reading.read(captures, begin):
            label(path, batch)
            yield batch


class _NothingReadable(Exception):
    """No capture could be read: the output is not to appear."""


def _write(batches: Iterator[Flows], reading: Reading, output: Path, kind: str | None) -> None:
    try:
        with FlowWriter(output, kind) as writer:
            for batch in batches:
                writer.write(batch)
            if not reading.stats:
                raise _NothingReadable
    except _NothingReadable:
        pass
