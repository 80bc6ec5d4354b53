"""``edgemtl import``: published data sets and packet lists into a flow table."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer

from edgemtl.cli.output import note
from edgemtl.cli.outputs import refuse_own_input
from edgemtl.datasets import FlowWriter, import_csv, import_ucdavis
from edgemtl.errors import DataError
from edgemtl.flows import Flows

app = typer.Typer(help="Bring other formats into a flow table.", no_args_is_help=True)

Output = Annotated[Path, typer.Option("-o", "--output", help="FILE.parquet, .jsonl or .csv.")]
Partition = Annotated[
    str | None, typer.Option(help="Name in the column partition; the path's unless told.")
]
Packets = Annotated[int, typer.Option(min=1, max=65_535, help="Packets kept of each series.")]


@app.command(
    epilog="Example: [bold]edgemtl import ucdavis script/ -o script.parquet --packets 1024[/bold]"
)
def ucdavis(
    folders: Annotated[
        list[Path], typer.Argument(readable=False, help="Folders of class folders of .txt files.")
    ],
    output: Output,
    partition: Partition = None,
    packets: Packets = 256,
) -> None:
    """The UC Davis QUIC data set: a text file a flow, the folder is the class.

    Published lengths are Ethernet frames: 14 bytes are taken off.
    """
    for folder in folders:
        _must_be(folder, folder.is_dir(), "folder")
    _write((batch for f in folders for batch in import_ucdavis(f, partition, packets)), output)


@app.command("csv", epilog="Example: [bold]edgemtl import csv packets.csv -o flows.parquet[/bold]")
def csv_(
    files: Annotated[
        list[Path],
        typer.Argument(
            readable=False, help="CSV: flow_id,timestamp,length,direction and maybe traffic_class."
        ),
    ],
    output: Output,
    partition: Partition = None,
    packets: Packets = 256,
) -> None:
    """One packet a row: seconds, bytes of the IP packet, direction 1, -1 or 0 (unknown)."""
    refuse_own_input(output, files)
    for file in files:
        _must_be(file, file.is_file(), "file")
    _write((import_csv(file, partition, packets) for file in files), output)


def _must_be(path: Path, fine: bool, kind: str) -> None:
    if not fine:
        raise DataError(f"{path}: no such {kind}")


def _write(batches: Iterable[Flows], output: Path) -> None:
    flows = Flows.concat(list(batches))
    with FlowWriter(output) as writer:
        writer.write(flows)
    classes = sorted({c for c in flows["traffic_class"] if c is not None})
    note(f"{len(flows)} flows, {len(classes)} classes in {output}")
