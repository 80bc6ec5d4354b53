"""Captures read by threads come out as if one after the other had been read."""

import threading
import time
from functools import partial

import pytest

from edgemtl import CaptureError
from edgemtl.flows import CaptureStats, default_threads, read_ahead


class Slow:
    """Stands in for a Capture: gives numbers, the later ones' threads being done first."""

    def __init__(self, number, batches, make_flows, fail=False):
        self._number, self._batches, self._fail = number, batches, fail
        self._make_flows = make_flows
        self.stats, self.refused = CaptureStats(str(number)), {}

    def __iter__(self):
        time.sleep(0.01 / (self._number + 1))
        for i in range(self._batches):
            yield self._make_flows(1, seed=100 * self._number + i)
        if self._fail:
            raise CaptureError(f"{self._number}: bad")
        self.stats.packets = self._number


@pytest.mark.parametrize("threads", [1, 2, 7])
def test_order_is_that_of_the_captures(threads, make_flows):
    batches = [0, 1, 9, 3, 30, 2, 0, 5]  # more than wait for anybody, and none
    makes = [partial(Slow, i, n, make_flows) for i, n in enumerate(batches)]
    for i, capture in enumerate(read_ahead(makes, threads)):
        got = [flows["flow_id"][0] for flows in capture]
        assert got == [f"{100 * i + j}-0" for j in range(batches[i])]
        assert capture.stats.packets == i


def test_an_error_comes_after_the_batches_before_it_and_costs_no_other(make_flows):
    makes = [partial(Slow, i, 2, make_flows, fail=i == 1) for i in range(4)]
    seen = []
    for capture in read_ahead(makes, 2):
        try:
            seen += [flows["flow_id"][0] for flows in capture]
        except CaptureError as error:
            seen.append(str(error))
    assert seen == ["0-0", "1-0", "1: bad", "200-0", "201-0", "300-0", "301-0"]


def test_threads_end_when_nobody_takes_any_more(make_flows):
    before = set(threading.enumerate())
    makes = [partial(Slow, i, 100, make_flows) for i in range(9)]
    captures = read_ahead(makes, 3)
    next(iter(next(captures)))
    started = set(threading.enumerate()) - before
    assert len(started) == 3
    captures.close()
    for thread in started:
        thread.join(5)
        assert not thread.is_alive()


def test_nothing_begins_when_nobody_takes_any_more(make_flows, monkeypatch):
    failures = []
    monkeypatch.setattr(threading, "excepthook", failures.append)
    before, begun = set(threading.enumerate()), []

    def make(number):
        begun.append(number)
        raise CaptureError(f"{number}: no such file")

    captures = read_ahead([partial(make, i) for i in range(9)], 1)
    with pytest.raises(CaptureError, match="0: no"):
        list(next(captures))
    captures.close()
    for thread in set(threading.enumerate()) - before:
        thread.join(5)
    assert len(begun) <= 3  # as many as threads may have begun by then
    assert not failures


def test_threads_fit_cores_and_memory(monkeypatch):
    monkeypatch.setattr("os.sched_getaffinity", lambda pid: set(range(8)), raising=False)
    monkeypatch.setattr("edgemtl.flows.ahead.physical_memory", lambda: 1 << 30)
    assert [default_threads(1 << n) for n in (20, 26, 27, 30, 40)] == [8, 8, 4, 1, 1]
