"""`LiveCapture` by itself; on real interfaces it is tested by way of the command line."""

import re
import time

import pytest

from edgemtl import _core
from edgemtl.errors import CaptureError
from edgemtl.flows import Anonymiser, FlowConfig, LiveCapture, live
from tests.edgemtl.cli.test_flows import pcap_bytes, udp


class ScriptedLive:
    """Of two steps, the first leaves packets over, for want of room in the meter."""

    def __init__(self, name, filter, ring_bytes, promiscuous):
        self.clock_us = 2**62
        self.stepped_us = 0
        self.steps = 0

    def step(self, meter, timeout_ms):
        self.steps += 1
        meter.full = self.steps == 1

    def stats(self):
        return {
            "packets": 0,
            "dropped": 3,
            "downs": 0,
            "ring_bytes": 0,
            "segments": True,
            "stepped_us": self.stepped_us,
        }


REAL = _core.Meter


class Meter:
    """A meter that can be told to be full."""

    def __init__(self, config):
        self._meter = REAL(config)
        self.full = False

    def finish(self):
        self.full = False
        self._meter.finish()

    def take(self):
        return self._meter.take()

    def stats(self):
        return self._meter.stats()


def test_a_stop_waits_for_the_packets_that_were_read(monkeypatch):
    monkeypatch.setattr(_core, "Live", ScriptedLive)
    monkeypatch.setattr(_core, "Meter", Meter)
    capture = LiveCapture("eth0", FlowConfig(max_flows=10))
    capture.stop()
    assert [len(flows) for flows in capture] == [0, 0]
    assert capture._live.steps == 2
    assert capture.stats.dropped == 3


def test_a_stop_ends_it_though_the_wall_clock_was_set_back(monkeypatch):
    monkeypatch.setattr(_core, "Live", ScriptedLive)
    monkeypatch.setattr(_core, "Meter", Meter)
    monkeypatch.setattr(live, "STOP_S", 0.1)
    capture = LiveCapture("eth0", FlowConfig(max_flows=10))
    capture._live.clock_us = 0
    capture.stop()
    begun = time.monotonic()
    assert sum(len(flows) for flows in capture) == 0
    assert 0.1 <= time.monotonic() - begun < 2


HOUR_US = 3600 * 10**6


@pytest.mark.parametrize("stepped_us", [HOUR_US, -HOUR_US])
def test_starts_and_a_stop_follow_a_wall_clock_that_was_set(monkeypatch, stepped_us):
    class SteppedLive(ScriptedLive):
        def __init__(self, *words):
            super().__init__(*words)
            self.stepped_us = stepped_us
            self.clock_us = time.time_ns() // 1000 - stepped_us + 10**6

        def step(self, meter, timeout_ms):
            meter.feed(pcap_bytes([(1_000_000_000, udp("10.0.0.1", 1, "10.0.0.2", 443))]))

    monkeypatch.setattr(_core, "Live", SteppedLive)
    monkeypatch.setattr(live, "STOP_S", 60)
    capture = LiveCapture("eth0", FlowConfig(max_flows=10))
    capture.stop()
    assert [flows["start_us"].tolist() for flows in capture] == [[10**15 + stepped_us]]


@pytest.mark.parametrize(
    ("name", "filter", "said"),
    [
        ("v\0", None, r"'v\\x00': interfaces and filters are text without a 0"),
        ("v", "udp\0", r"'v': interfaces and filters are text without a 0"),
    ],
)
def test_text_that_c_would_cut_is_refused(name, filter, said):
    with pytest.raises(CaptureError, match=said):
        LiveCapture(name, filter=filter)


@pytest.mark.parametrize("is_anonymous", [False, True])
def test_names_are_unlike_and_tell_no_time_of_anonymous_flows(monkeypatch, is_anonymous):
    pytest.importorskip("cryptography")
    monkeypatch.setattr(_core, "Live", ScriptedLive)
    anonymiser = Anonymiser(bytes(32)) if is_anonymous else None
    names = [LiveCapture("eth0", anonymiser=anonymiser)._numbers._name for _ in range(2)]
    assert names[0] != names[1]
    form = r"eth0-[0-9a-f]{16}" if is_anonymous else r"eth0-[0-9]{8}T[0-9]{6}\.[0-9]{6}"
    assert all(re.fullmatch(form, name) for name in names)
