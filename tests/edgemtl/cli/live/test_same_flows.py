"""Live, the flows are those of the same traffic by way of tcpdump; merged packets are split."""

import json
import platform
import socket
import time

import dpkt
import numpy as np
import pytest

from edgemtl.datasets import read_flows
from edgemtl.flows import FlowConfig, read_capture
from tests.edgemtl.cli.live.far_end import end, ethernet, facts, listen
from tests.namespaces import need


def mixed_capture(path, packets=10_000, flows=200):
    """A pcap of TCP and UDP, IPv4 and IPv6, tagged and not, with some ARP and ICMP between."""
    rng = np.random.default_rng(4)
    with path.open("wb") as file:
        writer = dpkt.pcap.Writer(file)
        for i in range(packets):
            frame = mixed_frame(rng, int(rng.integers(flows)))
            writer.writepkt(frame, ts=1_700_000_000 + i / 10_000)


def mixed_frame(rng, flow):
    if rng.random() < 0.02:
        return b"\2\0\0\0\0\x08\2\0\0\0\0\x09\x08\x06" + bytes(46)
    there = ("10.1.0.1", "10.2.0.2") if flow % 3 else ("fd00::1", "fd00::2")
    ends = [(there[0], 1024 + flow), (there[1], 443)]
    (src, sport), (dst, dport) = ends if rng.random() < 0.6 else ends[::-1]
    payload = bytes(int(rng.choice([0, 5, 100, 700, 1400])))
    if rng.random() < 0.02 and flow % 3:
        return ethernet(src, dst, dpkt.icmp.ICMP(type=8, data=dpkt.icmp.ICMP.Echo(data=payload)))
    if flow % 2:
        flags = int(rng.choice([0x10, 0x18, 0x11, 0x04], p=[0.6, 0.36, 0.03, 0.01]))
        inner = dpkt.tcp.TCP(sport=sport, dport=dport, flags=flags, data=payload)
    else:
        inner = dpkt.udp.UDP(sport=sport, dport=dport, data=payload, ulen=8 + len(payload))
    return ethernet(src, dst, inner, vlan=5 if flow % 5 == 0 else None)


def tcpdump(cable, path):
    process = cable.start(
        cable.far, "tcpdump", "-i", "v", "-p", "-n", "-B", "32768", "-Z", "root", "-w", path
    )
    while "listening" not in process.stderr.readline():
        assert process.poll() is None
    return process


def by_start(flows):
    """Rows without times, and the times, in an order that both tables share."""
    rows = []
    names = ("src", "dst", "src_port", "dst_port", "protocol", "vlan", "packets", "bytes")
    values = {name: flows[name].tolist() for name in (*names, "end_reason", "start_us")}
    for i in range(len(flows)):
        low, high = flows.offsets[i], flows.offsets[i + 1]
        series = (flows.length[low:high].tolist(), flows.direction[low:high].tolist())
        key = tuple(values[name][i] for name in names)
        times = np.cumsum(flows.iat_us[low:high]) + values["start_us"][i]
        rows.append((key[:6], times[0], (*key, values["end_reason"][i], *series), times))
    rows.sort(key=lambda row: row[:2])
    return [row[2] for row in rows], [row[3] for row in rows]


def each_way(flows):
    """Rows without times, and the lengths of each direction: two sockets of a machine with several
    cores may see packets that cross each other in another order."""
    rows = []
    for *key, lengths, directions in by_start(flows)[0]:
        ways = [
            [n for n, way in zip(lengths, directions, strict=True) if way == one] for one in (1, -1)
        ]
        rows.append((*key, *ways))
    return rows


def wall_clock_is_ahead_us():
    """Of the time since the machine came up, which nobody sets; the least of some looks."""
    looks = [time.time_ns() - time.clock_gettime_ns(time.CLOCK_BOOTTIME) for _ in range(20)]
    return min(looks) // 1000


