"""``edgemtl flows -i`` and ``classify -i`` on a cable between two network namespaces."""

import json
import os
import platform
import pwd
import select
import signal
import socket
import struct
import sys
import tempfile
import time
from pathlib import Path

import dpkt
import numpy as np
import pytest

from benchmarks.live.cable import Cable
from edgemtl.datasets import read_flows
from edgemtl.flows import FlowConfig, read_capture
from tests.namespaces import need

EDGEMTL = (sys.executable, "-m", "edgemtl")
ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def cable():
    need()
    with Cable() as cable:
        yield cable


@pytest.fixture
def folder():
    """A folder that nobody may write in, unlike pytest's own."""
    with tempfile.TemporaryDirectory(prefix="edgemtl-live-") as name:
        Path(name).chmod(0o777)
        yield Path(name)


def udp(src, sport, dst, dport, size=100, vlan=None):
    """An Ethernet frame, between hosts that are not there, with `size` bytes of UDP payload."""
    datagram = dpkt.udp.UDP(sport=sport, dport=dport, data=bytes(size), ulen=8 + size)
    return ethernet(src, dst, datagram, vlan)


def ethernet(src, dst, inner, vlan=None):
    version = 6 if ":" in src else 4
    if version == 6:
        address = [socket.inet_pton(socket.AF_INET6, a) for a in (src, dst)]
        packet = dpkt.ip6.IP6(src=address[0], dst=address[1], nxt=protocol(inner), hlim=64)
        packet.extension_hdrs, packet.data, packet.plen = {}, inner, len(inner)
    else:
        address = [socket.inet_aton(a) for a in (src, dst)]
        packet = dpkt.ip.IP(src=address[0], dst=address[1], p=protocol(inner), data=inner)
        packet.len = len(packet)
    kind = 0x0800 if version == 4 else 0x86DD
    tag = b"" if vlan is None else struct.pack(">HH", 0x8100, vlan)
    return b"\2\0\0\0\0\x08" + b"\2\0\0\0\0\x09" + tag + struct.pack(">H", kind) + bytes(packet)


def protocol(inner):
    return {dpkt.udp.UDP: 17, dpkt.tcp.TCP: 6, dpkt.icmp.ICMP: 1}[type(inner)]


def listen(cable, *words, command="flows", before=(), env=None, **options):
    """Start edgemtl at the far end, and wait until it listens."""
    process = cable.start(
        cable.far,
        *before,
        *EDGEMTL,
        command,
        *words,
        *(() if "-i" in words else ("-i", "v")),
        env={**os.environ, "PYTHONPATH": str(ROOT), **(env or {})},
        **options,
    )
    line = process.stderr.readline()
    assert "listening" in line, line + process.stderr.read()
    process.first_line = line
    return process


def end(process, number=signal.SIGTERM):
    """Stop it as a user does; give what it printed."""
    process.send_signal(number)
    out, error = process.communicate(timeout=60)
    assert process.returncode == 0, (process.returncode, error)
    return out, error


def facts(out):
    (each,) = json.loads(out)["captures"]
    return each


# ---- the same flows as by way of tcpdump ---------------------------------------------------------


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


def assert_same_flows(live, captured):
    (rows, times), (want, want_times) = by_start(live), by_start(captured)
    assert rows == want
    away = np.abs(np.concatenate(times) - np.concatenate(want_times))
    assert np.median(away) <= 50  # µs: each socket looks at the clock for itself
    assert away.max() < 100_000  # … and may be kept from it in between


def test_flows_are_those_of_the_same_traffic_by_tcpdump(edgemtl, cable, folder):
    need("tcpdump", "tcpreplay", "ethtool")
    cable.offload(False)
    mixed_capture(folder / "sent.pcap")
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
    assert_same_flows(flows, read_flows([folder / "dump.parquet"]))


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


# ---- which packets -------------------------------------------------------------------------------


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


# ---- how it ends ---------------------------------------------------------------------------------


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_it_with_the_flows_so_far(cable, folder, number):
    live = listen(cable, "-o", folder / "f.parquet", "--json")
    with cable.sender() as sock:
        for port in range(1, 11):
            sock.send(udp("10.1.0.1", port, "10.2.0.2", 443))
    out, error = end(live, number)
    flows = read_flows([folder / "f.parquet"])
    assert sorted(flows["src_port"].tolist()) == list(range(1, 11))
    assert set(flows["end_reason"].tolist()) == {"forced"}
    assert facts(out)["flows"] == 10
    assert error == ""
    assert [path.name for path in folder.iterdir()] == ["f.parquet"]


