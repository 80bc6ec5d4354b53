"""Which packets are seen, and which are lost."""

import json
import signal
import time

import pytest

from edgemtl.datasets import read_flows
from tests.edgemtl.cli.live.far_end import end, facts, listen, udp


def test_a_filter_takes_its_packets_alone(cable, folder):
    live = listen(cable, "-o", folder / "f.jsonl", "--json", "--filter", "udp port 53 or vlan 7")
    with cable.sender() as sock:
        for port in (53, 80):
            sock.send(udp("10.1.0.1", 5000, "10.2.0.2", port))
            sock.send(udp("10.1.0.1", 5000, "10.2.0.2", port, vlan=7))
            sock.send(udp("10.1.0.1", 5000, "10.2.0.2", port, vlan=8))
    told = facts(end(live)[0])
    lines = [json.loads(line) for line in (folder / "f.jsonl").read_text().splitlines()]
    assert told["packets"] == 3
    assert sorted((line["dst_port"], line["packets"]) for line in lines) == [(53, 2), (80, 1)]


@pytest.mark.parametrize("is_promiscuous", [False, True])
def test_packets_for_other_hosts_are_asked_for_only_when_told(cable, is_promiscuous):
    live = listen(cable, *(["--promiscuous"] if is_promiscuous else []))
    told = cable.run(cable.far, "ip", "-d", "link", "show", "v")
    assert f" promiscuity {int(is_promiscuous)} " in told
    end(live)


def test_drops_are_counted_and_said(cable, folder):
    live = listen(cable, "-o", folder / "f.parquet", "--json", "--ring", "256K")
    live.send_signal(signal.SIGSTOP)
    with cable.sender() as sock:
        for _ in range(3000):
            sock.send(udp("10.1.0.1", 1, "10.2.0.2", 443, size=1000))
        live.send_signal(signal.SIGCONT)
        time.sleep(0.7)
        sock.send(udp("10.1.0.1", 2, "10.2.0.2", 443))
    out, error = end(live)
    told = facts(out)
    assert told["dropped"] > 1000
    assert told["packets"] + told["dropped"] == 3001
    dropped = f"{told['dropped']} packets dropped: give a larger --ring, or a --filter"
    assert error == f"edgemtl flows: v: {dropped}\n"
    flows = read_flows([folder / "f.parquet"])
    assert sorted(flows["packets"].tolist()) == [1, told["packets"] - 1]