def assert_same_flows(live, captured, set_us):
    """set_us: by how much the wall clock was set meanwhile; live times go on as if it were not."""
    (rows, times), (want, want_times) = by_start(live), by_start(captured)
    assert rows == want
    away = np.abs(np.concatenate(times) - np.concatenate(want_times))
    assert np.median(away) <= 50 + abs(set_us)  # µs: each socket looks at the clock for itself
    assert away.max() < 100_000 + abs(set_us)  # … and may be kept from it in between


def test_flows_are_those_of_the_same_traffic_by_tcpdump(edgemtl, cable, folder):
    need("tcpdump", "tcpreplay", "ethtool")
    cable.offload(False)
    mixed_capture(folder / "sent.pcap")
    ahead_us = wall_clock_is_ahead_us()
    dump = tcpdump(cable, folder / "dump.pcap")
    live = listen(cable, "-o", folder / "live.parquet", "--json", "--by-vlan")
    cable.run(cable.near, "tcpreplay", "-q", "-K", "--pps=10000", "-i", "v", folder / "sent.pcap")
    time.sleep(1.5)  # what tcpdump's library keeps back for a second would be lost
    dump.terminate()
    dump.communicate(timeout=30)
    told = facts(end(live)[0])
    done = edgemtl(
        "flows", folder / "dump.pcap", "-o", folder / "dump.parquet", "--json", "--by-vlan"
    )
    want = facts(done.stdout)
    assert told["dropped"] == 0
    assert told["packets"] == want["packets"] == 10_000
    assert told["skipped"] == want["skipped"]
    assert min(want["skipped"]["not_ip"], want["skipped"]["icmp"]) > 100
    flows = read_flows([folder / "live.parquet"])
    assert set(flows["vlan"].tolist()) == {0, 5}
    set_us = wall_clock_is_ahead_us() - ahead_us
    assert_same_flows(flows, read_flows([folder / "dump.parquet"]), set_us)


def test_merged_packets_are_counted_as_the_wire_had_them(cable, folder):
    need("tcpdump", "iperf3", "ethtool")
    cable.offload(True)
    server = cable.start(cable.far, "iperf3", "-s", "-1", "--forceflush")
    while "listening" not in server.stdout.readline():
        assert server.poll() is None
    dump = tcpdump(cable, folder / "dump.pcap")
    live = listen(cable, "-o", folder / "live.parquet", "--json", "--packets", "65535")
    cable.run(cable.near, "iperf3", "-c", "10.9.0.2", "-n", "3M")
    time.sleep(1.5)
    dump.terminate()
    dump.communicate(timeout=30)
    told = facts(end(live)[0])
    flows = read_flows([folder / "live.parquet"])
    config = FlowConfig(packets=65535, split_offload=1500)
    guessed, _ = read_capture(folder / "dump.pcap", config)
    assert told["dropped"] == 0
    assert told["split"] > 10 and told["segments"] > 3 * told["split"]
    assert flows.length.max() == 1500
    assert flows["bytes"].max() > 1 << 20  # iperf3 may leave, with its last data on the way
    assert each_way(flows) == each_way(guessed)  # cut at the MTU, as they were here


UDP_SEGMENT = 103  # linux/udp.h


def test_merged_datagrams_are_too(cable, folder):
    need("ethtool")
    if tuple(int(part) for part in platform.release().split(".")[:2]) < (6, 2):
        pytest.skip("needs Linux 6.2: before, the kernel can't describe merged UDP packets")
    cable.offload(True)
    live = listen(cable, "-o", folder / "f.jsonl", "--json", "--filter", "udp dst port 443")
    with cable.inside(cable.near):
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    with sock:
        sock.setsockopt(socket.IPPROTO_UDP, UDP_SEGMENT, 1200)
        sock.sendto(bytes(11_000), ("10.9.0.2", 443))
    told = facts(end(live)[0])
    assert (told["packets"], told["split"], told["segments"]) == (1, 1, 10)
    (line,) = [json.loads(line) for line in (folder / "f.jsonl").read_text().splitlines()]
    assert line["length"] == [1228] * 9 + [228]
    assert (line["packets"], line["bytes"]) == (10, 11_280)
