"""``edgemtl import``: published data sets and other tools' tables into a flow table."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Annotated

import typer

from edgemtl.cli.output import note, printable, progress
from edgemtl.cli.outputs import refuse_own_input
from edgemtl.cli.reading import unlike_names
from edgemtl.datasets import (
    CESNET,
    TCBENCH,
    FlowWriter,
    import_csv,
    import_npy,
    import_rows,
    import_ucdavis,
    ipfixprobe,
    nfstream,
)
from edgemtl.datasets.listed import Source
from edgemtl.datasets.npy import npy_splits
from edgemtl.datasets.sources import Seen
from edgemtl.errors import DataError
from edgemtl.flows import Flows

EXAMPLE = "Example: [bold]edgemtl import {}[/bold]"

app = typer.Typer(help="Bring other formats into a flow table.", no_args_is_help=True)

Output = Annotated[Path, typer.Option("-o", "--output", help="FILE.parquet, .jsonl or .csv.")]
Partition = Annotated[
    str | None, typer.Option(help="Name in the column partition; what the source says unless told.")
]
Packets = Annotated[int, typer.Option(min=1, max=65_535, help="Packets kept of each series.")]
Label = Annotated[
    str | None, typer.Option(metavar="COLUMN", help="The column that names the traffic class.")
]
Folders = Annotated[list[Path], typer.Argument(readable=False, help="Folders, or one of them.")]
Tables = Annotated[
    list[Path], typer.Argument(readable=False, help="CSV, JSON lines (also .gz, .xz) or Parquet.")
]

Read = Callable[[Path, str, Seen], Iterator[Flows]]  # a file, its name in flow_id, progress


@app.command(epilog=EXAMPLE.format("ucdavis script/ -o script.parquet --packets 1024"))
def ucdavis(
    folders: Folders, output: Output, partition: Partition = None, packets: Packets = 256
) -> None:
    """The UC Davis QUIC data set as published: partition/class/flow.txt, all partitions or some.

    Published lengths are Ethernet frames: 14 bytes are taken off.
    """
    _each_must_be(folders, Path.is_dir, "folder")
    _write(
        folders,
        lambda path, name, seen: import_ucdavis(path, partition, packets, seen),
        output,
        own_ids=True,
    )


@app.command(epilog=EXAMPLE.format("tcbench ucdavis-icdm19.parquet -o q.parquet"))
def tcbench(
    files: Tables, output: Output, partition: Partition = None, packets: Packets = 256
) -> None:
    """tcbench's Parquet of the UC Davis QUIC data set (ucdavis-icdm19), any split.

    Lengths are Ethernet frames there too: 14 bytes are taken off.
    """
    _import_rows(files, TCBENCH, output, partition, packets)


@app.command(epilog=EXAMPLE.format("npy MultitaskTrafficClassification -o q.parquet"))
def npy(
    folders: Folders, output: Output, partition: Partition = None, packets: Packets = 256
) -> None:
    """The splits of the paper's published code: trainData.npy with trainLabel.npy, val, test.

    Direction is unknown there, times are clipped at 1 s: train with --recipe paper, or --unsigned.
    """
    _each_must_be(folders, Path.is_dir, "folder")
    splits = [file for folder in folders for file in npy_splits(folder)]
    _write(
        splits,
        lambda path, name, seen: import_npy(path, name, partition, packets, seen),
        output,
    )


@app.command(epilog=EXAMPLE.format("cesnet flows-20221031.csv.gz -o quic22.parquet"))
def cesnet(
    files: Tables,
    output: Output,
    partition: Partition = None,
    packets: Packets = 256,
    label: Label = None,
) -> None:
    """CESNET's TLS22, QUIC22, TLS-Year22 and QUICEXT-25: the published CSV, or DataZoo frames.

    The traffic class is APP unless told. Lengths are payloads, of at most 30 packets: train with
    --length-kind payload --skip-empty --k 30.
    """
    _import_rows(files, CESNET, output, partition, packets, label)


@app.command("nfstream", epilog=EXAMPLE.format("nfstream nfstream.csv -o n.parquet"))
def nfstream_(
    files: Tables,
    output: Output,
    partition: Partition = None,
    packets: Packets = 256,
    label: Label = None,
    length_kind: Annotated[
        str,
        typer.Option(help="frame, ip or payload: NFStream's accounting_mode 0, 1 or 3."),
    ] = "frame",
) -> None:
    """NFStream's flows with splt_analysis, as its to_csv() writes them.

    Of frames, 14 bytes are taken off, and 4 more in a VLAN.
    """
    _must_be_one_of(length_kind, ("frame", "ip", "payload"))
    _import_rows(files, nfstream(length_kind), output, partition, packets, label)


@app.command("ipfixprobe", epilog=EXAMPLE.format("ipfixprobe flows.csv -o i.parquet"))
def ipfixprobe_(
    files: Tables,
    output: Output,
    partition: Partition = None,
    packets: Packets = 256,
    label: Label = None,
    length_kind: Annotated[
        str, typer.Option(help="payload; or ip, as old versions had it.")
    ] = "payload",
) -> None:
    """ipfixprobe's flows with its plugin pstats: CSV of NEMEA's logger, or JSON lines.

    Lengths are payloads: train with --length-kind payload --skip-empty --k 30.
    """
    _must_be_one_of(length_kind, ("payload", "ip"))
    _import_rows(files, ipfixprobe(length_kind), output, partition, packets, label)


@app.command("csv", epilog=EXAMPLE.format("csv packets.csv -o flows.parquet"))
def csv_(
    files: Tables, output: Output, partition: Partition = None, packets: Packets = 256
) -> None:
    """One packet a row: flow_id,timestamp,length,direction and, if known, traffic_class.

    Seconds since 1970; bytes of the IP packet; 1 (forward), -1 (reverse) or 0 (unknown).
    """
    _each_must_be(files, Path.is_file, "file")

    def read(path: Path, name: str, seen: Seen) -> Iterator[Flows]:
        yield import_csv(path, partition, packets, seen)

    _write(files, read, output, own_ids=True)


def _import_rows(
    files: Sequence[Path],
    source: Source,
    output: Path,
    partition: str | None,
    packets: int,
    label: str | None = None,
) -> None:
    _each_must_be(files, Path.is_file, "file")
    _write(
        files,
        lambda path, name, seen: import_rows(path, source, name, partition, packets, label, seen),
        output,
    )


def _each_must_be(paths: Sequence[Path], fine: Callable[[Path], bool], kind: str) -> None:
    for path in paths:
        if not fine(path):
            raise DataError(f"{path}: no such {kind}")


def _must_be_one_of(kind: str, kinds: Sequence[str]) -> None:
    if kind not in kinds:
        raise DataError(f"--length-kind: must be {', '.join(kinds)}, got {kind!r}")


def _write(files: Sequence[Path], read: Read, output: Path, own_ids: bool = False) -> None:
    """Write what `read` gives of each file, batch by batch; `own_ids`: the data name the flows."""
    refuse_own_input(output, files)
    names = unlike_names(files)
    flows, classes, ids = 0, set[str](), set[str]()
    columns: set[str] = set()
    with progress() as bar, FlowWriter(output) as writer:
        task = bar.add_task("", total=len(files))
        for number, (file, name) in enumerate(zip(files, names, strict=True)):

            def seen(share: float, number: int = number) -> None:
                bar.update(task, completed=number + share)

            bar.update(task, description=f"reading {printable(file.name)}", completed=number)
            for batch in read(file, name, seen):
                if differ := (columns or set(batch.columns)) ^ set(batch.columns):
                    raise DataError(
                        f"{file}: {', '.join(sorted(differ))}: known of some flows and not of "
                        "others: import these files apart"
                    )
                columns = set(batch.columns)
                if own_ids:
                    _refuse_twice(batch, ids, file)
                writer.write(batch)
                flows += len(batch)
                classes.update(str(c) for c in batch["traffic_class"] if c is not None)
    note(f"{flows} flows, {len(classes)} classes in {output}")


def _refuse_twice(batch: Flows, ids: set[str], file: Path) -> None:
    for name in batch["flow_id"]:
        if name in ids:
            raise DataError(f"{file}: flow_id {name!r} stands there twice")
        ids.add(name)