def test_a_second_signal_ends_it_at_once(cable, folder):
    fifo = folder / "full"
    os.mkfifo(fifo)
    fifo.chmod(0o666)
    reader = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)  # and never reads: the writer hangs
    live = listen(cable, "-o", fifo, "--format", "jsonl", "--idle-timeout", "1")
    with cable.sender() as sock:
        for port in range(1, 2001):
            sock.send(udp("10.1.0.1", port, "10.2.0.2", 443))
    time.sleep(2.5)
    live.send_signal(signal.SIGTERM)
    time.sleep(1.2)
    assert live.poll() is None
    live.send_signal(signal.SIGTERM)
    assert live.wait(timeout=5) == 128 + signal.SIGTERM
    os.close(reader)


def test_an_interface_that_goes_away_ends_it_and_one_that_is_down_does_not(cable, folder):
    live = listen(cable, "-o", folder / "f.parquet", "--json")
    with cable.sender() as sock:
        sock.send(udp("10.1.0.1", 1, "10.2.0.2", 443))
        cable.run(cable.far, "ip", "link", "set", "v", "down")
        assert live.stderr.readline() == "edgemtl flows: v: is down: waiting for it\n"
        cable.run(cable.far, "ip", "link", "set", "v", "up")
        time.sleep(0.2)
        sock.send(udp("10.1.0.1", 2, "10.2.0.2", 443))
        time.sleep(0.5)
    cable.run(cable.far, "ip", "link", "del", "v")
    out, error = live.communicate(timeout=10)
    assert live.returncode == 1, error
    line = "edgemtl flows: v: was removed while in use: the flows before it are kept"
    assert error.splitlines()[-1] == line
    assert facts(out)["warning"] == line.removeprefix("edgemtl flows: ")
    assert sorted(read_flows([folder / "f.parquet"])["src_port"].tolist()) == [1, 2]


def test_an_interface_that_is_removed_while_it_is_down_ends_it(cable, folder):
    live = listen(cable, "-o", folder / "f.jsonl", "--json")
    cable.run(cable.far, "ip", "link", "set", "v", "down")
    assert live.stderr.readline() == "edgemtl flows: v: is down: waiting for it\n"
    time.sleep(0.5)
    assert live.poll() is None
    cable.run(cable.far, "ip", "link", "del", "v")
    _, error = live.communicate(timeout=5)
    assert live.returncode == 1
    line = "edgemtl flows: v: was removed while in use: the flows before it are kept"
    assert error.splitlines()[-1] == line


# ---- time ----------------------------------------------------------------------------------------


def next_line(process, seconds):
    """The next line on its standard output, and when it came; fails when none does."""
    assert select.select([process.stdout], [], [], seconds)[0], "no line came"
    return json.loads(process.stdout.readline()), time.time()


def test_flows_end_by_the_wall_clock_in_a_silent_network(cable):
    live = listen(cable, "-o", "-", "--idle-timeout", "2", "--active-timeout", "3")
    with cable.sender() as sock:
        sock.send(udp("10.1.0.1", 1, "10.2.0.2", 443))
        sent = time.time()
        line, came = next_line(live, 4)
        assert line["end_reason"] == "idle"
        assert 2 <= came - sent < 3
        begun, packets = time.time(), 0
        while time.time() - begun < 2.5:  # so that the flow is not idle
            sock.send(udp("10.1.0.1", 2, "10.2.0.2", 443))
            packets += 1
            time.sleep(0.1)
        line, came = next_line(live, 2)
        assert (line["end_reason"], line["packets"]) == ("active", packets)
        assert 3 <= came - begun < 4
    end(live)


# ---- loss ----------------------------------------------------------------------------------------


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


# ---- files ---------------------------------------------------------------------------------------


def test_the_last_line_names_the_files_that_are_there(cable, folder):
    live = listen(cable, "-o", folder / "f.jsonl", "--rotate", "1h")
    with cable.sender() as sock:
        sock.send(udp("10.1.0.1", 1, "10.2.0.2", 443))
        time.sleep(0.3)
    line = end(live)[1].splitlines()[-1]
    assert line.startswith(f"1 flow of 1 packet in {folder}/f-*.jsonl; skipped: none")
    assert len(list(folder.glob("f-*.jsonl"))) == 1


