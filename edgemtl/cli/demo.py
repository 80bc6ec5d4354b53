"""``edgemtl demo``: the main job, on the data that the package carries."""

from __future__ import annotations

import shlex
import subprocess
import sys
from pathlib import Path
from typing import Annotated

import typer

from edgemtl.carried import carried_captures, carried_flows
from edgemtl.cli.output import note
from edgemtl.errors import DataError

EPILOG = "Example: [bold]edgemtl demo -o demo[/bold]"


def demo(
    output: Annotated[
        Path, typer.Option("-o", "--output", help="Folder for what the demo makes.")
    ] = Path("demo"),
    seed: Annotated[int, typer.Option(help="Seed of the split and of the training.")] = 1,
) -> None:
    """Packets to flows, train, export, prove, measure, classify: each step is one command.

    The steps are printed before they run, so that they can be repeated with one's own captures.
    """
    for path in (carried_flows(), *carried_captures()):
        if not path.is_file():
            raise DataError(f"{path}: carried data are missing: install edgemtl again")
    output.mkdir(parents=True, exist_ok=True)
    captures = [_from_here(path) for path in carried_captures()]
    run, dist = str(output / "quic-lab"), str(output / "dist")
    flows = _from_here(carried_flows())
    for says, command in (
        ("Real QUIC packets to flows", ["flows", *captures, "-o", str(output / "flows.parquet")]),
        ("What the carried flow table holds", ["inspect", flows]),
        ("One network for three heads", ["train", flows, "-o", run, "--seed", str(seed)]),
        ("Six artefacts, each proved head by head", ["export", run, "-o", dist]),
        ("Latency and accuracy per head", ["bench", dist]),
        (
            "What are these flows?",
            ["classify", str(output / "dist" / "quic-lab.int8.onnx"), captures[0]],
        ),
    ):
        for line in ("", f"# {says}", f"$ edgemtl {shlex.join(command)}"):
            note(line)
        status = subprocess.run([*_program(), *command], check=False).returncode
        if status:
            raise typer.Exit(status)


def _from_here(path: Path) -> str:
    """The path as a person in this folder would type it."""
    here = Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)


def _program() -> list[str]:
    """How this very program was started; `-m` would look into the working folder first."""
    started = sys.argv[0]
    module = started.endswith("__main__.py")
    return [sys.executable, *(["-m", "edgemtl"] if module else [started])]
