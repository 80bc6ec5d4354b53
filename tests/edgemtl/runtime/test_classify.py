import json
import shutil

import numpy as np
import pytest

from edgemtl.card import Head, ModelCard
from edgemtl.datasets import FlowWriter
from edgemtl.features import FeatureSpec
from edgemtl.flows import Flows
from edgemtl.runtime import Model, classify, load, packets_for

NAME = "tiny.int8.onnx"


class Count(Model):
    """Stands in for a network: how many packets it saw, of 4 at most, is the class."""

    runtime = "none"

    def __init__(self):
        heads = (Head("traffic_class", tuple("01234")),)
        super().__init__("count", ModelCard(FeatureSpec(k=4, min_packets=2), heads))

    def _run(self, x):
        return [np.eye(5, dtype=np.float32)[(x[:, 1] != 0).sum(1)] * np.float32(0.75)]


def flows_of(rows):
    """Flows of (kept packets, all packets, end reason)."""
    kept = [row[0] for row in rows]
    m = sum(kept)
    columns = {
        "packets": np.array([row[1] for row in rows]),
        "end_reason": np.array([row[2] for row in rows], object),
        "src": np.array(["10.0.0.1"] * len(rows), object),
        "src_port": np.full(len(rows), 4433),
    }
    series = (np.zeros(m, np.int64), np.full(m, 100, np.int32), np.ones(m, np.int8))
    return Flows(*series, np.concatenate([[0], np.cumsum(kept)]).astype(np.int64), columns)


STATES = [
    ((4, 4, "idle"), "final"),
    ((4, 90, "forced"), "final"),
    ((4, 90, "lack_of_resources"), "final"),
    ((3, 3, "idle"), "final"),
    ((3, 3, "end_of_flow"), "final"),
    ((3, 3, "active"), "final"),
    ((3, 3, "unknown"), "final"),
    ((3, 3, "forced"), "early"),
    ((3, 3, "lack_of_resources"), "early"),
    ((1, 1, "idle"), "short"),
    ((1, 1, "forced"), "short"),
    ((0, 0, "idle"), "short"),
    ((1, -1, "idle"), "short"),
]


def test_states_and_answers_keep_the_order_of_the_flows():
    lines = list(classify(Count(), flows_of([row for row, _ in STATES])))
    assert [line["state"] for line in lines] == [state for _, state in STATES]
    for line, ((kept, packets, _), state) in zip(lines, STATES, strict=True):
        assert line["packets"] == (None if packets == -1 else packets)
        want = None if state == "short" else {"class": str(kept), "p": 0.75}
        assert line["traffic_class"] == want


def test_a_line_has_the_keys_in_the_order_that_is_promised():
    (line,) = classify(Count(), flows_of([(4, 4, "idle")]))
    assert list(line.items())[:7] == [
        ("src", "10.0.0.1"), ("dst", None), ("src_port", 4433), ("dst_port", None),
        ("protocol", None), ("packets", 4), ("state", "final"),
    ]  # fmt: skip


def test_no_flow_and_only_short_flows():
    assert list(classify(Count(), Flows.empty())) == []
    (line,) = classify(Count(), flows_of([(1, 1, "idle")]))
    assert line["traffic_class"] is None


@pytest.fixture
def table(held_out, tmp_path):
    with FlowWriter(tmp_path / "held-out.parquet") as writer:
        writer.write(held_out)
    return tmp_path / "held-out.parquet"


def test_command_prints_what_predict_says_as_json_lines(edgemtl, dist, table, held_out):
    done = edgemtl("classify", dist / NAME, table)
    assert (done.returncode, done.stderr) == (0, "")
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    model = load(dist / NAME)
    p = model.predict(held_out)
    assert len(lines) == len(held_out)
    for i, line in enumerate(lines):
        for head in model.card.heads:
            best = int(p[head.name][i].argmax())
            assert line[head.name]["class"] == head.classes[best]
            assert line[head.name]["p"] == pytest.approx(float(p[head.name][i, best]), abs=1e-6)
    right = np.mean([line["traffic_class"]["class"] for line in lines] == held_out["traffic_class"])
    assert right > 0.9


