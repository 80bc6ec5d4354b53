"""The benchmark's captures: the same from one seed, valid packets, true counts."""

import shutil
import subprocess

import dpkt
import numpy as np
import pytest

from benchmarks.featurizer import captures, flood
from benchmarks.featurizer.captures import (
    KEPT,
    big,
    draw_flows,
    draw_packets,
    heavy_tailed,
    make,
    mixed_sizes,
)
from benchmarks.featurizer.peers.dpkt_loop import flows_of

PACKETS, FLOWS = 5000, 100


def few(rng):
    """5,000 packets, 100 flows."""
    flows = draw_flows(rng, FLOWS, tcp=0.6, ipv6=0.3)
    return flows, draw_packets(rng, flows, heavy_tailed(rng, FLOWS, PACKETS, 1.5), mixed_sizes)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return make("FEW", few, tmp_path_factory.mktemp("bench"), seed=3)


def packets_of(path):
    with path.open("rb") as file:
        for time_s, frame in dpkt.pcap.Reader(file):
            yield time_s, frame, dpkt.ethernet.Ethernet(frame).data


def test_counts_are_those_that_dpkt_finds(made):
    whole, _, one = made
    assert (whole.packets, whole.flows) == (PACKETS, FLOWS)
    assert (one.packets, one.flows, one.kept) == (1, 1, 1)
    for capture in made:
        flows = flows_of(str(capture.path), KEPT)
        assert len(flows) == capture.flows
        assert sum(flow[0] for flow in flows) == capture.packets
        assert sum(flow[1] for flow in flows) == capture.bytes
        assert sum(len(flow[2]) for flow in flows) == capture.kept
    assert whole.kept < whole.packets  # some flow is longer than what is kept


def test_headers_hold_what_they_must(made):
    kinds, before = set(), 0.0
    for time_s, frame, ip in packets_of(made[0].path):
        assert time_s >= before
        before = time_s
        length = ip.len if ip.v == 4 else 40 + ip.plen
        header = 20 if ip.v == 4 else 40
        assert len(frame) == max(60, 14 + length) <= 1514
        kinds.add((ip.v, ip.p))
        if ip.p == 17:
            assert ip.data.ulen == length - header
        else:
            assert ip.data.off == 5
            assert length >= header + 20
    assert kinds == {(4, 6), (4, 17), (6, 6), (6, 17)}


def test_tcp_begins_with_a_handshake_and_long_flows_close(made):
    syn, ack, fin = dpkt.tcp.TH_SYN, dpkt.tcp.TH_ACK, dpkt.tcp.TH_FIN
    flows = {}
    for _, _, ip in packets_of(made[0].path):
        if ip.p == 6:
            key = frozenset([(ip.src, ip.data.sport), (ip.dst, ip.data.dport)])
            flows.setdefault(key, []).append((ip.src, ip.data.flags))
    assert flows
    for packets in flows.values():
        client = packets[0][0]
        begin = [(syn, True), (syn | ack, False)]
        assert [(flags, src == client) for src, flags in packets[:2]] == begin[: len(packets)]
        closing = [flags == fin | ack for _, flags in packets[-2:]]
        assert all(closing) == (len(packets) >= 8)


def test_tshark_reads_all(made):
    if not shutil.which("tshark"):
        pytest.skip("tshark is not installed")
    command = [
        "tshark",
        "-n",
        "-r",
        made[0].path,
        "-Y",
        "tcp or udp",
        "-T",
        "fields",
        "-e",
        "ip.src",
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.count("\n") == PACKETS


def test_a_seed_gives_the_same_bytes_and_another_gives_others(made, tmp_path):
    again = make("FEW", few, tmp_path / "again", seed=3)
    other = make("FEW", few, tmp_path / "other", seed=4)
    assert again[0].path.read_bytes() == made[0].path.read_bytes()
    assert other[0].path.read_bytes() != made[0].path.read_bytes()
    assert again[0].path.read_bytes().startswith(again[2].path.read_bytes())


def test_what_is_there_is_used_again_and_what_is_old_or_unfinished_is_not(tmp_path, monkeypatch):
    drawn = []

    def traffic(rng):
        drawn.append(1)
        return few(rng)

    first = make("FEW", traffic, tmp_path)
    assert make("FEW", traffic, tmp_path) == first
    assert len(drawn) == 1
    make("FEW", traffic, tmp_path, seed=2)
    assert len(drawn) == 2
    monkeypatch.setattr(captures, "VERSION", captures.VERSION + 1)
    make("FEW", traffic, tmp_path, seed=2)
    assert len(drawn) == 3
    (tmp_path / "FEW.json").write_text('{"made_from": ', encoding="utf-8")
    make("FEW", traffic, tmp_path, seed=2)
    assert len(drawn) == 4
    (tmp_path / "FEW.pcap").unlink()
    assert make("FEW", traffic, tmp_path, seed=2)[0].path.exists()


def test_big_is_what_it_is_called():
    flows, packets = big(np.random.default_rng(1))
    assert (len(packets), len(flows)) == (1_000_000, 19_000)
    assert len(np.unique(packets.flow)) == 19_000
    assert np.maximum(14 + packets.length, 60).mean() == pytest.approx(620, rel=0.01)


@pytest.mark.parametrize("name", flood.FLOODS)
def test_a_flood_is_new_flows_in_one_second_among_established_ones(name, monkeypatch):
    monkeypatch.setattr(flood, "NEW", 20_000)
    flows, packets = flood.FLOODS[name](np.random.default_rng(1))
    users = flood.ESTABLISHED + flood.NEWCOMERS
    counts = np.bincount(packets.flow)
    assert (counts[:users] == flood.EXCHANGED).all()
    assert (counts[users:] == (2 if name == "ANSWERED-FLOOD" else 1)).all()
    ends = list(zip(flows.client, flows.client_port, flows.server, flows.protocol, strict=True))
    assert len(set(ends)) == users + 20_000
    assert (np.diff(packets.time_us) >= 0).all()
    attack_us = packets.time_us[(packets.flow >= users) & packets.forward]
    assert attack_us.max() - attack_us.min() <= 1_000_000
    old = packets.flow < flood.ESTABLISHED
    for both in (True, False):  # each established flow has heard both sides before the flood
        heard = packets.flow[old & (packets.time_us < attack_us.min()) & (packets.forward == both)]
        assert len(np.unique(heard)) == flood.ESTABLISHED
    new = (packets.flow >= flood.ESTABLISHED) & (packets.flow < users)
    assert packets.time_us[new].min() >= attack_us.min()
    begins = [np.flatnonzero(packets.flow == i)[:2] for i in np.unique(packets.flow[new])]
    assert all(list(packets.forward[two]) == [True, False] for two in begins)
    assert all(np.diff(packets.time_us[two]) == flood.ROUND_TRIP_US for two in begins)
