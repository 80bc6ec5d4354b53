"""Flows to answers: what the model says of each, and how much of the flow it saw."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from edgemtl.features import FeatureSpec
from edgemtl.flows import NULL, FlowConfig, Flows
from edgemtl.runtime.model import Model

__all__ = ["KEY_COLUMNS", "STATES", "classify", "packets_for"]

STATES = ("final", "early", "short")
KEY_COLUMNS = ("src", "dst", "src_port", "dst_port", "protocol")
BROKEN_OFF = ("forced", "lack_of_resources")  # we stopped looking; the flow went on


def packets_for(spec: FeatureSpec) -> int:
    """How many packets of each flow to keep for a model; more than k where some don't count."""
    return max(spec.k, FlowConfig.packets) if spec.skip_empty else spec.k


def classify(model: Model, flows: Flows) -> Iterator[dict[str, Any]]:
    """Answer ended flows, in their order.

    Yields
    ------
    dict
        ``src``, ``dst``, ``src_port``, ``dst_port``, ``protocol``, ``packets`` (of the whole flow;
        each None where not known); ``state``; and by head ``{"class", "p"}``, the likeliest class
        and its probability, or None for a short flow. States: ``final``: the model saw k packets or
        the whole flow; ``early``: the capture's end or a full table broke the flow off before
        packet k; ``short``: the flow has fewer packets than the model wants.

    Raises
    ------
    DataError
        As `Model.predict`.
    """
    spec = model.card.spec
    kept, packets = flows.kept_packets(), flows["packets"]
    counted = flows.counted_packets(spec)
    # a series that was cut to less than the flow has is not short: predict refuses it
    cut = (packets != NULL) & (packets > kept) & (kept < spec.k)
    short = (counted < spec.min_packets) & ~cut
    early = (counted < spec.k) & np.isin(flows["end_reason"].astype(str), BROKEN_OFF)
    answers = model.predict(flows.select(~short))
    classes = {head.name: head.answers(answers[head.name]) for head in model.card.heads}
    place = np.cumsum(~short) - 1
    keys = {name: _known(flows, name) for name in (*KEY_COLUMNS, "packets")}
    for i in range(len(flows)):
        line: dict[str, Any] = {name: values[i] for name, values in keys.items()}
        line["state"] = STATES[2 if short[i] else int(early[i])]
        for head in model.card.heads:
            line[head.name] = None
            if not short[i]:
                p = answers[head.name][place[i]].max()
                line[head.name] = {"class": classes[head.name][place[i]], "p": round(float(p), 6)}
        yield line


def _known(flows: Flows, name: str) -> list[Any]:
    """A column as plain Python values, None where it is not there or not known."""
    if name not in flows.columns:
        return [None] * len(flows)
    values = flows[name].tolist()
    return values if flows[name].dtype == object else [None if v == NULL else v for v in values]
