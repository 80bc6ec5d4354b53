"""Which files follow each other in time."""

import pytest

from edgemtl.flows.order import Span, out_of_order

SECOND = 1_000_000
A = Span("a.pcap", 100 * SECOND, 110 * SECOND)


def after(first_s, last_s, ahead=A):
    file = Span("b.pcap", int(first_s * SECOND), int(last_s * SECOND))
    return out_of_order([ahead, file])


@pytest.mark.parametrize(
    ("first_s", "last_s"),
    [
        (110, 120),
        (500, 600),
        (109.5, 120),  # packets that crossed where the files were cut
        (0, 0),  # no packets, or without times
    ],
)
def test_files_in_order(first_s, last_s):
    assert after(first_s, last_s) is None


@pytest.mark.parametrize(
    ("first_s", "last_s", "early"),
    [(90, 100, "20.000"), (90, 90.5, "20.000"), (100.5, 120, "9.500"), (99.9, 200, "10.100")],
)
def test_files_out_of_order(first_s, last_s, early):
    assert after(first_s, last_s) == (
        f"b.pcap: begins {early} s before a.pcap, given ahead of it, ends: "
        "give files in the order of time, or join those that overlap with mergecap"
    )


def test_short_files_out_of_order():
    later = Span("later.pcap", 100 * SECOND, 100 * SECOND + 200)
    assert after(99.9999, 100, ahead=later).startswith("b.pcap: begins 0.000 s before later.pcap")


def test_a_clock_that_was_set_back_within_a_file_is_no_disorder():
    assert after(50, 60, ahead=Span("a.pcap", 100 * SECOND, 40 * SECOND)) is None


def test_a_file_without_packets_stands_between_others():
    empty = Span("empty.pcap", 0, 0)
    assert out_of_order([A, empty, Span("c.pcap", 120 * SECOND, 130 * SECOND)]) is None
    said = out_of_order([A, empty, Span("c.pcap", 80 * SECOND, 90 * SECOND)])
    assert said.startswith("c.pcap: begins 30.000 s before a.pcap, given ahead of it, ends: ")


def test_only_the_first_of_many_is_named():
    days = [Span(f"{day}.pcap", day * SECOND, (day + 1) * SECOND) for day in range(9, 0, -1)]
    assert " 9.pcap, given ahead of it, ends (so do 7 others): " in out_of_order(days)