def test_command_reads_captures_and_goes_on_after_a_bad_one(edgemtl, dist, tmp_path, quic_capture):
    (tmp_path / "garbage.pcap").write_bytes(b"\x12\x34" * 500)
    done = edgemtl("classify", dist / NAME, tmp_path / "garbage.pcap", quic_capture, "--json")
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
    assert done.stderr.startswith(f"edgemtl classify: {tmp_path}/garbage.pcap: ")
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert {(line["src"], line["dst_port"], line["protocol"]) for line in lines} == {
        ("192.0.2.1", 443, 17)
    }
    assert [line["packets"] for line in lines] == [70, 5]
    assert [line["state"] for line in lines] == ["final", "early"]


def test_command_takes_a_folder_of_captures_else_of_flow_tables(
    edgemtl, refusal, dist, tmp_path, table, quic_capture
):
    folder = tmp_path / "folder"
    (folder / "day").mkdir(parents=True)
    assert refusal("classify", dist / NAME, folder) == (
        f"edgemtl classify: {folder}: no capture in this folder: "
        ".pcap, .pcapng, .cap, .dmp, .parquet, .jsonl"
    )
    shutil.copy(table, folder / "day")
    done = edgemtl("classify", dist / NAME, folder)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == edgemtl("classify", dist / NAME, table).stdout
    shutil.copy(quic_capture, folder)
    done = edgemtl("classify", dist / NAME, folder)
    assert (done.returncode, len(done.stdout.splitlines())) == (0, 2)
    assert f"{folder}: 1 file left out (day/held-out.parquet), not named like" in done.stderr


@pytest.fixture
def quic_capture(tmp_path):
    """Two UDP flows to port 443, of 70 and of 5 packets, written by dpkt."""
    import dpkt

    file = tmp_path / "quic.pcap"
    with file.open("wb") as handle:
        writer = dpkt.pcap.Writer(handle, linktype=dpkt.pcap.DLT_RAW)
        for port, packets in ((50000, 70), (50001, 5)):
            for i in range(packets):
                udp = dpkt.udp.UDP(sport=port, dport=443, data=bytes(1200), ulen=1208)
                ip = dpkt.ip.IP(
                    src=bytes([192, 0, 2, 1]), dst=bytes([192, 0, 2, 2]), p=17, data=udp, len=1228
                )
                writer.writepkt(bytes(ip), ts=1e9 + i * 0.01)
    return file


def test_command_refuses_a_table_that_keeps_too_few_packets(refusal, dist, tmp_path, held_out):
    kept = np.minimum(held_out.kept_packets(), 30)
    offsets = np.concatenate([[0], np.cumsum(kept)])
    keep = np.repeat(held_out.offsets[:-1] - offsets[:-1], kept) + np.arange(offsets[-1])
    series = (held_out.iat_us[keep], held_out.length[keep], held_out.direction[keep])
    with FlowWriter(tmp_path / "thirty.parquet") as writer:
        writer.write(Flows(*series, offsets, held_out.columns))
    assert refusal("classify", dist / NAME, tmp_path / "thirty.parquet") == (
        f"edgemtl classify: {dist / NAME}: wants 60 packets per flow, the flow table keeps 30: "
        "extract again with --packets 60, or train with --k 30"
    )


def test_command_refuses_missing_captures_and_models(refusal, dist, tmp_path):
    assert "none.pcap: " in refusal("classify", dist / NAME, tmp_path / "none.pcap")
    assert "no carried model" in refusal("classify", "nothing", tmp_path / "none.pcap")
    assert "runs with onnxruntime" in refusal(
        "classify", dist / NAME, tmp_path / "none.pcap", "--runtime", "torch"
    )


def test_more_packets_are_kept_where_some_do_not_count():
    assert packets_for(FeatureSpec(k=60)) == packets_for(FeatureSpec(length_kind="payload")) == 60
    assert packets_for(FeatureSpec(k=60, skip_empty=True)) == 256
    assert packets_for(FeatureSpec(k=1000, skip_empty=True)) == 1000


def test_states_are_of_the_packets_that_count():
    flows = flows_of([(6, 9, "forced"), (6, 9, "forced"), (3, 3, "idle")])
    flows.payload = np.array([0, 0, 0, 5, 5, 5, 5, 5, 0, 5, 0, 5, 5, 0, 0], np.int32)
    model = Count()
    model.card = ModelCard(FeatureSpec(k=4, min_packets=2, skip_empty=True), model.card.heads)
    lines = list(classify(model, flows))
    assert [line["state"] for line in lines] == ["early", "final", "short"]
    assert [line["traffic_class"] and line["traffic_class"]["class"] for line in lines] == [
        "3", "4", None,
    ]  # fmt: skip
