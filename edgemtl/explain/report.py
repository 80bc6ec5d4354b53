"""The page of a run: pictures first, for people look before they read."""

from __future__ import annotations

import shlex
from collections.abc import Iterable

import numpy as np

from edgemtl.draw import (
    Line,
    Markup,
    balance_chart,
    card,
    cards,
    facts,
    heat_map,
    line_chart,
    page,
    reliability_chart,
    section,
    share_bar,
    tag,
    up_and_down,
)
from edgemtl.explain.facts import HeadFacts, RunFacts, Series

__all__ = ["run_page"]

BYTES_AT_EDGE = 1500.0  # of pictures of series, unless a packet is longer
KEPT_ASIDE = {"test": "kept aside", "validation": "that validated"}
REMARKS = {
    "test": ": training never saw them",
    "validation": ", which calibrated the model, too: that flatters it",
}
POINTS = 300  # of a curve: more can't be seen


def run_page(run: RunFacts) -> str:
    """The whole page, as HTML that needs nothing from elsewhere."""
    kept = KEPT_ASIDE[run.part]
    heads = [head for head in run.heads if head.metrics["n"]]
    links = [
        ("training", "training"),
        ("first packets", "first"),
        *((_words(h.name), h.name) for h in heads),
        ("run", "run"),
    ]
    return page(
        f"edgemtl: {run.name}",
        tag("h1", run.name),
        tag("p", f"Measured on {run.flows} flows {kept}{REMARKS[run.part]}."),
        tag("nav", *(tag("a", name, href=f"#{anchor}") for name, anchor in links)),
        cards(_tile(head) for head in heads),
        *(_nothing(head, kept) for head in run.heads if not head.metrics["n"]),
        _training(run),
        _first_packets(heads),
        *(_head(head, kept) for head in heads),
        _origin(run),
    )


def _words(name: str) -> str:
    return name.replace("_", " ")


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"


def _tile(head: HeadFacts) -> Markup:
    """Accuracy, and beside it what keeps it honest."""
    accuracy, share = head.metrics["accuracy"], head.metrics["largest"]
    always = f"The mark: always saying “{head.largest}” would be right in {_percent(share)}."
    return card(
        _words(head.name),
        tag("div", _percent(accuracy), class_="big"),
        share_bar(accuracy, share, f"right: {_percent(accuracy)}; mark: {_percent(share)}"),
        tag(
            "p",
            f"macro F1 {_percent(head.metrics['macro_f1'])} · calibration error "
            f"{_percent(head.metrics['ece'])} · {head.metrics['n']} flows",
        ),
        tag("p", always),
        *_unknown(head),
    )


def _unknown(head: HeadFacts) -> Iterable[Markup]:
    """What the head's threshold does, where it has one."""
    if found := head.metrics.get("unknown"):
        words = f"Less than {_percent(found['below'])} sure, it says unknown: "
        words += f"{_percent(found['rejected'])} of these flows"
        if found["accuracy"] is not None:
            words += f"; of the others {_percent(found['accuracy'])} are right"
        yield tag("p", f"{words}.")


def _nothing(head: HeadFacts, kept: str) -> Markup:
    return tag("p", f"{_words(head.name)}: none of the flows {kept} has a label to measure with.")