@pytest.mark.parametrize(("rotate", "ending"), [("1s", "parquet"), ("20K", "jsonl")])
def test_files_change_while_it_runs_and_no_flow_is_lost(cable, folder, rotate, ending):
    live = listen(
        cable, "-o", folder / f"f.{ending}", "--rotate", rotate, "--idle-timeout", "1", "--json"
    )
    with cable.sender() as sock:
        for port in range(1, 501):
            sock.send(udp("10.1.0.1", port, "10.2.0.2", 443))
            time.sleep(0.008)
    end(live)
    files = sorted(folder.iterdir())
    assert len(files) >= 4
    assert all(path.name.startswith("f-20") and path.suffix == f".{ending}" for path in files)
    assert {path.owner() for path in files} == {"nobody"}
    if rotate == "20K":
        assert all(path.stat().st_size >= 20 << 10 for path in files[:-1])
    flows = read_flows([folder])  # also: no flow_id twice
    assert sorted(flows["src_port"].tolist()) == list(range(1, 501))


# ---- root ----------------------------------------------------------------------------------------


def status_of(process):
    return parsed(Path(f"/proc/{process.pid}/status"))


def parsed(status):
    lines = status.read_text().splitlines()
    return {name: value.split() for name, value in (line.split(":", 1) for line in lines)}


THREADS = {"OPENBLAS_NUM_THREADS": "2"}


def capabilities(process):
    """Of every thread: numpy and pyarrow start some, where there are cores for them."""
    threads = [parsed(path) for path in Path(f"/proc/{process.pid}/task").glob("*/status")]
    sets = ("CapInh", "CapPrm", "CapEff", "CapAmb")
    return [[int(told[name][0], 16) for name in sets] for told in threads]


def test_root_is_given_up_once_the_interface_is_open(cable, folder):
    nobody = pwd.getpwnam("nobody")
    live = listen(cable, "-o", folder / "f.jsonl", env=THREADS)
    told = status_of(live)
    assert told["Uid"] == [str(nobody.pw_uid)] * 4
    assert told["Gid"] == [str(nobody.pw_gid)] * 4
    assert told["Groups"] == []
    each = capabilities(live)
    assert len(each) > 1 or os.cpu_count() == 1
    assert each == [[0] * 4] * len(each)
    assert live.first_line == "edgemtl flows: v: listening as nobody; Ctrl-C ends it\n"
    end(live)
    assert (folder / "f.jsonl").owner() == "nobody"


def test_lent_capabilities_are_given_back(cable, folder):
    """As a service of systemd with AmbientCapabilities=CAP_NET_RAW is started."""
    need("setpriv")
    live = listen(
        cable,
        *("-o", folder / "f.jsonl"),
        env=THREADS,
        before=(
            *("setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"),
            *("--inh-caps", "+net_raw", "--ambient-caps", "+net_raw"),
        ),
    )
    told = status_of(live)
    assert told["Uid"] == ["65534"] * 4
    each = capabilities(live)
    assert len(each) > 1 or os.cpu_count() == 1
    assert each == [[0] * 4] * len(each)
    with cable.sender() as sock:
        sock.send(udp("10.1.0.1", 1, "10.2.0.2", 443))
    end(live)
    assert len((folder / "f.jsonl").read_text().splitlines()) == 1


def test_whoever_called_sudo_gets_the_files(cable, folder):
    live = listen(cable, "-o", folder / "f.jsonl", env={"SUDO_UID": "1234", "SUDO_GID": "1235"})
    assert status_of(live)["Uid"] == ["1234"] * 4
    end(live)
    assert ((folder / "f.jsonl").stat().st_uid, (folder / "f.jsonl").stat().st_gid) == (1234, 1235)


def test_root_may_stay(cable, folder):
    live = listen(cable, "-o", folder / "f.jsonl", "--user", "root")
    assert status_of(live)["Uid"] == ["0"] * 4
    end(live)
    assert (folder / "f.jsonl").owner() == "root"


def test_everything_it_needs_later_is_there_before_root_is_given_up(cable, folder):
    """A package that root alone can read: nothing of it may be imported afterwards."""
    hidden = folder / "hidden"
    hidden.mkdir()
    cable.run(cable.far, "cp", "-r", ROOT / "edgemtl", hidden)
    hidden.chmod(0o700)
    live = listen(
        cable, "-o", folder / "f.parquet", "--json", env={"PYTHONPATH": str(hidden)}, cwd=folder
    )
    with cable.sender() as sock:
        sock.send(udp("10.1.0.1", 1, "10.2.0.2", 443))
    end(live)
    assert len(read_flows([folder / "f.parquet"])) == 1


