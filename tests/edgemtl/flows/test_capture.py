"""Captures of every format and packing, good and bad, written here byte by byte."""

import gzip
import io
import os
import random
import socket
import struct
import subprocess
import sys
import threading
import time
from contextlib import suppress

import numpy as np
import pytest

from edgemtl import CaptureError
from edgemtl._core import Meter
from edgemtl.flows import Capture, FlowConfig, Flows, read_capture
from edgemtl.flows.blocks import BLOCK

COLUMNS = ("packets", "bytes", "duration_s", "bytes_per_s", "end_reason", "start_us", "protocol")
COLUMNS += ("src", "dst", "src_port", "dst_port", "vlan")


def packet(src, dst, src_port, dst_port, payload, flags=None):
    """An Ethernet frame; UDP, or TCP where it has flags."""
    if flags is None:
        protocol, transport = 17, struct.pack(">HHHH", src_port, dst_port, 8 + payload, 0)
    else:
        protocol = 6
        transport = struct.pack(">HHIIBBHHH", src_port, dst_port, 0, 0, 0x50, flags, 1024, 0, 0)
    length = 20 + len(transport) + payload
    addresses = socket.inet_aton(src) + socket.inet_aton(dst)
    ip = struct.pack(">BBHHHBBH", 0x45, 0, length, 1, 0, 64, protocol, 0) + addresses
    return bytes(12) + b"\x08\x00" + ip + transport + bytes(payload)


A, B = "192.0.2.1", "198.51.100.7"
PACKETS = [  # (µs since 1970, frame)
    (1_700_000_000_000_000, packet(A, B, 1000, 443, 100)),
    (1_700_000_000_020_001, packet(B, A, 443, 1000, 1200)),
    (1_700_000_000_020_500, packet(B, A, 443, 1000, 1200)),
    (1_700_000_001_000_000, packet(A, B, 2000, 80, 0, flags=0x02)),
    (1_700_000_001_000_000, packet(B, A, 80, 2000, 0, flags=0x14)),
    (1_700_000_200_000_000, packet(A, B, 1000, 443, 1)),
]


