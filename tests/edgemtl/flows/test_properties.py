"""What holds for every capture, however it is cut, damaged, packed, merged or turned round."""

import gzip
import tempfile
from collections import Counter
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest
import zstandard
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from edgemtl import _core
from edgemtl.errors import CaptureError
from edgemtl.flows import CaptureStats, FlowConfig, Flows, blocks, read_capture
from tests.oracle import build, generated
from tests.oracle.compare import difference, of_edgemtl, of_oracle
from tests.oracle.flow_table import FlowTable, Rules
from tests.oracle.readers import Record

RAW = 101
HEADER, RECORD_HEADER = 24, 16  # of pcap

seeded = settings(max_examples=60, derandomize=True, database=None, deadline=None)


def read(data: bytes, rules: Rules) -> tuple[Flows, CaptureStats]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "capture")
        path.write_bytes(data)
        return read_capture(path, FlowConfig(**asdict(rules)))


def flows_of(records: list[Record], rules: Rules) -> Counter[tuple]:
    return of_edgemtl(read(as_pcap(records), rules)[0])


def as_pcap(records: list[Record], order: str = "<", nano: bool = False) -> bytes:
    link_type = records[0].link_type if records else RAW
    unit = 1000 if nano else 1
    return build.pcap(order, nano, link_type, [(r.ts_us * unit, r.data, r.wire) for r in records])


def as_pcapng(records: list[Record], order: str, resolution: int, kind: str) -> bytes:
    file = build.PcapNg()
    file.section(order)
    file.interface(records[0].link_type if records else RAW, resolution, 0)
    for r in records:
        getattr(file, kind)(0, r.ts_us * 10 ** (resolution - 6), r.data, r.wire)
    return b"".join(file.blocks)


FORMS = {
    "big-endian": lambda records: as_pcap(records, ">"),
    "ns": lambda records: as_pcap(records, "<", nano=True),
    "ns, big-endian": lambda records: as_pcap(records, ">", nano=True),
    "pcapng": lambda records: as_pcapng(records, "<", 6, "enhanced"),
    "pcapng, ns, big-endian": lambda records: as_pcapng(records, ">", 9, "enhanced"),
    "gzip": lambda records: gzip.compress(as_pcap(records)),
    "zstd": lambda records: zstandard.compress(as_pcapng(records, "<", 6, "enhanced")),
}


def assert_same_bits(ours: Flows, theirs: Flows) -> None:
    assert ours.columns.keys() == theirs.columns.keys()
    for name in theirs.columns:
        np.testing.assert_array_equal(ours[name], theirs[name], name)
    for name in ("iat_us", "length", "direction", "offsets"):
        np.testing.assert_array_equal(getattr(ours, name), getattr(theirs, name), name)


@seeded
@given(made=generated.pcap_captures())
def test_every_form_of_a_capture_gives_the_same_bits(made):
    expected, about = read(as_pcap(made.records), made.rules)
    for write in FORMS.values():
        flows, stats = read(write(made.records), made.rules)
        assert_same_bits(flows, expected)
        assert (stats.packets, stats.skipped) == (about.packets, about.skipped)


@seeded
@given(made=generated.captures(), size=st.integers(1, 100))
def test_pieces_of_any_size_give_the_same_bits(made, size):
    expected, _ = read(made.file, made.rules)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(blocks, "WINDOW", size)
        mapped, _ = read(made.file, made.rules)
        patch.setattr(blocks, "BLOCK", size)
        patch.setattr(_core, "is_local", lambda fd: False)
        flows, _ = read(made.file, made.rules)
    assert_same_bits(mapped, expected)
    assert_same_bits(flows, expected)


def whole_records(made: generated.Capture, place: int) -> int:
    """How many records of a pcap end at or before a byte."""
    end, n = HEADER, 0
    for record in made.records:
        end += RECORD_HEADER + len(record.data)
        n += end <= place
    return n


@seeded
@given(made=generated.pcap_captures(), data=st.data())
def test_a_cut_capture_gives_the_flows_before_the_cut(made, data):
    place = data.draw(st.integers(0, len(made.file)))
    if place < HEADER:
        with pytest.raises(CaptureError, match=r"^[^\n]+$"):
            read(made.file[:place], made.rules)
        return
    n = whole_records(made, place)
    flows, stats = read(made.file[:place], made.rules)
    assert of_edgemtl(flows) == flows_of(made.records[:n], made.rules)
    at_an_end = place == HEADER + sum(RECORD_HEADER + len(r.data) for r in made.records[:n])
    kept = ": the flows before it are kept" if len(flows) else ""
    assert (stats.warning == f"cut at byte {place}{kept}") != at_an_end


