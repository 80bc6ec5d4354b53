"""``edgemtl bench``: latency, memory, size and accuracy on this device."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from edgemtl.cli.output import note, print_json, print_table, progress

EPILOG = "Example: [bold]edgemtl bench dist --json > raspberry.json[/bold]"


def bench(
    dist: Annotated[
        list[Path],
        typer.Argument(
            readable=False, help="Folders that edgemtl export made, or single artefacts."
        ),
    ],
    data: Annotated[
        list[Path] | None,
        typer.Option(help="Flow tables for accuracy; unless told, those that DIST names."),
    ] = None,
    calls: Annotated[int, typer.Option(min=20, help="Timed calls a file and runtime.")] = 2000,
    runtime: Annotated[
        str | None,
        typer.Option(help="That one alone: torch, onnxruntime, ai-edge-litert, tflite-runtime."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Time every file in every runtime that is installed for it: one flow a call, one thread.

    Latency is that of predict(), checks of the input included. Memory is what the process grew by
    through runtime and model.
    """
    from edgemtl.bench import bench as measure

    with progress() as bar:
        task = bar.add_task("measuring", total=1)
        result = measure(
            dist,
            data or (),
            calls,
            runtime,
            lambda what, share: bar.update(task, completed=share, description=what, refresh=True),
        )
    for line in result["notes"]:
        note(f"edgemtl bench: {line}")
    if as_json:
        print_json(result)
    else:
        _show(result)


def _show(result: dict[str, Any]) -> None:
    rows = result["rows"]
    heads = list(next((row["heads"] for row in rows if row["heads"]), {}))
    columns = ["file", "runtime", "p50 µs", "p95 µs", "p99 µs", "kB", "memory MB", *heads]
    title = f"{result['device']}, Python {result['python']}: one flow a call, one thread"
    if heads:
        title += f"; accuracy in % / macro F1 on {rows[0]['flows']} held-out flows"
    print_table(title, columns, [_row(row, heads) for row in rows])
    fastest = min(rows, key=lambda row: row["p50_us"])
    print(f"fastest: {fastest['file']} by {fastest['runtime']}, {fastest['p50_us']:.1f} µs a flow")
    features = result["features"]
    print(
        f"features: {features['one_flow_us']:.1f} µs for a flow alone, "
        f"{features['of_many_us']:.2f} µs each for many"
    )


def _row(row: dict[str, Any], heads: list[str]) -> tuple[str, ...]:
    memory = row["rss_bytes"]
    return (
        row["file"],
        row["runtime"],
        *(f"{row[name]:.1f}" for name in ("p50_us", "p95_us", "p99_us")),
        f"{row['bytes'] / 1000:,.0f}",
        "–" if memory is None else f"{memory / 1e6:.1f}",
        *(_accuracy(row["heads"], head) for head in heads),
    )


def _accuracy(heads: dict[str, dict[str, Any]] | None, head: str) -> str:
    if not heads or not heads.get(head, {}).get("n"):
        return "–"
    return f"{100 * heads[head]['accuracy']:.1f} / {heads[head]['macro_f1']:.3f}"
