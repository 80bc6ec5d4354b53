"""``edgemtl export``: a run to the files that devices load, each proved."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from edgemtl.cli.output import note, print_json, print_table, progress

if TYPE_CHECKING:
    from edgemtl.quantize import Report

EPILOG = "Example: [bold]edgemtl export runs/first -o dist --max-drop 0.5[/bold]"
STEPS = 15  # reading; two float graphs; writing and proving six files


def export(
    run: Annotated[
        Path, typer.Argument(readable=False, help="Run folder that edgemtl train made.")
    ],
    output: Annotated[Path, typer.Option("-o", "--output", help="DIST: the folder to write.")],
    data: Annotated[
        list[Path] | None,
        typer.Option(help="Flow tables of the training, if they are no longer where they were."),
    ] = None,
    formats: Annotated[
        str, typer.Option(help="onnx, tflite, or both with a comma.")
    ] = "onnx,tflite",
    max_drop: Annotated[
        float, typer.Option(min=0, max=100, help="Points of accuracy a file may lose on any head.")
    ] = 1.0,
    precisions: Annotated[
        str, typer.Option(help="Some of fp32, fp16, dynamic, int8; each format has some of them.")
    ] = "fp32,fp16,dynamic,int8",
    io: Annotated[
        str, typer.Option(help="Input and outputs of the int8 TFLite file: float, or int8.")
    ] = "float",
    name: Annotated[
        str | None, typer.Option(help="What the files are called; the run's name unless told.")
    ] = None,
    prune: Annotated[
        str | None,
        typer.Option(
            help="Prune first: auto (to an eighth at most), or the share of multiply-adds to keep."
        ),
    ] = None,
    prune_drop: Annotated[
        float,
        typer.Option(min=0, max=100, help="Points that --prune auto may lose on any head."),
    ] = 0.5,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Write float and int8 ONNX and TFLite files, and prove each against the run, head by head.

    Float files must give the run's probabilities to 1e-4 (fp16: 1e-2), no file may lose more than
    --max-drop points of accuracy on a head. Otherwise the figures are printed, nothing is written,
    and the exit status is 1. OUTPUT/report.html shows what was made and how it compares.

    --prune leaves out of the network what its answers need least, and trains it to answer as
    before. The smaller run is in DIST, too; its files are measured against the whole run.
    """
    from edgemtl.quantize import export_run, remedy

    with progress() as bar:
        task = bar.add_task("exporting", total=STEPS if prune is None else None)
        report = export_run(
            run,
            output,
            data or (),
            _words(formats),
            max_drop=max_drop,
            name=name,
            precisions=_words(precisions),
            io=io,
            step=lambda what: bar.update(task, advance=1, description=what, refresh=True),
            prune_to=prune,
            prune_drop=prune_drop,
        )
    if as_json:
        print_json({"run": str(run), "dist": str(output), **asdict(report), "ok": report.ok})
    else:
        _show(report, run)
    for line in report.pruning["notes"] if report.pruning else ():
        note(f"edgemtl export: {line}")
    for line in report.broken:
        note(f"edgemtl export: {line}")
    if not report.ok:
        helps = remedy(report, max_drop)
        note(f"edgemtl export: {output} was not written{helps and f': {helps}'}")
        raise typer.Exit(1)


def _words(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(word.strip() for word in text.split(",")))


def _show(report: Report, run: Path) -> None:
    from edgemtl.quantize.prune import step_table

    heads = list(report.reference["heads"])
    if report.pruning:
        columns, rows = step_table(report.pruning)
        print_table(f"pruning, by {report.pruning['judged']}", columns, rows)
    columns = ["file", "kB", *heads, "agreement", "largest difference"]
    reference = report.reference | {"file": f"{run.name} (torch)"}
    pruned = [report.pruned] if report.pruned else []
    rows = [_row(file) for file in (reference, *pruned, *report.files)]
    title = f"{report.flows} held-out flows: accuracy per head in %, and its change in points"
    if report.pruned:
        title += "; agreement and difference of files are those from the pruned network"
    print_table(title, columns, rows)


def _row(file: dict[str, Any]) -> tuple[str, ...]:
    from edgemtl.quantize.prune import with_change

    heads = file["heads"].values()
    return (
        file["file"],
        f"{file['bytes'] / 1000:,.0f}",
        *map(with_change, heads),
        f"{100 * min(h['agreement'] for h in heads):.2f} %",
        f"{max(h['max_difference'] for h in heads):.1e}",
    )