@seeded
@given(made=generated.pcap_captures(), data=st.data())
def test_a_flipped_byte_leaves_the_flows_before_it(made, data):
    place = data.draw(st.integers(0, len(made.file) - 1))
    changed = bytearray(made.file)
    changed[place] ^= data.draw(st.integers(1, 255))
    n = whole_records(made, place)
    try:
        flows, stats = read(bytes(changed), made.rules)
    except CaptureError as error:
        assert place < HEADER
        assert "\n" not in str(error)
        return
    assert "\n" not in (stats.warning or "")
    assert stats.packets == stats.flow_packets + sum(stats.skipped.values())
    if place < HEADER:
        return  # another byte order or link type: another capture
    assert stats.packets >= n
    before = FlowTable(made.rules)
    for record in made.records[:n]:
        before.add(record)
    lost = of_oracle(before.ended, made.rules.packets) - of_edgemtl(flows)
    assert not lost, difference(lost, Counter())


@st.composite
def raw_records(draw, versions: list[int], *, clock_back: bool) -> tuple[list[Record], Rules]:
    """Whole packets without tunnels, of TCP and UDP alone."""
    rules = replace(draw(generated.rule_sets), protocols=("tcp", "udp"))
    mix = draw(generated.mixes)._replace(
        versions=versions, tunnels=[0], damage=[False], snaplen=65535
    )
    moments = draw(generated.times(rules))
    if not clock_back:
        moments.sort()
    packets = [(ts_us, *draw(generated.captured(RAW, mix))) for ts_us in moments]
    return [Record(ts_us, RAW, data, wire) for ts_us, data, wire in packets], rules


@seeded
@given(made=raw_records([4, 6], clock_back=False))
def test_two_captures_merged_in_time_give_the_flows_of_both(made):
    records, rules = made
    rules = replace(rules, max_flows=1_000_000)
    assume(records)
    # One flow that both have, last of all: so that their clocks end at the same time.
    last = build.ipv4(b"last", b"flow", 17, build.udp((1, 2), b""))
    end = Record(records[-1].ts_us, RAW, last, len(last))
    merged = flows_of([*records, end], rules)
    four, six = (
        flows_of([*(r for r in records if r.data[0] >> 4 == version), end], rules)
        for version in (4, 6)
    )
    both = flows_of([end], rules)
    assert difference(four + six - both, merged) == ""


def turned(data: bytes) -> bytes:
    """An IPv4 packet of TCP or UDP on its way back."""
    header = (data[0] & 15) * 4
    addresses = data[16:20] + data[12:16]
    ports = data[header + 2 : header + 4] + data[header : header + 2]
    return data[:12] + addresses + data[20:header] + ports + data[header + 4 :]


@seeded
@given(made=raw_records([4], clock_back=True))
def test_turned_packets_give_flows_the_other_way_round(made):
    records, rules = made
    whole = [r for r in records if len(r.data) >= (r.data[0] & 15) * 4 + 4]
    mirrored = Counter(
        (dst, dst_port, src, src_port, *rest)
        for src, src_port, dst, dst_port, *rest in flows_of(whole, rules).elements()
    )
    there = flows_of([r._replace(data=turned(r.data)) for r in whole], rules)
    assert difference(mirrored, there) == ""


@seeded
@given(made=raw_records([4], clock_back=True), ways=st.lists(st.booleans(), min_size=24))
def test_a_first_packet_turned_mirrors_the_directions(made, ways):
    """The first packet says what is forward."""
    records, _ = made
    assume(records)
    rules = Rules(idle_timeout_s=10**6, active_timeout_s=10**6)
    data = build.ipv4(b"from", b"to..", 17, build.udp((1, 2), b""))
    one = [
        Record(r.ts_us, RAW, turned(data) if way else data, len(data))
        for r, way in zip(records, ways, strict=False)
    ]
    flows, _ = read(as_pcap(one), rules)
    mirrored, _ = read(as_pcap([one[0]._replace(data=turned(one[0].data)), *one[1:]]), rules)
    assert (mirrored["src"][0], mirrored["dst"][0]) == (flows["dst"][0], flows["src"][0])
    assert mirrored.direction.tolist() == [1, *(-flows.direction[1:]).tolist()]
