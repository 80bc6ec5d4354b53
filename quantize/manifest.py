"""manifest.json: what an export made, for programs."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from edgemtl._version import __version__
from edgemtl.card import ModelCard
from edgemtl.flows import Flows
from edgemtl.quantize.formats import versions
from edgemtl.quantize.proof import Report
from edgemtl.runtime.artefact import FORMATS

__all__ = ["DIST_FILES", "MANIFEST_FORMAT", "write_manifest"]

MANIFEST_FORMAT = 1
DIST_FILES = ("manifest.json", "report.html", *(f"*.{f}" for f in FORMATS), "*.pruned")


def write_manifest(
    folder: Path,
    run: Path,
    name: str,
    card: ModelCard,
    meta: dict[str, Any],
    test: Flows,
    report: Report,
    max_drop: float,
) -> dict[str, Any]:
    """Write manifest.json into `folder`; return what it holds."""
    figures = asdict(report)
    del figures["broken"]
    manifest = {
        "format": MANIFEST_FORMAT,
        "edgemtl": __version__,
        "name": name,
        "run": str(run.resolve()),
        "command": meta["command"],
        "data": meta["data"],
        "held_out": test["flow_id"].tolist(),
        "card": json.loads(card.to_json()),
        "versions": versions(FORMATS),
        "max_drop": max_drop,
    }
    manifest |= figures
    text = json.dumps(manifest, indent=1, allow_nan=False)
    (folder / "manifest.json").write_text(text + "\n", encoding="utf-8")
    return manifest
