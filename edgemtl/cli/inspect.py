"""``edgemtl inspect``: what a capture, a flow table, a run or an artefact holds."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

from edgemtl.cli.output import check_suffix, note, print_json, print_table
from edgemtl.cli.statistics import oversized
from edgemtl.errors import DataError
from edgemtl.flows import NULL, Capture, FlowConfig, Flows

SHOWN = 24  # lines or values; more is nothing to look at
CAPTURE_FACTS = ("end_reason", "protocol", "quantiles")  # a capture has neither label nor split
EPILOG = "Example: [bold]edgemtl inspect flows.parquet --json | jq .classes[/bold]"


def inspect(
    file: Annotated[
        Path,
        typer.Argument(
            readable=False, help="Capture, flow table, run folder, artefact or exported folder."
        ),
    ],
    html: Annotated[
        Path | None,
        typer.Option(metavar="FILE.html", help="Of a run: write pictures of it as one HTML page."),
    ] = None,
    data: Annotated[
        list[Path] | None,
        typer.Option(help="With --html: the flow tables of the training, where they have moved."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")] = False,
) -> None:
    """Print what a file holds, from the file alone.

    With --html, write a page on a run: curves, confusions, calibration, the flows that it is wrong
    and sure of, and the average flow of each class.
    """
    if html:
        if as_json:
            raise DataError("--html and --json: give one of them")
        _write_page(file, html, data or [])
        return
    if data:
        raise DataError("--data: is for --html: give both")
    facts = _facts(file)
    if as_json:
        print_json(facts)
    else:
        _print(facts)


def _write_page(run: Path, html: Path, data: list[Path]) -> None:
    from edgemtl.datasets import whole_file
    from edgemtl.explain import run_facts, run_page

    check_suffix(html, ".html", "--html")
    if not (run / "run.json").is_file():
        raise DataError(f"--html: {run}: is no run folder: give one that edgemtl train wrote")
    text = run_page(run_facts(run, data))
    with whole_file(html) as temporary:
        temporary.write_text(text, encoding="utf-8")
    note(f"edgemtl inspect: {run} as a page: {html}")


def _facts(file: Path) -> dict[str, Any]:
    if file.is_dir() and (file / "manifest.json").is_file():
        return {"kind": "exported folder"} | _manifest(file / "manifest.json")
    if (file.is_dir() and (file / "run.json").is_file()) or file.suffix in (".onnx", ".tflite"):
        from edgemtl.runtime import read_card

        card: dict[str, Any] = json.loads(read_card(file).to_json())
        return {"kind": "model"} | card
    if file.is_dir() or file.suffix in (".parquet", ".jsonl"):
        from edgemtl.datasets import read_flows

        flows = read_flows([file])
        return {"kind": "flow table", "flows": len(flows)} | _table_facts(flows)
    return {"kind": "capture"} | _capture_facts(file)


def _manifest(path: Path) -> dict[str, Any]:
    try:
        document: Any = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise DataError(f"{path}: is no JSON: {error}") from None
    files = document.get("files") if isinstance(document, dict) else None
    if not isinstance(files, list) or not all(isinstance(file, dict) for file in files):
        raise DataError(f"{path}: lists no files: export again")
    return dict(document)


def _capture_facts(file: Path) -> dict[str, Any]:
    capture = Capture(file, FlowConfig(packets=1))
    flows = Flows.concat(list(capture))
    stats = capture.stats
    if stats.warning:
        note(f"edgemtl inspect: {file}: {stats.warning}")
    return {
        "packets": stats.packets,
        "ip_packets": stats.ip_packets,
        "flow_packets": stats.flow_packets,
        "skipped": {reason: n for reason, n in stats.skipped.items() if n},
        "link_types": stats.link_types,
        "evicted": stats.evicted,
        "clock_back": stats.clock_back,
        "tunnelled": stats.tunnelled,
        "oversized": stats.oversized,
        "warning": stats.warning,
        "flows": len(flows),
    } | {name: fact for name, fact in _table_facts(flows).items() if name in CAPTURE_FACTS}


def _table_facts(flows: Flows) -> dict[str, Any]:
    facts: dict[str, Any] = {
        name: dict(sorted(Counter(str(v) for v in flows[name] if v is not None).items()))
        for name in ("traffic_class", "partition", "end_reason")
    }
    if "anonymised" in flows.columns:
        facts["anonymised"] = sorted({str(v) for v in flows["anonymised"] if v is not None})
    if "protocol" in flows.columns:
        facts["protocol"] = dict(sorted(Counter(str(v) for v in flows["protocol"]).items()))
    known = {name: flows[name][flows[name] != NULL] for name in ("packets", "bytes")}
    known |= {name: flows[name][~np.isnan(flows[name])] for name in ("duration_s", "bytes_per_s")}
    facts["kept_packets"] = int(flows.kept_packets().max(initial=0))  # of the flow with the most
    facts["payload_known"] = flows.payload is not None
    facts["quantiles"] = {
        name: np.quantile(values, (0, 0.25, 0.5, 0.75, 1)).tolist() if len(values) else None
        for name, values in known.items()
    }
    facts["direction_known"] = bool(len(flows.direction)) and bool((flows.direction != 0).all())
    return facts


def _print(facts: dict[str, Any]) -> None:
    files = facts.pop("files", [])
    if files:  # an exported folder: the card of one file says the rest
        facts = {name: facts.get(name) for name in ("kind", "name", "edgemtl", "run", "versions")}
    if facts.get("oversized"):
        facts["oversized"] = oversized(facts["oversized"])
    quantiles = facts.pop("quantiles", {})
    for head in facts.pop("heads", []):
        facts[head.pop("name")] = head
    rows = [(name.replace("_", " "), _text(value)) for name, value in facts.items()]
    print_table("", ("", ""), rows)
    if files:
        each = [[f.get(name, "–") for name in ("file", "bytes", "sha256")] for f in files]
        print_table("", ("file", "bytes", "SHA-256"), each)
    lines = [(name, *(f"{v:,.6g}" for v in values)) for name, values in quantiles.items() if values]
    if lines:
        print_table("a flow's", ("", "least", "25 %", "median", "75 %", "most"), lines)


def _text(value: Any) -> str:
    """Names and values a line each; what is nested deeper, and lists, in one line."""
    if isinstance(value, dict):
        lines = [f"{name}: {_line(inner)}" for name, inner in value.items()] or ["none"]
        more = [f"… and {len(lines) - SHOWN} more: --json"] if len(lines) > SHOWN else []
        return "\n".join(lines[:SHOWN] + more)
    if isinstance(value, list) and any(isinstance(inner, dict) for inner in value):
        return "\n".join(_line(inner) for inner in value)
    return _line(value)


def _line(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {_line(inner)}" for name, inner in value.items())
    if isinstance(value, list):
        if len(value) > SHOWN:
            return f"{len(value)} of them: --json"
        return ", ".join(_line(inner) for inner in value) or "none"
    return "–" if value is None else str(value)