def test_a_root_that_may_not_change_says_so(cable):
    words = ("setpriv", "--bounding-set=-setuid", *EDGEMTL, "flows", "-i", "v")
    done = cable.start(cable.far, *words, env={**os.environ, "PYTHONPATH": str(ROOT)})
    _, error = done.communicate(timeout=60)
    assert done.returncode == 2
    assert error == (
        "edgemtl flows: --user: this root may not become nobody: give --user root, and it stays\n"
    )


# ---- a person at a terminal ----------------------------------------------------------------------


def read_until(terminal, text, seconds=10):
    """What a terminal shows, up to and with a text."""
    seen = b""
    while text not in seen:
        assert select.select([terminal], [], [], seconds)[0], seen
        seen += os.read(terminal, 4096)
    return seen


def test_a_terminal_shows_how_it_goes(cable):
    terminal, slave = os.openpty()
    words = (*EDGEMTL, "flows", "-i", "v")
    live = cable.start(cable.far, *words, env={**os.environ, "PYTHONPATH": str(ROOT)}, stderr=slave)
    read_until(terminal, b"Ctrl-C ends it")
    with cable.sender() as sock:
        for port in range(1, 8):
            sock.send(udp("10.1.0.1", port, "10.2.0.2", 443))
    read_until(terminal, b"v: 7 packets, 0 dropped, 7 flows open, 0 out")
    end(live)
    os.close(terminal)
    os.close(slave)


# ---- answers -------------------------------------------------------------------------------------


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


# ---- refusals ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("flows", "edgemtl flows: give a capture, or -i INTERFACE"),
        ("flows -i v x.pcap", "edgemtl flows: -i v and x.pcap: give captures or an interface"),
        ("flows x.pcap --ring 1M", "edgemtl flows: --ring: is for live traffic: give -i INTERFACE"),
        (
            "flows x.pcap --rotate 1h",
            "edgemtl flows: --rotate: is for live traffic: give -i INTERFACE",
        ),
        ("flows -i v --rotate 1h", "edgemtl flows: --rotate: needs -o FILE"),
        ("flows -i v -o - --rotate 1h", "edgemtl flows: --rotate and -o -: give -o a file name"),
        (
            "flows -i v --ring 1T",
            "edgemtl flows: --ring: must be a size as 256M or 2G, got '1T'",
        ),
        (
            "flows -i v -o f.jsonl --rotate 0h",
            "edgemtl flows: --rotate: must be a size as 100M or a time as 15m or 1h, got '0h'",
        ),
        ("classify quic-lab", "edgemtl classify: give a capture, or -i INTERFACE"),
    ],
)
def test_wrong_usage_is_one_line(refusal, words, said):
    assert refusal(*words.split()) == said


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("nowhere0", "edgemtl flows: nowhere0: no such interface: ip link lists them"),
        ("any", "edgemtl flows: any: packets pass several interfaces and would be there for each"),
        ("lo --ring 10K", "edgemtl flows: lo: a ring takes 262144 to 1073741824 bytes, got 10240"),
        ("lo --ring 9G", "edgemtl flows: lo: a ring takes 262144 to 1073741824 bytes, got 966"),
        ("lo --filter prt", "edgemtl flows: filter 'prt': "),
        ("lo --user niemand", "edgemtl flows: --user: there is no user niemand: name one"),
    ],
)
def test_what_cannot_be_opened_is_one_line(refusal, words, said):
    assert refusal("flows", "-i", *words.split()).startswith(said)


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to be somebody else")
def test_without_permission_it_says_what_to_do(cable):
    words = ("setpriv", "--reuid", "65534", "--clear-groups", *EDGEMTL, "flows", "-i", "v")
    done = cable.start(cable.far, *words, env={**os.environ, "PYTHONPATH": str(ROOT)})
    _, error = done.communicate(timeout=60)
    assert done.returncode == 2
    what_to_do = "no permission to open: run as root, or grant cap_net_raw to the program"
    assert error == f"edgemtl flows: v: {what_to_do}\n"


def test_a_folder_that_nobody_may_write_in_is_one_line(cable, folder):
    folder.chmod(0o755)
    words = (*EDGEMTL, "flows", "-i", "v", "-o", folder / "f.parquet")
    done = cable.start(cable.far, *words, env={**os.environ, "PYTHONPATH": str(ROOT)})
    _, error = done.communicate(timeout=60)
    assert done.returncode == 2
    assert error == (
        f"edgemtl flows: {folder}/f.parquet: nobody may not write there: give another folder, "
        "or --user\n"
    )
