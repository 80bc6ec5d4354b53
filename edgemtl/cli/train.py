"""``edgemtl train``: a flow table to a run folder."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from edgemtl.cli.output import (
    HEAD_COLUMNS,
    head_rows,
    note,
    print_json,
    print_table,
    progress,
)
from edgemtl.cli.trust import show_prefixes, show_unknown
from edgemtl.datasets import flow_files, read_flows, sha256, whole_folder
from edgemtl.datasets.checks import check_values
from edgemtl.errors import DataError
from edgemtl.features import FeatureSpec
from edgemtl.flows import Flows
from edgemtl.models.run import RUN_FILES

if TYPE_CHECKING:
    from edgemtl.training import DataFile, TrainConfig, Trained

EPILOG = (
    "Examples: [bold]edgemtl train flows.parquet -o runs/first --labels-per-class 20[/bold] · "
    "[bold]edgemtl train flows.parquet -o runs/careful --unknown 0.95[/bold]"
)


def train(
    data: Annotated[
        list[Path], typer.Argument(readable=False, help="Flow tables, or folders of them.")
    ],
    output: Annotated[Path, typer.Option("-o", "--output", help="RUN: the folder to write.")],
    method: Annotated[
        str, typer.Option(help="mtl: one network, all heads. stl: the traffic class alone.")
    ] = "mtl",
    heads: Annotated[
        str, typer.Option(help="Learn these alone: some of bandwidth, duration, traffic_class.")
    ] = "bandwidth,duration,traffic_class",
    recipe: Annotated[
        str, typer.Option(help="best; or paper: network, features and training of the paper.")
    ] = "best",
    labels_per_class: Annotated[
        int | None, typer.Option(help="Hide all but so many traffic-class labels of each class.")
    ] = None,
    dividers: Annotated[
        str,
        typer.Option(
            help="paper, class-midpoints, quantiles, or bandwidth=10e3,50e3:duration=10,30 "
            "(bytes/s, s)."
        ),
    ] = "paper",
    lam: Annotated[
        float, typer.Option("--lambda", help="Weight of the traffic class in the loss.")
    ] = 1.0,
    seed: Annotated[int, typer.Option(help="Of split, first weights and batches.")] = 1,
    epochs: Annotated[
        int | None, typer.Option(help="Passes over the flows; the recipe's unless told.")
    ] = None,
    patience: Annotated[
        int | None,
        typer.Option(help="Stop after so many epochs without a better validation loss."),
    ] = None,
    batch: Annotated[
        int | None, typer.Option(help="Flows a step; the recipe's unless told.")
    ] = None,
    k: Annotated[int, typer.Option("--k", help="Packets that the model sees.")] = 60,
    iat: Annotated[
        str | None,
        typer.Option(help="Inter-arrival times: log, or clip (at 1 s); the recipe's unless told."),
    ] = None,
    signed: Annotated[
        bool | None,
        typer.Option(
            "--signed/--unsigned", help="Lengths with or without direction; the recipe's."
        ),
    ] = None,
    padding: Annotated[
        str | None,
        typer.Option(help="Where short flows are filled: post or pre; the recipe's unless told."),
    ] = None,
    min_packets: Annotated[
        int | None,
        typer.Option(help="Flows with fewer are left out; the recipe's number unless told."),
    ] = None,
    length_kind: Annotated[
        str | None, typer.Option(help="ip, or payload: flows extracted with --payload.")
    ] = None,
    skip_empty: Annotated[
        bool | None, typer.Option("--skip-empty", help="Packets without payload don't count.")
    ] = None,
    validation: Annotated[
        float, typer.Option(help="Share of the flows that calibrate; 0 for none.")
    ] = 0.15,
    test: Annotated[float, typer.Option(help="Share kept aside; 0 for none.")] = 0.25,
    split_by: Annotated[
        str,
        typer.Option(
            help="random; or partition, host: none is in two parts; or time: the latest are tested."
        ),
    ] = "random",
    unknown: Annotated[
        float | None,
        typer.Option(
            metavar="PRECISION",
            help="Call flows unknown so that of the others this share is right: 0.95.",
        ),
    ] = None,
    keep_cut: Annotated[
        bool,
        typer.Option("--keep-cut", help="Learn duration also from flows that were cut off."),
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the metrics as JSON.")] = False,
) -> None:
    """Train one network for traffic class, bandwidth and duration, and measure it.

    Of the flows, 15 % calibrate its confidence and 25 % are kept aside for the metrics that are
    printed, unless told otherwise; the others train it.
    """
    from edgemtl.training import TrainConfig, write_run

    told = {
        "iat": iat, "padding": padding, "min_packets": min_packets, "signed": signed,
        "length_kind": length_kind, "skip_empty": skip_empty,
    }  # fmt: skip
    config = TrainConfig(
        spec=_spec(recipe, k, told), method=method, recipe=recipe, dividers=dividers,
        heads=tuple(word.strip() for word in heads.split(",")),
        labels_per_class=labels_per_class, lam=lam, seed=seed, epochs=epochs, patience=patience,
        batch=batch, unknown=unknown, keep_cut=keep_cut, shares=(validation, test),
        split_by=split_by,
    )  # fmt: skip
    flows, files = _read(data)
    with whole_folder(output, RUN_FILES) as folder:  # refuses folders of others before it trains
        trained = _train(flows, config, ", ".join(map(str, data)))
        write_run(folder, trained, ["edgemtl", *sys.argv[1:]], files)
    for line in trained.notes:
        note(f"edgemtl train: {line}")
    _show(trained, output, as_json)


def _spec(recipe: str, k: int, told: dict[str, Any]) -> FeatureSpec:
    """The recipe's FeatureSpec, with what the user told otherwise (not None)."""
    from edgemtl.training import recipe_spec

    try:
        return recipe_spec(recipe, k=k, **{n: v for n, v in told.items() if v is not None})
    except ValueError as error:
        raise DataError(str(error)) from None


def _read(data: Sequence[Path]) -> tuple[Flows, list[DataFile]]:
    from edgemtl.training import DataFile

    parts, files = [], []
    for path in flow_files(data):
        parts.append(read_flows([path]))
        files.append(DataFile(path, sha256(path), len(parts[-1])))
    flows = Flows.concat(parts)
    check_values(flows, "the files together")
    return flows, files


def _train(flows: Flows, config: TrainConfig, data: str) -> Trained:
    from edgemtl.training import train

    with progress() as bar:
        task = bar.add_task("training", total=None)

        def on_epoch(row: dict[str, Any]) -> None:
            text = f"epoch {row['epoch']}: loss {row['loss']:.3f}"
            text += f", validation {row['validation_loss']:.3f}"
            bar.update(task, total=row["epochs"], completed=row["epoch"], description=text)

        return train(flows, config, data, on_epoch)


def _show(trained: Trained, output: Path, as_json: bool) -> None:
    split = {part: len(ids) for part, ids in trained.split.items()}
    if as_json:
        print_json(
            {
                "run": str(output),
                "split": split,
                "epochs": len(trained.history),
                "best_epoch": trained.best_epoch,
                "seconds": trained.seconds,
                "notes": trained.notes,
                "metrics": trained.metrics,
            }
        )
        return
    heads = trained.metrics["test"]
    if not any(m["n"] for m in heads.values()):
        note(f"edgemtl train: {output}: no flows kept aside to measure with: edgemtl evaluate")
        return
    title = f"{output.name}: {split['train']} flows trained, {split['test']} kept aside, in %"
    print_table(title, HEAD_COLUMNS, head_rows(heads))
    show_unknown(heads)
    show_prefixes(heads)
