"""``edgemtl classify``: what the flows of a capture are."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from itertools import groupby, islice
from pathlib import Path
from typing import Annotated, Any

import typer

from edgemtl.cli.flow_options import (
    ActiveTimeout,
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
    Promiscuous,
    Ring,
    User,
    Watch,
    live_options,
)
from edgemtl.cli.output import note, print_table, printable
from edgemtl.cli.reading import Reading, capture_files
from edgemtl.flows import Flows

EPILOG = (
    "Examples: [bold]edgemtl classify dist/first.int8.onnx monday.pcap | jq .state[/bold] · "
    "[bold]edgemtl classify quic-lab -i eth0 --early 0.9[/bold]"
)
TABLES = (".parquet", ".jsonl")
SHOWN = 1000  # rows of a table on the terminal
ROWS = 16_384  # flows of a flow table at a time


def classify(
    model: Annotated[
        Path,
        typer.Argument(
            readable=False, help="Artefact, run folder, or the name of a carried model."
        ),
    ],
    captures: Annotated[
        list[Path] | None,
        typer.Argument(
            readable=False,
            help="pcap or pcapng, also gzip or zstd; - is standard input; .parquet, .jsonl; "
            "folders of them.",
        ),
    ] = None,
    runtime: Annotated[
        str | None,
        typer.Option(help="torch, onnxruntime, ai-edge-litert or tflite-runtime."),
    ] = None,
    threads: Annotated[int, typer.Option(min=1, max=1024, help="Threads within a call.")] = 1,
    idle_timeout: IdleTimeout = 120,
    active_timeout: ActiveTimeout = 1800,
    max_flows: MaxFlows = 1_000_000,
    max_memory: MaxMemory = None,
    tunnels: Tunnels = "inner",
    protocols: Protocols = "tcp,udp",
    split_offload: SplitOffload = None,
    interface: Interface = None,
    filter: Filter = None,
    promiscuous: Promiscuous = False,
    ring: Ring = None,
    user: User = None,
    early: Annotated[
        float | None,
        typer.Option(
            metavar="CONFIDENCE",
            min=0.0,
            max=1.0,
            help="Answer after 10, 20, 40, … packets if the traffic class is so probable: 0.9.",
        ),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="JSON lines also on a terminal, where a table is usual.")
    ] = False,
) -> None:
    """Print a line for each flow: its key, and each head's class with its probability.

    The state is final (the model saw all it can use), sure (--early: it needed less), early (the
    capture ended first) or short (too few packets for an answer). A capture that can't be read is
    named on standard error and the others go on; the exit status is then 2. Of live traffic, a
    flow's line comes as soon as the model is sure (--early) or has seen all it can use, or at the
    flow's end; Ctrl-C or SIGTERM ends it, with exit status 0; the removal of the interface too,
    with 1.
    """
    from edgemtl.models.early import FIRST
    from edgemtl.runtime import EarlyAnswers, load, packets_for
    from edgemtl.runtime import classify as answer

    live = live_options(captures, interface, filter, promiscuous, ring, user)
    loaded = load(model, runtime, threads)
    config = flow_config(
        packets=packets_for(loaded.card.spec),
        payload=loaded.card.spec.needs_payload,
        idle_timeout_s=idle_timeout,
        active_timeout_s=active_timeout,
        max_flows=max_flows,
        max_memory=max_memory,
        tunnels=tunnels,
        protocols=protocols,
        split_offload=split_offload,
    )
    heads = [head.name for head in loaded.card.heads]
    in_json = as_json or not sys.stdout.isatty()
    if live:
        glance = FIRST if early is not None else 0
        watch = Watch("edgemtl classify", live, replace(config, early=True, glance=glance))
        say = partial(answer, loaded) if early is None else EarlyAnswers(loaded, early)
        for batch in watch:
            for line in say(batch):
                print(_json(line) if in_json else printable("  ".join(_row(line, heads))))
            sys.stdout.flush()  # an answer is wanted now
        if watch.stats.warning:
            raise typer.Exit(1)
        return
    files = capture_files("edgemtl classify", captures or [], TABLES)
    reading = Reading("edgemtl classify", config)
    lines = (line for batch in _batches(reading, files) for line in answer(loaded, batch, early))
    if in_json:
        for line in lines:
            print(_json(line))
    else:
        _show(lines, heads)
    if reading.refused:
        raise typer.Exit(2)


def _batches(reading: Reading, paths: list[Path]) -> Iterator[Flows]:
    """Flows of captures and flow tables, in the order given."""
    from edgemtl.datasets import read_flows

    for are_tables, group in groupby(paths, lambda path: path.suffix in TABLES):
        if are_tables:
            for path in group:
                yield from read_flows([path]).batches(ROWS)
        else:
            yield from (batch for _, batch in reading.read(list(group)))


def _json(line: dict[str, Any]) -> str:
    return json.dumps(line, separators=(",", ":"))


def _show(lines: Iterator[dict[str, Any]], heads: list[str]) -> None:
    rows = [_row(line, heads) for line in islice(lines, SHOWN)]
    columns = ("source", "destination", "protocol", "packets", "state", *heads)
    print_table("", columns, rows)
    if more := sum(1 for _ in lines):
        note(f"{more} more flows: use --json")


def _row(line: dict[str, Any], heads: list[str]) -> list[str]:
    protocol = {6: "TCP", 17: "UDP"}.get(line["protocol"], line["protocol"])
    row = [_end(line["src"], line["src_port"]), _end(line["dst"], line["dst_port"])]
    row += ["–" if value is None else str(value) for value in (protocol, line["packets"])]
    row.append(line["state"])
    for head in heads:
        answer = line[head]
        row.append(f"{answer['class']} ({answer['p']:.2f})" if answer else "–")
    return row


def _end(address: str | None, port: int | None) -> str:
    if address is None:
        return "–"
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"
