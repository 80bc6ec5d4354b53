"""Captures of every format, good and bad."""

import gzip
import io
import os
import random

import numpy as np
import pytest

from edgemtl import CaptureError
from edgemtl.flows import Capture, FlowConfig, Flows, read_capture
from edgemtl.flows.blocks import BLOCK
from tests.edgemtl.flows.written import PACKETS, A, B, check_expected, packet, pcap, pcapng, zstd

COLUMNS = ("packets", "bytes", "duration_s", "bytes_per_s", "end_reason", "start_us", "protocol")
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


@pytest.mark.parametrize("kind", FORMATS)
def test_every_format_gives_the_same_flows(kind, write):
    flows, stats = read_capture(write(FORMATS[kind]))
    check_expected(flows)
    assert (stats.packets, stats.ip_packets, stats.flow_packets, stats.flows) == (6, 6, 6, 3)
    assert not any(stats.skipped.values())
    assert (stats.evicted, stats.clock_back, stats.link_types) == (0, 0, [1])
    assert stats.warning is None


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
