"""``edgemtl study``: every method on the same splits, as a table with intervals."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from edgemtl.cli.output import note, print_json, print_table, progress
from edgemtl.datasets import flow_files, read_flows, sha256
from edgemtl.datasets.atomic import whole_file
from edgemtl.errors import DataError
from edgemtl.flows import Flows

if TYPE_CHECKING:
    from edgemtl.study import Plan

EPILOG = (
    "Examples: [bold]edgemtl study flows.parquet --labels 10,20,all --methods mtl,stl,rf -o "
    "study[/bold] · "
    "[bold]edgemtl study flows.parquet --unknown 0.95 --labels all -o left-out[/bold]"
)
COMPARED = "mtl,mtl:paper,stl,transfer,rf,cnn-rnn2,knn,gbt"


def study(
    data: Annotated[
        list[Path], typer.Argument(readable=False, help="Flow tables, or folders of them.")
    ],
    output: Annotated[
        Path, typer.Option("-o", "--output", help="Folder to write, or to go on with.")
    ],
    methods: Annotated[
        str | None,
        typer.Option(
            help="Of mtl, stl, transfer, transfer-frozen, cnn-rnn2, rf, gbt, knn, simclr; "
            "mtl:paper and stl:best tell the recipe.",
            show_default=COMPARED,
        ),
    ] = None,
    labels: Annotated[
        str, typer.Option(help="Traffic-class labels of each class: numbers, or all.")
    ] = "10,20,50,100,all",
    seeds: Annotated[int, typer.Option(help="How many splits.")] = 5,
    test_data: Annotated[
        list[Path] | None,
        typer.Option(readable=False, help="Test on these flows; all of DATA then trains."),
    ] = None,
    dividers: Annotated[str, typer.Option(help="As for edgemtl train.")] = "paper",
    validation: Annotated[float, typer.Option(help="Share of the flows that calibrate.")] = 0.15,
    test: Annotated[float, typer.Option(help="Share kept aside.")] = 0.25,
    split_by: Annotated[str, typer.Option(help="random, partition, host or time.")] = "random",
    k: Annotated[int, typer.Option("--k", help="Packets that the models see.")] = 60,
    length_kind: Annotated[
        str, typer.Option(help="ip, or payload: flows extracted with --payload.")
    ] = "ip",
    keep_cut: Annotated[
        bool, typer.Option("--keep-cut", help="Take the duration of flows that were cut off.")
    ] = False,
    unknown: Annotated[
        float | None,
        typer.Option(
            metavar="PRECISION",
            help="Leave each class out in turn instead: what does train --unknown make of it?",
        ),
    ] = None,
    paper: Annotated[
        bool,
        typer.Option("--paper", help="Show the paper's Table III too: another split of more data."),
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Compare methods by label counts over repeated splits, laid out like the paper's Table III.

    Each figure is a mean with its 95 % interval over the splits. Interrupted, the same command goes
    on where it was; more methods, labels or seeds add to what is there.
    """
    from edgemtl.study import Plan

    if unknown is not None and (methods is not None or test_data or paper):
        raise DataError(
            "--unknown: leaves classes of DATA out of multi-task networks: give no --methods, "
            "--test-data or --paper"
        )
    words = (COMPARED if methods is None else methods).split(",")
    plan = Plan(
        tuple(dict.fromkeys(word.strip() for word in words)), _labels(labels), seeds,
        k, dividers, keep_cut, (validation, test), split_by, unknown, length_kind,
    )  # fmt: skip
    flows = read_flows(data)
    if unknown is not None:
        _leave_out(flows, plan, output, {str(p): sha256(p) for p in flow_files(data)}, as_json)
        return
    from edgemtl.study import run_cells, write_report

    aside = read_flows(test_data) if test_data else None
    files = {str(p): sha256(p) for p in flow_files([*data, *(test_data or ())])}
    with progress() as bar:
        task = bar.add_task("study", total=sum(1 for _ in plan.cells()))
        done = -1

        def step(what: str) -> None:
            nonlocal done
            done += 1
            bar.update(task, completed=done, description=what, refresh=True)

        cells = run_cells(flows, aside, plan, output, files, step)
    document = write_report(output, cells, plan, ["edgemtl", *sys.argv[1:]], files, paper)
    for line in (*document["skipped"], *document["notes"]):
        note(f"edgemtl study: {line}")
    if as_json:
        print_json({name: document[name] for name in ("command", "data", "rows", "skipped")})
    elif document["rows"]:
        _show(document, plan, output, paper)
    _check_measured(document["rows"], output)


def _check_measured(rows: list[dict[str, Any]], output: Path) -> None:
    if not rows:
        helps = "give fewer --labels, or label more"
        note(f"edgemtl study: {output}: nothing could be measured: {helps}")
        raise typer.Exit(1)


def _leave_out(
    flows: Flows, plan: Plan, output: Path, files: dict[str, str], as_json: bool
) -> None:
    from edgemtl.study.unknown import COLUMNS, left_out_cells, left_out_rows, left_out_table

    with progress() as bar:
        task = bar.add_task("study", total=None)
        done = -1

        def step(what: str, of: int) -> None:
            nonlocal done
            done += 1
            bar.update(task, total=of, completed=done, description=what, refresh=True)

        cells = left_out_cells(flows, plan, output, files, step)
    rows = left_out_rows(cells)
    for line in sorted({cell["skipped"] for cell in cells if "skipped" in cell}):
        note(f"edgemtl study: {line}")
    document = {"command": ["edgemtl", *sys.argv[1:]], "data": files, "rows": rows}
    with whole_file(output / "unknown.json") as temporary:
        temporary.write_text(json.dumps(document | {"cells": cells}, indent=1) + "\n")
    if as_json:
        print_json(document)
    elif rows:
        title = f"{output.name}: each class left out, precision {plan.unknown:g}, in %"
        print_table(title, COLUMNS, left_out_table(rows))
    _check_measured(rows, output)


def _show(document: dict[str, Any], plan: Plan, output: Path, paper: bool) -> None:
    from edgemtl.study.report import TITLES, columns, table

    for measure in ("accuracy", "macro_f1"):
        title = f"{output.name}: {TITLES[measure]}, mean ± 95 % interval"
        print_table(title, columns(plan), table(document["rows"], plan, measure, paper))


def _labels(text: str) -> tuple[int | None, ...]:
    try:
        return tuple(dict.fromkeys(None if w.strip() == "all" else int(w) for w in text.split(",")))
    except ValueError:
        raise DataError(f"--labels: must be numbers with commas, or all, got {text!r}") from None
