"""A meter that more than one thread has."""

import threading
from contextlib import suppress

from edgemtl._core import Meter
from edgemtl.flows import FlowConfig
from tests.edgemtl.flows.written import A, B, packet, pcap


def test_while_another_thread_feeds_each_flow_is_taken_once():
    """So few that they do not fill the first columns, and are copied out."""
    first = pcap([(0, packet(A, B, port, 80, 0)) for port in range(1500)])
    more = pcap([(0, packet(A, B, port, 443, 0)) for port in range(200)])[24:]
    for _ in range(50):
        meter, taken, fed = Meter(FlowConfig(max_flows=1)), [], [80] * 1500
        meter.feed(first)
        both = threading.Barrier(2)

        def feed(meter=meter, fed=fed, both=both):
            both.wait()
            with suppress(RuntimeError):  # the other one is inside
                meter.feed(more)
                fed += [443] * 200

        thread = threading.Thread(target=feed)
        thread.start()
        both.wait()
        with suppress(RuntimeError):
            taken += meter.take()["dst_port"].tolist()
        thread.join()
        meter.finish()
        taken += meter.take()["dst_port"].tolist()
        assert sorted(taken) == fed


def test_no_other_file_begins_while_a_thread_feeds():
    many = pcap([(i, packet(A, B, 1000, 80, 0)) for i in range(200_000)])
    meter, refused = Meter(FlowConfig()), 0
    thread = threading.Thread(target=lambda: meter.feed(many))
    thread.start()
    while thread.is_alive():
        try:
            meter.next_file()
        except RuntimeError as error:
            refused += "another thread is inside" in str(error)
            break
    thread.join()
    assert refused == 1
    assert meter.stats()["packets"] == 200_000
