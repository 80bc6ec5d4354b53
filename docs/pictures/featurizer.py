"""Draws docs/pictures/featurizer.svg from benchmarks/results/featurizer.json.

python -m benchmarks.featurizer -o benchmarks/results/featurizer.json makes the figures anew.
"""

import json
from pathlib import Path
from typing import Any

import matplotlib as mpl
import matplotlib.pyplot as plt

INK, PAPER = "#1f2933", "#ffffff"
OURS, WALK, PEER = "#2f6fa8", "#8a94a0", "#c9ced4"
CAPTURES = {
    "BIG": "1 M packets, 19 k flows,\n620 bytes a packet",
    "MANY": "3 M packets, 1 M flows,\n60 bytes a packet",
    "SMALL": "2 M packets, 200 k flows,\n60 bytes a packet",
}


def draw(document: dict[str, Any], path: Path) -> None:
    """Draw the packets a second of every reader, one panel a capture, on a logarithmic scale."""
    mpl.rcParams.update({"font.family": "DejaVu Sans", "svg.fonttype": "path", "svg.hashsalt": "0"})
    rates = document["rates"]
    readers = list(dict.fromkeys(row["peer"] for row in rates))
    figure, panels = plt.subplots(1, len(CAPTURES), figsize=(12.6, 3.6), sharey=True)
    figure.set_facecolor(PAPER)
    for panel, (name, about) in zip(panels, CAPTURES.items(), strict=True):
        rows = [row for row in rates if row["capture"].removesuffix("-first") == name]
        for row in rows:
            _bar(panel, readers.index(row["peer"]), row)
        panel.set_title(f"{name}: {about}", size=9, color=INK)
        panel.set_xscale("log")
        panel.set_xlim(0.005, 1500)
        panel.set_xlabel("million packets a second of CPU time, one core", size=8, color=INK)
        panel.spines[["top", "right"]].set_visible(False)
        panel.tick_params(labelsize=8, colors=INK)
        panel.set_yticks(range(len(readers)), readers)
    panels[0].invert_yaxis()
    figure.tight_layout()
    figure.savefig(path, metadata={"Date": None})


def _bar(panel: Any, y: int, row: dict[str, Any]) -> None:
    rate = {key: value / 1e6 for key, value in row["packets_per_s"].items()}
    kinds = {"edgemtl": OURS, "walk": WALK}
    colour = next((kinds[kind] for kind in kinds if row["peer"].startswith(kind)), PEER)
    off = [[rate["median"] - rate["min"]], [rate["max"] - rate["median"]]]
    panel.barh(y, rate["median"], color=colour, xerr=off, error_kw={"ecolor": INK, "lw": 0.8})
    text = f"{rate['median']:.2g}" if rate["median"] < 100 else f"{rate['median']:.0f}"
    panel.text(rate["max"] * 1.25, y, text, va="center", size=8, color=INK)


if __name__ == "__main__":
    root = Path(__file__).parents[2]
    results = root / "benchmarks" / "results" / "featurizer.json"
    draw(json.loads(results.read_text(encoding="utf-8")), Path(__file__).with_suffix(".svg"))
