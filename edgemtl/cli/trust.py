"""How far answers can be trusted, as tables: unknown flows, first packets, early answers."""

from __future__ import annotations

from typing import Any

from edgemtl.cli.output import print_table

__all__ = ["show_early", "show_prefixes", "show_unknown"]


def show_unknown(heads: dict[str, dict[str, Any]]) -> None:
    """What a threshold rejects: of known flows, and of each class that the model has not."""
    for head, m in heads.items():
        if "unknown" in m:
            found = m["unknown"]
            of_known = _percent(found["rejected"]), _percent(found["accuracy"])
            rows = [("known flows", m["n"], *of_known)]
            for name, other in found["others"].items():
                rows.append((name, other["flows"], _percent(other["rejected"]), "–"))
            title = f"{head}: unknown under {found['below']:.3f}, in %"
            print_table(title, ("", "flows", "unknown", "others right"), rows)


def show_prefixes(heads: dict[str, dict[str, Any]]) -> None:
    """Accuracy and calibration error of each head after first packets."""
    known = {head: m["prefixes"] for head, m in heads.items() if m["n"]}
    if not known:
        return
    counts = [row["packets"] for row in next(iter(known.values()))]
    for name, title in (("accuracy", "accuracy"), ("ece", "calibration")):
        rows = [(head, *(_percent(row[name]) for row in each)) for head, each in known.items()]
        print_table(f"{title} by packets, in %", ("head", *map(str, counts)), rows)


def show_early(heads: dict[str, dict[str, Any]]) -> None:
    """What `classify --early` would make of the flows, by confidence."""
    for head, m in heads.items():
        if m["n"]:
            names = ["confidence", "accuracy %", "packets, mean", "median", "early %", "unknown %"]
            rejects = "unknown" in m
            rows = [_early(row) for row in m["early"]]
            print_table(
                f"{head}, as soon as it is sure",
                names if rejects else names[:-1],
                rows if rejects else [row[:-1] for row in rows],
            )


def _early(row: dict[str, Any]) -> tuple[Any, ...]:
    return (
        row["confidence"],
        _percent(row["accuracy"]),
        f"{row['packets_mean']:.1f}",
        f"{row['packets_median']:.0f}",
        _percent(row["early"]),
        _percent(row["unknown"]),
    )


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{100 * share:.1f}"