def pcap(packets=PACKETS, order="<", nano=False, link_type=1):
    magic, unit = (0xA1B23C4D, 1000) if nano else (0xA1B2C3D4, 1)
    out = bytearray(struct.pack(order + "IHHIIII", magic, 2, 4, 0, 0, 65535, link_type))
    for us, data in packets:
        out += struct.pack(order + "IIII", us // 10**6, us % 10**6 * unit, len(data), len(data))
        out += data
    return bytes(out)


def block(order, kind, body):
    body += bytes(-len(body) % 4)
    length = struct.pack(order + "I", len(body) + 12)
    return struct.pack(order + "I", kind) + length + body + length


def pcapng(packets=PACKETS, order="<", resolution=6):
    out = block(order, 0x0A0D0D0A, struct.pack(order + "IHHq", 0x1A2B3C4D, 1, 0, -1))
    option = struct.pack(order + "HHB3xHH", 9, 1, resolution, 0, 0)
    out += block(order, 1, struct.pack(order + "HHI", 1, 0, 0) + option)
    for us, data in packets:
        units = us * 10 ** (resolution - 6)
        numbers = (0, units >> 32, units & 0xFFFFFFFF, len(data), len(data))
        out += block(order, 6, struct.pack(order + "IIIII", *numbers) + data)
    return out


def zstd(data):
    return pytest.importorskip("zstandard").ZstdCompressor().compress(data)


FORMATS = {
    "pcap": pcap(),
    "pcap, big-endian": pcap(order=">"),
    "pcap, ns": pcap(nano=True),
    "pcap, ns, big-endian": pcap(order=">", nano=True),
    "pcapng": pcapng(),
    "pcapng, big-endian": pcapng(order=">"),
    "pcapng, ns": pcapng(resolution=9),
    "pcapng, two sections": pcapng(PACKETS[:3]) + pcapng(PACKETS[3:], order=">", resolution=8),
    "gzip": gzip.compress(pcap()),
    "gzip, two members": gzip.compress(pcap()[:99]) + gzip.compress(pcap()[99:]),
}


def check_expected(flows):
    """The three flows of PACKETS, worked out by hand."""
    want = {
        "packets": [2, 3, 1],
        "bytes": [80, 2584, 29],
        "duration_s": [0, 0.0205, 0],
        "bytes_per_s": [np.nan, 2584 / 0.0205, np.nan],
        "end_reason": ["end_of_flow", "idle", "forced"],
        "start_us": [PACKETS[3][0], PACKETS[0][0], PACKETS[5][0]],
        "protocol": [6, 17, 17],
        "src": [A] * 3,
        "dst": [B] * 3,
        "src_port": [2000, 1000, 1000],
        "dst_port": [80, 443, 443],
        "vlan": [0, 0, 0],
    }
    for name, values in want.items():
        np.testing.assert_array_equal(flows[name], np.array(values, flows[name].dtype), name)
    np.testing.assert_array_equal(flows.offsets, [0, 2, 5, 6])
    np.testing.assert_array_equal(flows.iat_us, [0, 0, 0, 20001, 499, 0])
    np.testing.assert_array_equal(flows.length, [40, 40, 128, 1228, 1228, 29])
    np.testing.assert_array_equal(flows.direction, [1, -1, 1, -1, -1, 1])


@pytest.fixture
def write(tmp_path):
    """Write bytes to a new file and give its path."""

    def put(data, name="some.pcap"):
        path = tmp_path / name
        path.write_bytes(data)
        return path

    return put


@pytest.mark.parametrize("kind", FORMATS)
def test_every_format_gives_the_same_flows(kind, write):
    flows, stats = read_capture(write(FORMATS[kind]))
    check_expected(flows)
    assert (stats.packets, stats.ip_packets, stats.flow_packets, stats.flows) == (6, 6, 6, 3)
    assert not any(stats.skipped.values())
    assert (stats.evicted, stats.clock_back, stats.link_types) == (0, 0, [1])
    assert stats.warning is None


def test_zstd(write):
    whole = pcapng()
    check_expected(read_capture(write(zstd(whole)))[0])
    check_expected(read_capture(write(zstd(whole[:99]) + zstd(whole[99:])))[0])
    skippable = b"\x50\x2a\x4d\x18\x04\0\0\0abcd"  # pzstd begins with one
    check_expected(read_capture(write(skippable + zstd(whole) + skippable))[0])


def test_standard_input():
    script = (
        "from edgemtl.flows import read_capture\n"
        "flows, stats = read_capture('-')\n"
        "print(flows['packets'].tolist(), flows['flow_id'][0], stats.warning)"
    )
    for data in (pcap(), gzip.compress(pcapng())):
        done = subprocess.run([sys.executable, "-c", script], input=data, capture_output=True)
        assert done.stdout.decode() == "[2, 3, 1] -:0 None\n", done.stderr.decode()


@pytest.mark.parametrize("cut", [2, 24])
def test_standard_input_that_does_not_wait(cut):
    """The writer is slow: nothing to read yet is no end."""
    script = (
        "import os\n"
        "os.set_blocking(0, False)\n"
        "print('set', flush=True)\n"
        "from edgemtl.flows import read_capture\n"
        "flows, stats = read_capture('-')\n"
        "print(flows['packets'].tolist(), stats.warning)"
    )
    done = subprocess.Popen(
        [sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0
    )
    assert done.stdout.readline() == b"set\n"
    for part in (pcap()[:cut], pcap()[cut:]):
        done.stdin.write(part)
        time.sleep(0.5)
    assert done.communicate()[0] == b"[2, 3, 1] None\n"


def test_pipe(tmp_path):
    """A pipe that gives one byte at a time, and whose size nobody knows."""
    path = tmp_path / "pipe"
    os.mkfifo(path)

    def feed():
        with path.open("wb", buffering=0) as pipe:
            for i in range(0, len(pcap())):
                pipe.write(pcap()[i : i + 1])

    writer = threading.Thread(target=feed)
    writer.start()
    seen = []
    capture = Capture(path, progress=lambda done, total: seen.append((done, total)))
    (flows,) = capture
    writer.join()
    check_expected(flows)
    assert seen[-1] == (len(pcap()), None)


def test_names(write):
    path = write(pcap(), "monday.pcap")
    flows, _ = read_capture(path)
    assert flows["flow_id"].tolist() == ["monday.pcap:0", "monday.pcap:1", "monday.pcap:2"]
    assert flows["partition"].tolist() == ["monday.pcap"] * 3
    (flows,) = Capture(path, name="a/monday.pcap")
    assert flows["flow_id"][2] == "a/monday.pcap:2"


def test_more_flows_and_bytes_than_one_batch_or_block(write):
    """Batches follow one another without a gap, and a record may lie across blocks."""
    n = 40_000
    packets = [(i, packet(A, B, i % 50_000, i // 50_000, 60)) for i in range(n)]
    packets.append((n, packet(A, B, 60_000, 60_000, 65_000)))
    packets *= 2
    seen = []
    path = write(pcap(packets))
    capture = Capture(path, progress=lambda done, total: seen.append((done, total)))
    batches = list(capture)
    assert len(batches) > 1
    names = np.concatenate([batch["flow_id"] for batch in batches])
    assert names.tolist() == [f"some.pcap:{i}" for i in range(n + 1)]
    assert np.concatenate([batch["packets"] for batch in batches]).tolist() == [2] * (n + 1)
    assert capture.stats.flows == n + 1
    size = path.stat().st_size
    assert size > 2 * BLOCK
    assert seen[-1] == (size, size)


def test_full_batches_share_memory_and_what_is_left_over_has_its_own(write):
    """Flows of one or two packets, where first ones of more are expected."""
    n = 50_000
    packets = [(i, packet(A, B, i, 80, 0)) for i in range(n) for _ in range(1 + (i % 3 == 0))]
    first, second, last = Capture(write(pcap(packets)), FlowConfig(packets=4))
    assert len(first) + len(second) + len(last) == n
    for batch, most, least in ((first, 1 << 19, 0.3), (second, 1 << 22, 0.98)):
        columns = [batch.iat_us, batch.length, batch["bytes"]]
        assert len({id(column.base) for column in columns}) == 1
        assert least * most < 81 * len(batch) + 13 * len(batch.iat_us) <= most
    assert all(column.flags.owndata for column in (last.iat_us, last.length, last["bytes"]))


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


def test_a_record_longer_than_a_block(write):
    frame = packet(A, B, 1, 2, 0) + bytes(BLOCK + BLOCK // 4)
    flows, stats = read_capture(write(pcap([(0, frame), (1, frame)])))
    assert flows["packets"].tolist() == [2]
    assert stats.warning is None


def test_config(write):
    path = write(pcap())
    flows, _ = read_capture(path, FlowConfig(packets=1, idle_timeout_s=300))
    assert flows["packets"].tolist() == [2, 4]
    assert flows.kept_packets().tolist() == [1, 1]
    flows, stats = read_capture(path, FlowConfig(max_flows=1))
    assert flows["end_reason"].tolist() == ["lack_of_resources", "end_of_flow", "forced"]
    assert stats.evicted == 1


def test_several_files_are_one_capture(write):
    """Cut anywhere between packets, and packed and written in any way: the same flows."""
    for cut in range(1, len(PACKETS)):
        first = write(pcap(PACKETS[:cut]), "a.pcap")
        second = write(gzip.compress(pcapng(PACKETS[cut:], order=">")), "b.pcapng.gz")
        flows, stats = read_capture([first, second])
        check_expected(flows)
        assert flows["partition"].tolist() == ["a.pcap"] * 3
        assert (stats.path, stats.packets) == (f"{first}, {second}", 6)
        assert stats.warning is None


def test_a_cut_file_among_several_is_named(write):
    first = write(pcap(PACKETS[:5])[:-3], "a.pcap")
    second = write(pcap(PACKETS[5:]), "b.pcap")
    flows, stats = read_capture([first, second])
    assert sorted(flows["packets"].tolist()) == [1, 1, 3]
    size = len(pcap(PACKETS[:5])) - 3
    assert stats.warning == f"{first}: cut at byte {size}: the flows before it are kept"
    bad = write(b"no capture at all", "c.pcap")
    why = f"{bad}: neither pcap nor pcapng: first bytes 0x6e6f2063"
    for files in ([first, bad, second], [bad, first, second]):
        capture = Capture(files)
        assert sorted(Flows.concat(list(capture))["packets"].tolist()) == [1, 1, 3]
        assert capture.refused == {str(bad): why}
        assert f"{why}: the others are read" in capture.stats.warning
    with pytest.raises(CaptureError, match=f"^{bad}: neither pcap nor pcapng"):
        read_capture([bad])
    with pytest.raises(CaptureError, match=f"^{bad}: neither pcap nor pcapng"):
        read_capture([first.with_name("gone"), bad])


def test_a_cut_file_with_nothing_before_the_cut_keeps_nothing(write):
    nothing = write(pcap()[:25], "a.pcap")
    _, stats = read_capture(nothing)
    assert (stats.packets, stats.warning) == (0, "cut at byte 25")
    arp = bytes(12) + b"\x08\x06" + bytes(28)
    _, stats = read_capture(write(pcap([(0, arp)] * 2)[:-1]))
    assert (stats.packets, stats.warning) == (1, "cut at byte 139")
    nowhere = bytearray(pcapng())
    nowhere[68] = 7  # the first packet's interface
    _, stats = read_capture(write(nowhere))
    line = "block at byte 60, 176 bytes long, names an interface that is not there: damaged"
    assert (stats.packets, stats.warning) == (0, line)
    _, stats = read_capture([write(pcap(), "b.pcap"), nothing])
    assert stats.warning == f"{nothing}: cut at byte 25: the flows before it are kept"


def test_payload(write):
    path = write(pcap())
    flows, _ = read_capture(path, FlowConfig(payload=True))
    assert flows.payload.tolist() == [0, 0, 100, 1200, 1200, 1]
    check_expected(flows)
    assert read_capture(path)[0].payload is None


def test_early_gives_a_flow_out_when_its_series_is_full(write):
    config = FlowConfig(packets=2, early=True, idle_timeout_s=300)
    flows, _ = read_capture(write(pcap()), config)
    assert flows["packets"].tolist() == [2, 2]
    assert flows["end_reason"][0] == "unknown"


def test_split_offload(write):
    merged = packet(A, B, 1000, 443, 4000)
    path = write(pcap([(0, merged), (5, packet(B, A, 443, 1000, 50))]))
    flows, stats = read_capture(path)
    assert flows.length.tolist() == [4028, 78]
    assert (stats.oversized, stats.split) == (1, 0)
    flows, stats = read_capture(path, FlowConfig(split_offload=1500))
    assert flows.length.tolist() == [1500, 1500, 1084, 78]
    assert flows.iat_us.tolist() == [0, 0, 0, 5]
    assert flows["packets"].tolist() == [4]
    assert (stats.oversized, stats.split, stats.segments, stats.flow_packets) == (0, 1, 3, 2)


# ---- bad input ----


def refusal(path):
    with pytest.raises(CaptureError) as caught:
        read_capture(path)
    message = str(caught.value)
    assert message.startswith(f"{path}: ")
    assert "\n" not in message
    return message.removeprefix(f"{path}: ")


def test_what_is_no_capture(tmp_path, write):
    assert refusal(tmp_path / "missing.pcap") == "no such file"
    assert refusal(tmp_path) == "is a folder: name the captures in it"
    assert refusal(write(b"")) == "is empty: not a capture"
    assert refusal(write(b"PK\3\4 a zip")) == "neither pcap nor pcapng: first bytes 0x504b0304"
    assert refusal(write(gzip.compress(b"some text"))) == (
        "neither pcap nor pcapng: first bytes 0x736f6d65"
    )
    assert (
        refusal(write(pcap()[:20]))
        == "ends at byte 20, inside its first header: cut, or no capture"
    )
    assert "packed data is damaged" in refusal(write(gzip.compress(pcap())[:20]))
    assert "packed data is damaged" in refusal(write(zstd(pcap())[:20]))
    assert "packed data is damaged" in refusal(write(b"\x28\xb5\x2f\xfd" + b"\xff" * 99))
    assert "magic" in refusal(write(b"\x0a\x0d\x0d\x0a" + bytes(99)))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_unreadable(write):
    path = write(pcap())
    path.chmod(0)
    assert refusal(path) == "no permission to read it"


def test_unreadable_for_root_too(monkeypatch, write):
    path = write(pcap())

    def forbidden(*args, **options):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(io, "FileIO", forbidden)
    assert refusal(path) == "no permission to read it"


def test_damage_in_the_middle_keeps_the_flows_before(write):
    data = bytearray(pcap())
    data[24 + 16 + len(PACKETS[0][1]) + 11] = 0x7F  # the second record's length
    flows, stats = read_capture(write(data))
    assert flows["packets"].tolist() == [1]
    assert stats.warning == (
        "record at byte 182 claims 2130707674 bytes, limit is 16777216: damaged, or not pcap: "
        "the flows before it are kept"
    )


@pytest.mark.parametrize("pack", [gzip.compress, zstd])
def test_packed_data_cut_or_changed(pack, write):
    frames = [(i, packet(A, B, 1, 2, 0)[:42] + random.Random(i).randbytes(99)) for i in range(9999)]
    packed = pack(pcap(frames))
    flows, stats = read_capture(write(packed[: len(packed) // 2]))
    assert 1000 < flows["packets"][0] < 9000
    assert stats.warning.startswith("packed data is damaged or cut (")
    changed = bytearray(packed)
    changed[-6] ^= 1  # a checksum (gzip), or the last block (zstd)
    _, stats = read_capture(write(changed))
    assert stats.packets > 1000


def test_no_ip(write):
    arp = bytes(12) + b"\x08\x06" + bytes(28)
    flows, stats = read_capture(write(pcap([(0, arp)] * 3)))
    assert len(flows) == 0
    assert stats.warning == "no IP packet among 3 (link type 1, 3 not_ip)"
    _, stats = read_capture(write(pcap([])))
    assert stats.warning == "no IP packet among 0 (link type none)"


@pytest.mark.parametrize("kind", ["pcap", "pcapng", "gzip"])
def test_every_prefix(kind, write):
    """A cut capture gives the packets before the cut, and says where it was cut, or is refused."""
    data = FORMATS[kind]
    kept = []
    for n in range(1, len(data), 1 if kind == "gzip" else 7):
        try:
            _, stats = read_capture(write(data[:n]))
        except CaptureError as error:
            assert not kept, error  # once there was a packet there is no refusing
            continue
        kept.append(stats.packets)
        if kind != "gzip" and stats.packets and stats.warning:
            assert stats.warning == f"cut at byte {n}: the flows before it are kept"
    assert kept == sorted(kept)
    assert kept[-1] >= 5


@pytest.mark.parametrize("kind", ["pcap", "pcapng", "gzip"])
def test_changed_bytes(kind, write):
    """Whatever a byte becomes: flows, perhaps a warning, or a refusal; never anything else."""
    chance = random.Random(7)
    outcomes = {True: 0, False: 0}
    for _ in range(400):
        data = bytearray(FORMATS[kind])
        for _ in range(chance.randint(1, 3)):
            data[chance.randrange(len(data))] = chance.randrange(256)
        try:
            flows, stats = read_capture(write(data))
        except CaptureError:
            outcomes[False] += 1
            continue
        outcomes[True] += 1
        assert stats.packets == stats.flow_packets + sum(stats.skipped.values())
        assert flows["packets"].sum() == stats.flow_packets
        assert (flows["duration_s"] >= 0).all()
    assert all(outcomes.values()), outcomes


def test_real_captures(shared_data):
    """Every file is read to its end, warned about, or refused with one line."""
    read = 0
    for path in sorted((shared_data / "captures").rglob("*")):
        if not path.is_file():
            continue
        try:
            flows, stats = read_capture(path)
        except CaptureError as error:
            assert str(error).startswith(f"{path}: ") and "\n" not in str(error)
            continue
        assert stats.packets == stats.flow_packets + sum(stats.skipped.values()), path
        assert flows["packets"].sum() == stats.flow_packets, path
        assert stats.ip_packets > 0 or stats.warning, path
        read += stats.ip_packets > 0
    assert read > 1000
