"""Flows to answers: what the model says of each, and how much of the flow it saw."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from edgemtl.features import FeatureSpec
from edgemtl.flows import NULL, FlowConfig, Flows
from edgemtl.models.early import prefixes, sure_at
from edgemtl.runtime.model import Model

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["KEY_COLUMNS", "STATES", "EarlyAnswers", "classify", "packets_for"]

STATES = ("final", "sure", "early", "short")
OPEN = "open"  # a flow that goes on, of which the model is not sure yet
KEY_COLUMNS = ("src", "dst", "src_port", "dst_port", "protocol")
BROKEN_OFF = ("forced", "lack_of_resources")  # we stopped looking; the flow went on


def packets_for(spec: FeatureSpec) -> int:
    """How many packets of each flow to keep for a model; more than k where some don't count."""
    return max(spec.k, FlowConfig.packets) if spec.skip_empty else spec.k


def classify(model: Model, flows: Flows, early: float | None = None) -> Iterator[dict[str, Any]]:
    """Answer ended flows, in their order.

    Parameters
    ----------
    early : float, optional
        Answer from the first 10, 20, 40, … packets, as soon as the traffic class (every head, of a
        model without) is so probable, and not unknown.

    Yields
    ------
    dict
        ``src``, ``dst``, ``src_port``, ``dst_port``, ``protocol``, ``packets`` (of the whole flow;
        each None where not known); ``state``; with `early`, ``seen``, the packets that the answer
        took; and by head ``{"class", "p"}``, the likeliest class, or ``unknown``, and the class's
        probability, or None for a short flow. States: ``final``: the model saw k packets or the
        whole flow; ``sure``: it was sure before; ``early``: the capture's end or a full table broke
        the flow off before packet k; ``short``: the flow has fewer packets than the model wants.

    Raises
    ------
    DataError
        As `Model.predict`.
    """
    yield from _answered(model, flows, early, np.zeros(len(flows), bool))


class EarlyAnswers:
    """Answers flows that a capture gives out again and again while they go on: each once.

    Parameters
    ----------
    model : Model
    early : float
        As for `classify`, which gives the same answers when the flows have ended.
    """

    def __init__(self, model: Model, early: float) -> None:
        self._model, self._early = model, early
        self._answered: set[int] = set()  # of flows that still go on

    def __call__(self, flows: Flows) -> Iterator[dict[str, Any]]:
        """What is to be said now; `flows` as `LiveCapture` gives them, with `FlowConfig.glance`."""
        goes_on = flows["end_reason"].astype(str) == "unknown"
        goes_on &= flows.kept_packets() < packets_for(self._model.card.spec)
        # while a flow goes on, no other has its key; clocks, and so start_us, may be set meanwhile
        keys = list(zip(*(_known(flows, n) for n in (*KEY_COLUMNS, "vlan")), strict=True))
        fresh = [i for i, key in enumerate(keys) if not self._is_done(hash(key), goes_on[i])]
        lines = _answered(self._model, flows.select(fresh), self._early, goes_on[fresh])
        for i, line in zip(fresh, lines, strict=True):
            key = hash(keys[i])
            if self._is_done(key, goes_on[i]) or line["state"] == OPEN:
                continue
            yield line
            if goes_on[i]:
                self._answered.add(key)

    def _is_done(self, key: int, goes_on: bool) -> bool:
        """Whether the flow was answered; what comes for it last is forgotten with it."""
        if key not in self._answered:
            return False
        if not goes_on:
            self._answered.discard(key)
        return True


def _answered(
    model: Model, flows: Flows, early: float | None, goes_on: NDArray[np.bool_]
) -> Iterator[dict[str, Any]]:
    states = _states(flows, model.card.spec)
    states[goes_on] = OPEN
    fit = np.flatnonzero(states != "short")
    seen = flows.kept_packets()
    if early is None:
        answers = model.predict(flows.select(fit))
    else:
        answers, is_before_k, seen[fit] = _as_soon_as_sure(model, flows.select(fit), early)
        is_before_end = goes_on[fit] | (seen[fit] < flows.kept_packets()[fit])
        states[fit[is_before_k & is_before_end]] = "sure"
    classes = {head.name: head.answers(answers[head.name]) for head in model.card.heads}
    place = dict(zip(fit.tolist(), range(len(fit)), strict=True))
    keys = {name: _known(flows, name) for name in (*KEY_COLUMNS, "packets")}
    for i in range(len(flows)):
        line: dict[str, Any] = {name: values[i] for name, values in keys.items()}
        line["state"] = states[i]
        if early is not None:
            line["seen"] = int(seen[i])
        for head in classes:
            line[head] = None
            if i in place:
                p = float(answers[head][place[i]].max())
                line[head] = {"class": classes[head][place[i]], "p": round(p, 6)}
        yield line


def _states(flows: Flows, spec: FeatureSpec) -> NDArray[Any]:
    """The state of each flow, as if all had ended and the model looked at all it can."""
    kept, packets = flows.kept_packets(), flows["packets"]
    counted = flows.counted_packets(spec)
    # a series that was cut to less than the flow has is not short: predict refuses it
    cut = (packets != NULL) & (packets > kept) & (kept < spec.k)
    short = (counted < spec.min_packets) & ~cut
    broken = (counted < spec.k) & np.isin(flows["end_reason"].astype(str), BROKEN_OFF)
    return np.select([short, broken], ["short", "early"], "final").astype(object)


def _as_soon_as_sure(
    model: Model, flows: Flows, early: float
) -> tuple[dict[str, NDArray[Any]], NDArray[np.bool_], NDArray[np.int64]]:
    """Answers, whether they took fewer than k packets, and how many."""
    p = model.predict_first(flows)
    heads = [h for h in model.card.heads if h.name == "traffic_class"] or model.card.heads
    confidence = max(early, *(head.unknown_below for head in heads))
    at = sure_at([p[head.name] for head in heads], confidence)
    answers = {head: q[at, np.arange(len(flows))] for head, q in p.items()}
    counts = np.array(prefixes(model.card.spec))
    return answers, at < len(counts) - 1, np.minimum(counts[at], flows.kept_packets())


def _known(flows: Flows, name: str) -> list[Any]:
    """A column as plain Python values, None where it is not there or not known."""
    if name not in flows.columns:
        return [None] * len(flows)
    values = flows[name].tolist()
    return values if flows[name].dtype == object else [None if v == NULL else v for v in values]