def _training(run: RunFacts) -> Markup:
    step = max(1, len(run.history) // POINTS)
    rows = run.history[::step]
    epochs = range(1, len(run.history) + 1, step)

    def line(name: str, column: str, colour: int, scale: float = 1.0) -> Line:
        return Line(name, epochs, [scale * row.get(column, np.nan) for row in rows], colour)

    losses = [line("training", "loss", 0), line("validation", "validation_loss", 1)]
    accuracies = [
        line(_words(head.name), f"{head.name}_validation_accuracy", colour, 100)
        for colour, head in enumerate(run.heads)
    ]
    known = [line for line in (*losses, *accuracies) if np.isfinite(line.y).any()]
    return section(
        "Training",
        "training",
        cards(
            card(title, line_chart([line for line in lines if line in known], "epoch", label, unit))
            for title, lines, label, unit in (
                ("Loss", losses, "loss", ""),
                ("Accuracy on the validation flows", accuracies, "accuracy", "%"),
            )
        ),
    )


def _first_packets(heads: list[HeadFacts]) -> Markup:
    """What answers are worth that do not wait for all packets."""
    after, sure = [], []
    for colour, head in enumerate(heads):
        rows = [row for row in head.metrics["prefixes"] if row["n"]]
        x, y = [row["packets"] for row in rows], [100 * row["accuracy"] for row in rows]
        dots = [f"after {n} packets: {share:.1f} %" for n, share in zip(x, y, strict=True)]
        after.append(Line(_words(head.name), x, y, colour, dots))
        rows = [row for row in head.metrics["early"] if row["accuracy"] is not None]
        x, y = [row["packets_mean"] for row in rows], [100 * row["accuracy"] for row in rows]
        dots = [f"{100 * row['confidence']:.0f} % sure: {share:.1f} % right after {n:.1f} packets"
                for row, n, share in zip(rows, x, y, strict=True)]  # fmt: skip
        sure.append(Line(_words(head.name), x, y, colour, dots))
    return section(
        "First packets",
        "first",
        cards(
            [
                card(
                    "Accuracy after the first packets", line_chart(after, "packets", "right", "%")
                ),
                card(
                    "Answered as soon as it is 50 to 99 % sure: accuracy by packets needed",
                    line_chart(sure, "packets, mean", "right", "%"),
                ),
            ]
        ),
    )


def _head(head: HeadFacts, kept: str) -> Markup:
    trained, measured = sum(head.trained), sum(head.measured)
    return section(
        _words(head.name).capitalize(),
        head.name,
        cards(
            [
                card("Answers to each class, in %", heat_map(head.confusion, head.names)),
                card(
                    f"Confidence and what it was worth: error {_percent(head.metrics['ece'])}",
                    reliability_chart(head.reliability),
                ),
                card(
                    f"Labels: {trained} trained, {measured} {kept}",
                    balance_chart(head.names, head.trained, head.measured, ("trained", kept)),
                ),
            ]
        ),
        tag("h3", "The average flow of each class, packet by packet"),
        cards(_averages(head)),
        tag("h3", "Wrong, and sure of it"),
        cards(_wrong(head)) if head.wrong else tag("p", f"None of {measured} answers was wrong."),
    )


def _averages(head: HeadFacts) -> Iterable[Markup]:
    top = _edge(each.average for each in head.classes)
    for each in head.classes:
        series = each.average
        yield card(
            each.name,
            up_and_down(series.x, series.up, series.down, "packet", top),
            tag("p", f"{each.flows} flows; this is {each.seconds:.3g} s of them, in the median"),
        )


def _wrong(head: HeadFacts) -> Iterable[Markup]:
    top = _edge(flow.series for flow in head.wrong)
    for flow in head.wrong:
        series = flow.series
        yield card(
            f"{flow.answer}, said with {_percent(flow.p)}; is {flow.is_class}",
            up_and_down(series.x, series.up, series.down, "seconds", top),
            tag("p", f"{flow.flow_id}, {flow.packets} packets"),
        )


def _edge(each: Iterable[Series]) -> float:
    """Bytes at the edge of pictures that are to be compared."""
    bytes_of = [values for series in each for values in (series.up, series.down)]
    most = [float(values.max(initial=0)) for values in bytes_of if values is not None]
    return max([BYTES_AT_EDGE, *most])


def _origin(run: RunFacts) -> Markup:
    command = run.meta.get("command")
    words = [str(word) for word in command] if isinstance(command, list) else []
    spec = run.card.spec
    lines = [
        ("edgemtl", str(run.meta.get("edgemtl"))),
        ("command", shlex.join(words)),
        ("packets that the model sees", str(spec.k)),
        ("a length is of", {"ip": "an IP packet"}.get(spec.length_kind, "a payload")),
        ("FeatureSpec", spec.to_json()),
        *((str(f.get("path")), f"SHA-256 {f.get('sha256')}") for f in _files(run)),
    ]
    notes = run.meta.get("notes")
    return section(
        "Run",
        "run",
        *(tag("p", str(note)) for note in (notes if isinstance(notes, list) else [])),
        card("Where it came from", facts(lines)),
    )


def _files(run: RunFacts) -> list[dict[str, object]]:
    data = run.meta.get("data")
    return [file for file in data if isinstance(file, dict)] if isinstance(data, list) else []
