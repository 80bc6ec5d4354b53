"""Answers that come as soon as they are sure: of ended flows, and the same of flows that go on."""

import json

import numpy as np

from edgemtl.card import Head, ModelCard
from edgemtl.carried import CARRIED
from edgemtl.features import FeatureSpec
from edgemtl.flows import Capture, FlowConfig, Flows
from edgemtl.runtime import EarlyAnswers, Model, classify, load

SPEC = FeatureSpec(k=40, min_packets=2)  # asked after 10, 20 and 40 packets
CAPTURE = CARRIED / "four-flows.pcap"


class Counts(Model):
    """Stands in for a network: the more packets, the surer; from 20 on it says b."""

    runtime = "none"

    def __init__(self, unknown_below=0.0, names=("traffic_class",)):
        heads = {"traffic_class": Head("traffic_class", ("a", "b"), unknown_below=unknown_below)}
        heads["duration"] = Head.divided("duration", [1.0])
        super().__init__("counts", ModelCard(SPEC, tuple(heads[name] for name in names)))

    def _run(self, x):
        n = (x[:, 1] != 0).sum(1)
        b = np.where(n >= 20, 0.5 + n / 100, 0.4)
        answers = {"traffic_class": np.stack([1 - b, b], 1), "duration": np.full((len(x), 2), 0.5)}
        return [answers[head.name].astype(np.float32) for head in self.card.heads]


def flows_of(*rows):
    """Flows of (kept packets, end reason)."""
    kept = [row[0] for row in rows]
    m = sum(kept)
    columns = {
        "packets": np.array(kept),
        "end_reason": np.array([row[1] for row in rows], object),
        "src_port": np.arange(len(rows)),
    }
    series = (np.zeros(m, np.int64), np.full(m, 100, np.int32), np.ones(m, np.int8))
    return Flows(*series, np.concatenate([[0], np.cumsum(kept)]).astype(np.int64), columns)


def told(lines):
    return [(line["state"], line["seen"], line["traffic_class"]["class"]) for line in lines]


def test_a_flow_is_answered_from_the_first_packets_that_are_enough():
    flows = flows_of((50, "idle"), (30, "idle"), (15, "idle"), (15, "forced"), (20, "idle"))
    assert told(classify(Counts(), flows, 0.7)) == [
        ("sure", 20, "b"), ("sure", 20, "b"), ("final", 15, "a"), ("early", 15, "a"),
        ("final", 20, "b"),
    ]  # fmt: skip
    assert told(classify(Counts(), flows.select([0]), 0.6)) == [("sure", 10, "a")]
    assert told(classify(Counts(), flows.select([0]), 0.95)) == [("final", 40, "b")]


def test_short_flows_and_none():
    (line,) = classify(Counts(), flows_of((1, "idle")), 0.5)
    assert (line["state"], line["seen"], line["traffic_class"]) == ("short", 1, None)
    assert list(classify(Counts(), Flows.empty(), 0.5)) == []


def test_unknown_is_said_only_when_there_is_no_more_to_see():
    flows = flows_of((50, "idle"), (12, "idle"))
    assert told(classify(Counts(unknown_below=0.85), flows, 0.5)) == [
        ("final", 40, "b"), ("final", 12, "unknown"),
    ]  # fmt: skip


def test_the_traffic_class_decides_and_without_it_all_heads():
    flows = flows_of((50, "idle"))
    both = Counts(names=("duration", "traffic_class"))
    assert told(classify(both, flows, 0.7)) == [("sure", 20, "b")]
    (line,) = classify(Counts(names=("duration",)), flows, 0.7)
    assert (line["state"], line["seen"]) == ("final", 40)


def test_flows_that_go_on_are_answered_once():
    say = EarlyAnswers(Counts(), 0.7)

    def shown(*rows):
        return told(say(flows_of(*rows)))

    assert shown((10, "unknown"), (10, "unknown")) == []
    assert shown((20, "unknown"), (13, "idle")) == [("sure", 20, "b"), ("final", 13, "a")]
    assert shown((40, "unknown")) == []  # and that was the last of it
    assert shown((10, "unknown")) == []  # a new flow on the same ports
    assert shown((20, "unknown"), (20, "unknown")) == [("sure", 20, "b")] * 2
    assert shown((25, "idle"), (40, "unknown")) == []
    assert say._answered == set()
    assert shown((20, "unknown")) == [("sure", 20, "b")]
    # its end, and all of another flow on the same ports, at once
    again = flows_of((25, "idle"), (10, "unknown"), (20, "unknown"), (30, "idle"), (12, "idle"))
    again["src_port"][:] = 0
    assert told(say(again)) == [("sure", 20, "b"), ("final", 12, "a")]
    assert say._answered == set()


def test_live_answers_are_those_of_the_ended_flows():
    model = load(CARRIED / "quic-lab.int8.onnx")
    ended = list(Capture(CAPTURE, FlowConfig(packets=60)))
    shown = list(Capture(CAPTURE, FlowConfig(packets=60, early=True, glance=10)))
    assert sum(map(len, shown)) > sum(map(len, ended)) == 4
    say = EarlyAnswers(model, 0.8)
    live = [line for batch in shown for line in say(batch)]
    late = [line for batch in ended for line in classify(model, batch, 0.8)]
    # of a flow that goes on it is not known how many packets it will have
    live, late = (
        sorted((replace_key(line) for line in lines), key=json.dumps) for lines in (live, late)
    )
    assert live == late


def replace_key(line):
    return {name: value for name, value in line.items() if name != "packets"}


def test_the_command_answers_early(edgemtl):
    done = edgemtl("classify", "quic-lab", CAPTURE, "--early", 0.5, "--json")
    assert (done.returncode, done.stderr) == (0, "")
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(lines) == 4
    assert all(line["seen"] in (10, 20, 40, 60) or line["state"] != "sure" for line in lines)
    assert edgemtl("classify", "quic-lab", CAPTURE, "--early", 1.5).returncode == 2
