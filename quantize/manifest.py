"""manifest.json: what an export made, for programs."""

from __future__ import annotations

import json
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from edgemtl._version import __version__
from edgemtl.card import ModelCard
from edgemtl.flows import Flows
from edgemtl.quantize.convert import NEEDS
from edgemtl.quantize.proof import Report

__all__ = ["MANIFEST_FORMAT", "write_manifest"]

MANIFEST_FORMAT = 1


def write_manifest(
    folder: Path,
    run: Path,
    name: str,
    card: ModelCard,
    meta: dict[str, Any],
    test: Flows,
    report: Report,
) -> None:
    """Write manifest.json into `folder`."""
    figures = asdict(report)
    del figures["broken"]
    manifest = {
        "format": MANIFEST_FORMAT,
        "edgemtl": __version__,
        "name": name,
        "run": str(run.resolve()),
        "data": meta["data"],
        "held_out": test["flow_id"].tolist(),
        "card": json.loads(card.to_json()),
        "versions": _versions(),
    }
    text = json.dumps(manifest | figures, indent=1, allow_nan=False)
    (folder / "manifest.json").write_text(text + "\n", encoding="utf-8")


def _versions() -> dict[str, str]:
    found = {}
    for package in ("numpy", "torch", *NEEDS["onnx"], *NEEDS["tflite"]):
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found
