"""``edgemtl evaluate``: a model's answers against the labels of a flow table."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from edgemtl.cli.output import HEAD_COLUMNS, check_suffix, head_rows, note, print_json, print_table
from edgemtl.cli.trust import show_early, show_prefixes, show_unknown
from edgemtl.datasets import read_flows
from edgemtl.errors import DataError

PARTITIONS_SHOWN = 20  # more is nothing to look at
EPILOG = (
    "Example: [bold]edgemtl evaluate runs/first flows.parquet --part test --picture early.svg"
    "[/bold]"
)


def evaluate(
    model: Annotated[Path, typer.Argument(readable=False, help="A run folder, or an artefact.")],
    data: Annotated[
        list[Path], typer.Argument(readable=False, help="Flow tables, or folders of them.")
    ],
    part: Annotated[
        str | None, typer.Option(help="train, validation or test: that part of the run's split.")
    ] = None,
    picture: Annotated[
        Path | None,
        typer.Option(metavar="FILE.svg", help="Draw accuracy against the packets it takes."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Measure accuracy, macro F1 and calibration error per head, and show the confusions.

    Also after the first 10, 20, 40, … packets, and for classify --early: accuracy, packets needed,
    and the share of flows that are answered before their end.
    """
    from edgemtl.models import evaluate as measure
    from edgemtl.models import load_split, usable
    from edgemtl.models.recorded import with_ids
    from edgemtl.models.run import PARTS
    from edgemtl.runtime import load

    check_suffix(picture, ".svg", "--picture")
    if part is not None and part not in PARTS:
        raise DataError(f"--part: must be {', '.join(PARTS)}, got {part!r}")
    loaded = load(model)
    if part is not None and not model.is_dir():
        raise DataError(f"--part: {model}: is no run folder: only these remember their split")
    named = ", ".join(map(str, data))
    flows = read_flows(data)
    if part is not None:
        if not (ids := load_split(model)[part]):
            raise DataError(f"--part {part}: {model} has no flow in that part: name another")
        flows = with_ids(flows, ids, named, part, loaded.card)
    fit = usable(flows, loaded.card.spec, named, str(model))
    if short := len(flows) - len(fit):
        note(
            f"edgemtl evaluate: {short} flows under {loaded.card.spec.min_packets} packets left out"
        )
    first = loaded.predict_first(fit)
    result = measure(loaded.card, {h: p[-1] for h, p in first.items()}, fit, named, first)
    if picture is not None:
        from edgemtl.study.early import draw_early

        draw_early(picture, result["heads"], ["edgemtl", *sys.argv[1:]])
    if as_json:
        print_json(result)
    else:
        _show(result, f"{model.name}: {result['flows']} flows")


def _show(result: dict[str, Any], title: str) -> None:
    print_table(f"{title}, in %", HEAD_COLUMNS, head_rows(result["heads"]))
    show_unknown(result["heads"])
    show_prefixes(result["heads"])
    show_early(result["heads"])
    partitions = result.get("partitions", {})
    if len(partitions) > PARTITIONS_SHOWN:
        note(f"edgemtl evaluate: {len(partitions)} partitions: --json has the figures of each")
    elif partitions:
        rows = [(name, *row) for name, p in partitions.items() for row in head_rows(p["heads"])]
        print_table("each partition, in %", ("partition", *HEAD_COLUMNS), rows)
    for head, measured in result["heads"].items():
        if measured["n"]:
            rows = [
                (name, *counts)
                for name, counts in zip(measured["classes"], measured["confusion"], strict=True)
            ]
            print_table(
                f"{head}: flows by class (row) and answer", ("", *measured["classes"]), rows
            )
