"""``classify -i``."""

import pytest

from tests.edgemtl.cli.live.far_end import end, listen, next_line, udp


def test_a_flow_is_classified_once_the_model_has_seen_enough(cable):
    pytest.importorskip("onnxruntime")
    live = listen(cable, "quic-lab", "--idle-timeout", "2", command="classify")
    with cable.sender() as sock:
        sock.send(udp("10.1.0.1", 2, "10.2.0.2", 443))  # one packet: answered at its end
        for i in range(100):
            ends = [("10.1.0.1", 1), ("10.2.0.2", 443)]
            (src, sport), (dst, dport) = ends if i % 2 else ends[::-1]
            sock.send(udp(src, sport, dst, dport, size=1000))
        line, _ = next_line(live, 1.5)
        assert (line["state"], line["packets"]) == ("final", 60)
        assert {"class", "p"} == set(line["traffic_class"])
        line, _ = next_line(live, 4)
        assert (line["state"], line["packets"]) == ("final", 1)
    out, _ = end(live)
    assert out == ""  # each flow once


def test_a_flow_is_classified_as_soon_as_the_model_is_sure(cable):
    pytest.importorskip("onnxruntime")
    live = listen(cable, "quic-lab", "--early", "0.01", command="classify")
    with cable.sender() as sock:
        for _ in range(12):
            sock.send(udp("10.1.0.1", 1, "10.2.0.2", 443, size=1000))
        line, _ = next_line(live, 1.5)
        assert (line["state"], line["packets"], line["seen"]) == ("sure", 10, 10)
        for _ in range(60):
            sock.send(udp("10.1.0.1", 1, "10.2.0.2", 443, size=1000))
    out, _ = end(live)
    assert out == ""  # each flow once
