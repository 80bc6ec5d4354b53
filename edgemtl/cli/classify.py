"""``edgemtl classify``: what the flows of a capture are."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Annotated, Any

import typer

from edgemtl.cli.output import note, print_table
from edgemtl.errors import CaptureError, DataError
from edgemtl.flows import Capture, FlowConfig, Flows

EPILOG = "Example: [bold]edgemtl classify dist/first.int8.onnx monday.pcap | jq .state[/bold]"
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
        list[Path],
        typer.Argument(
            readable=False,
            help="pcap or pcapng, also gzip or zstd; - is standard input; .parquet, .jsonl.",
        ),
    ],
    runtime: Annotated[
        str | None,
        typer.Option(help="torch, onnxruntime, ai-edge-litert or tflite-runtime."),
    ] = None,
    threads: Annotated[int, typer.Option(min=1, max=1024, help="Threads within a call.")] = 1,
    idle_timeout: Annotated[
        int, typer.Option(help="Seconds without a packet that end a flow.")
    ] = 120,
    active_timeout: Annotated[int, typer.Option(help="Seconds after which a flow is cut.")] = 1800,
    as_json: Annotated[
        bool, typer.Option("--json", help="JSON lines also on a terminal, where a table is usual.")
    ] = False,
) -> None:
    """Print a line for each flow: its key, and each head's class with its probability.

    The state is final (the model saw all it can use), early (the capture ended first) or short (too
    few packets for an answer). A capture that can't be read is named on standard error and the
    others go on; the exit status is then 2.
    """
    from edgemtl.runtime import classify as answer
    from edgemtl.runtime import load

    loaded = load(model, runtime, threads)
    try:
        config = FlowConfig(
            packets=loaded.card.spec.k,
            idle_timeout_s=idle_timeout,
            active_timeout_s=active_timeout,
        )
    except ValueError as error:
        raise DataError(str(error)) from None
    reading = _Reading(captures, config)
    lines = (line for batch in reading for line in answer(loaded, batch))
    if as_json or not sys.stdout.isatty():
        for line in lines:
            print(json.dumps(line, separators=(",", ":")))
    else:
        _show(lines, [head.name for head in loaded.card.heads])
    if reading.refused:
        raise typer.Exit(2)


class _Reading:
    """Flows of captures and flow tables, one file after the other."""

    def __init__(self, paths: list[Path], config: FlowConfig) -> None:
        self._paths, self._config = paths, config
        self.refused = 0

    def __iter__(self) -> Iterator[Flows]:
        for path in self._paths:
            try:
                yield from self._table(path) if path.suffix in TABLES else self._capture(path)
            except CaptureError as error:
                self.refused += 1
                note(f"edgemtl classify: {error}")

    def _capture(self, path: Path) -> Iterator[Flows]:
        capture = Capture(path, self._config)
        yield from capture
        stats = capture.stats
        if stats.ip_packets == 0:
            raise CaptureError(f"{path}: {stats.warning or 'holds no IP packet'}")
        if stats.warning:
            note(f"edgemtl classify: {path}: {stats.warning}")

    def _table(self, path: Path) -> Iterator[Flows]:
        from edgemtl.datasets import read_flows

        return read_flows([path]).batches(ROWS)


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
