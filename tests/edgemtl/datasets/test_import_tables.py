"""Tables of other tools and data sets, in their very shape; each test says where that is from."""

import csv
import gzip
import json
import lzma
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from edgemtl import carried
from edgemtl.datasets import (
    CESNET,
    TCBENCH,
    import_npy,
    import_rows,
    ipfixprobe,
    nfstream,
    read_flows,
)
from edgemtl.datasets.checks import check_values
from edgemtl.errors import DataError
from edgemtl.features import FeatureSpec
from edgemtl.flows import Flows, read_capture
from edgemtl.training import TrainConfig, train

DATA = Path(__file__).parents[2] / "data"
CARRIED = Path(carried.__file__).parent
UDP = 28  # bytes of IPv4 and UDP header
ETHERNET = 14
START = datetime(2022, 10, 31, 12)

# Columns of the published CSV: table 2 of https://doi.org/10.1038/s41597-024-03927-4; PPI is
# "[[inter-packet times], [packet directions], [packet sizes], [push flags]]". Units:
# https://cesnet.github.io/cesnet-datazoo/features/
CESNET_HEADER = (
    "ID,SRC_IP,DST_IP,DST_ASN,SRC_PORT,DST_PORT,PROTOCOL,TLS_SNI,TIME_FIRST,TIME_LAST,DURATION,"
    "BYTES,BYTES_REV,PACKETS,PACKETS_REV,PPI,PPI_LEN,PPI_DURATION,PPI_ROUNDTRIPS,"
    "FLOW_ENDREASON_IDLE,FLOW_ENDREASON_ACTIVE,FLOW_ENDREASON_END,FLOW_ENDREASON_OTHER,APP,CATEGORY"
)
CESNET_ROW = {
    "ID": "7", "SRC_IP": "10.0.0.1", "DST_IP": "192.0.2.1", "DST_ASN": "64500",
    "SRC_PORT": "50000", "DST_PORT": "443", "PROTOCOL": "17", "TLS_SNI": "a.example",
    "TIME_FIRST": "2022-10-31T00:00:00.250000", "TIME_LAST": "2022-10-31T00:00:02.250000",
    "DURATION": "2.0", "BYTES": "3000", "BYTES_REV": "9000", "PACKETS": "6", "PACKETS_REV": "8",
    "PPI": "[[0, 31, 2], [1, -1, 1], [1250, 0, 80], [0, 1, 1]]", "PPI_LEN": "3",
    "PPI_DURATION": "0.033", "PPI_ROUNDTRIPS": "1", "FLOW_ENDREASON_IDLE": "0",
    "FLOW_ENDREASON_ACTIVE": "1", "FLOW_ENDREASON_END": "0", "FLOW_ENDREASON_OTHER": "0",
    "APP": "mail", "CATEGORY": "Mail",
}  # fmt: skip

# ipfixprobe: src/plugins/process/pstats/README.md and docs/_export/basic.md of CESNET/ipfixprobe.
# NEMEA's logger puts the UniRec type in front of each name and writes arrays as [a|b|c].
UNIREC = {
    "DST_IP": ("ipaddr", "192.0.2.1"), "SRC_IP": ("ipaddr", "10.0.0.1"),
    "BYTES": ("uint64", "3000"), "BYTES_REV": ("uint64", "9000"),
    "TIME_FIRST": ("time", "2022-10-31T00:00:00.250000"),
    "TIME_LAST": ("time", "2022-10-31T00:00:02.250000"),
    "PACKETS": ("uint32", "6"), "PACKETS_REV": ("uint32", "8"),
    "DST_PORT": ("uint16", "443"), "SRC_PORT": ("uint16", "50000"),
    "FLOW_END_REASON": ("uint8", "2"), "PROTOCOL": ("uint8", "17"),
    "PPI_PKT_LENGTHS": ("uint16*", "[1250|0|80]"),
    "PPI_PKT_TIMES": (
        "time*",
        "[2022-10-31T00:00:00.250000|2022-10-31T00:00:00.281004|2022-10-31T00:00:00.281003]",
    ),
    "PPI_PKT_FLAGS": ("uint8*", "[0|0|0]"),
    "PPI_PKT_DIRECTIONS": ("int8*", "[1|-1|1]"),
}  # fmt: skip


def write_csv(path, rows, header=None):
    header = header or list(rows[0])
    with path.open("w", newline="") as file:
        table = csv.writer(file)
        table.writerow(header)
        table.writerows(row.values() for row in rows)
    return path


def imported(path, source, **options):
    return Flows.concat(list(import_rows(path, source, **options)))


def refused(path, source, **options):
    with pytest.raises(DataError, match=r"^[^\n]*$") as error:
        imported(path, source, **options)
    return str(error.value)


# CESNET


def test_cesnet_csv(tmp_path):
    flows = imported(write_csv(tmp_path / "flows-20221031.csv", [CESNET_ROW]), CESNET)
    assert flows["flow_id"].tolist() == ["flows-20221031.csv:0"]
    assert flows["traffic_class"].tolist() == ["mail"]
    assert flows.iat_us.tolist() == [0, 31_000, 2_000]
    assert flows.direction.tolist() == [1, -1, 1]
    assert flows.payload.tolist() == [1250, 0, 80]
    assert flows.length.tolist() == [0, 0, 0]  # of IP packets: not known
    assert (flows["packets"][0], flows["bytes"][0]) == (14, 12_000)
    assert (flows["duration_s"][0], flows["bytes_per_s"][0]) == (2.0, 6_000)
    assert flows["end_reason"].tolist() == ["active"]
    ends = ("src", "dst", "src_port", "dst_port", "protocol")
    assert [flows[name][0] for name in ends] == ["10.0.0.1", "192.0.2.1", 50_000, 443, 17]
    assert flows["start_us"][0] == 1_667_174_400_250_000


@pytest.mark.parametrize(("suffix", "opened"), [(".gz", gzip.open), (".xz", lzma.open)])
def test_cesnet_csv_is_published_packed(tmp_path, suffix, opened):
    plain = write_csv(tmp_path / "f.csv", [CESNET_ROW, CESNET_ROW])
    packed = tmp_path / f"f.csv{suffix}"
    with opened(packed, "wb") as file:
        file.write(plain.read_bytes())
    assert imported(packed, CESNET)["flow_id"].tolist() == [f"{packed.name}:0", f"{packed.name}:1"]
    packed.write_bytes(packed.read_bytes()[:-20])
    assert "is damaged" in refused(packed, CESNET)


def datazoo(ppi):
    """A row of ``get_train_df()``: numbers are floats, names are short, APP is encoded."""
    return {
        "DURATION": 2.0, "BYTES": 3000.0, "BYTES_REV": 9000.0, "PACKETS": 6.0, "PACKETS_REV": 8.0,
        "FEND_IDLE": 1.0, "FEND_ACTIVE": 0.0, "FEND_OTHER": 0.0, "APP": 62,
    } | ppi  # fmt: skip


def test_cesnet_datazoo_frames(tmp_path):
    """``flatten_ppi`` gives IPT_1 to SIZE_30 (config.py of cesnet-datazoo), without it one PPI."""
    series = [[0.0, 31.0, 2.0], [1.0, -1.0, 1.0], [1250.0, 90.0, 80.0]]
    padded = [values + [0.0] * 27 for values in series]
    names = ("IPT", "DIR", "SIZE")
    flat = {f"{n}_{i + 1}": v for n, values in zip(names, padded, strict=True)
            for i, v in enumerate(values)}  # fmt: skip
    for row in (datazoo({"PPI": padded}), datazoo(flat)):
        pq.write_table(pa.Table.from_pylist([row]), tmp_path / "train.parquet")
        flows = imported(tmp_path / "train.parquet", CESNET)
        assert flows.iat_us.tolist() == [0, 31_000, 2_000]
        assert flows.direction.tolist() == [1, -1, 1]
        assert flows.payload.tolist() == [1250, 90, 80]
        assert flows["traffic_class"].tolist() == ["62"]
        assert flows["end_reason"].tolist() == ["idle"]


def test_cesnet_label_column(tmp_path):
    path = write_csv(tmp_path / "f.csv", [CESNET_ROW])
    assert imported(path, CESNET, label="CATEGORY")["traffic_class"].tolist() == ["Mail"]
    assert "column CLASS is missing" in refused(path, CESNET, label="CLASS")


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"PPI": "[[0, 1], [1, -1, 1], [9, 9, 9]]"}, "in lists that are equally long"),
        ({"PPI": "[[0, 1, 2], [1, 0, 1], [9, 9, 9]]"}, "0 between packets"),
        ({"PPI": "[[0, NaN], [1, 1], [9, 9]]"}, "not finite"),
        ({"PPI": "[[0, 1e999], [1, 1], [9, 9]]"}, "not finite"),
        ({"PPI": f"[[0, 1{'0' * 400}], [1, 1], [9, 9]]"}, "must be numbers"),
        ({"PPI": "[[0, 1e30], [1, 1], [9, 9]]"}, "out of range"),
        ({"PPI": "[[0, 1], [1, 1], [9, -9]]"}, "sizes must be whole numbers from 0"),
        ({"PPI": "[[0, 1], [1, 1], [9, 9.5]]"}, "sizes must be whole numbers from 0"),
        ({"PPI": "[[0, 1], [1, 2], [9, 9]]"}, "directions must be whole numbers from -1 to 1"),
        ({"PPI": "[[0, 1], [1, 1]]"}, "PPI must be 3 lists or more"),
        ({"PPI": "[[ 0.  7. ...], [1. 1.]]"}, "PPI must be a list of numbers, got '[[ 0.  7."),
        ({"PPI": "[" * 100_000}, "PPI must be a list of numbers"),
        ({"PPI": json.dumps([[1] * 65_536] * 3)}, "lists 65536 packets, limit is 65535"),
        ({"PPI": ""}, "PPI must be 3 lists or more"),
        ({"DURATION": "-1"}, "DURATION must not be negative, got -1"),
        ({"DURATION": "nan"}, "DURATION must be finite"),
        ({"BYTES": "-5"}, "BYTES must be a whole number from 0"),
        ({"BYTES": "1e300"}, "BYTES must be a whole number from 0"),
        ({"PACKETS": "many"}, "PACKETS must be a number, got 'many'"),
        ({"TIME_FIRST": "yesterday"}, "TIME_FIRST must be times such as 2022-10-31T00:00:00"),
    ],
)
def test_cesnet_refuses_in_one_line(tmp_path, changed, message):
    said = refused(write_csv(tmp_path / "f.csv", [CESNET_ROW | changed]), CESNET)
    assert said.startswith(f"{tmp_path}/f.csv: line 2: ")
    assert message in said
    assert len(said) < 400


def test_what_is_empty_is_not_known(tmp_path):
    unknown = {"DURATION": "", "BYTES_REV": "", "PACKETS": "", "APP": "", "SRC_PORT": ""}
    flows = imported(write_csv(tmp_path / "f.csv", [CESNET_ROW | unknown]), CESNET)
    assert (flows["bytes"][0], flows["packets"][0], flows["src_port"][0]) == (-1, -1, -1)
    assert np.isnan(flows["duration_s"][0])
    assert np.isnan(flows["bytes_per_s"][0])
    assert flows["traffic_class"][0] is None


# Tables as such


def test_a_missing_column_is_named_beside_those_found(tmp_path):
    row = {name: value for name, value in CESNET_ROW.items() if name != "DURATION"}
    said = refused(write_csv(tmp_path / "f.csv", [row]), CESNET)
    assert "column DURATION is missing; wants PPI|IPT_1,BYTES," in said
    assert "has ID,SRC_IP,DST_IP," in said
    pq.write_table(pa.table({"a": [1], "b": [2]}), tmp_path / "f.parquet")
    said = refused(tmp_path / "f.parquet", TCBENCH)
    assert "column app is missing" in said
    assert said.endswith("has a,b")


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("f.csv", b"", "column PPI or IPT_1 is missing"),
        ("f.csv", CESNET_HEADER.encode() + b"\n", "holds no flow"),
        ("f.csv", CESNET_HEADER.encode() + b"\n1,2\n", "line 2: has 2 fields, the header has 25"),
        ("f.csv", b"\xff\xfe\x00", "is no CSV: not UTF-8"),
        ("f.csv.gz", b"no gzip at all", "is damaged, or not .gz"),
        ("f.json", b"[1]\n", "line 1: must be a JSON object, is a list"),
        ("f.json", b"{", "line 1: is no JSON"),
        ("f.json", b"[" * 100_000, "line 1: is no JSON"),
        ("f.json", b'{"PPI": 1}\n', "line 1: column BYTES is missing"),
        ("f.parquet", b"PAR1 and no more", "is no Parquet"),
    ],
)
def test_what_is_no_table_is_refused(tmp_path, name, content, message):
    (tmp_path / name).write_bytes(content)
    assert message in refused(tmp_path / name, CESNET)


def test_a_line_that_does_not_end_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("edgemtl.datasets.sources.LINE_MAX", 1000)
    path = write_csv(tmp_path / "f.csv", [CESNET_ROW | {"APP": "x" * 2000}])
    assert "is over 1000 characters" in refused(path, CESNET)


def test_rows_come_in_batches_and_progress_is_told(tmp_path, monkeypatch):
    monkeypatch.setattr("edgemtl.datasets.listed.ROWS", 10)
    monkeypatch.setattr("edgemtl.datasets.sources.ROWS", 10)
    path = write_csv(tmp_path / "f.csv", [CESNET_ROW] * 25)
    shares = []
    batches = list(import_rows(path, CESNET, seen=shares.append))
    assert [len(batch) for batch in batches] == [10, 10, 5]
    assert batches[2]["flow_id"].tolist() == [f"f.csv:{i}" for i in range(20, 25)]
    assert shares
    assert all(0 < share <= 1 for share in shares)


# NFStream


@pytest.mark.parametrize(("accounting", "kind"), [(0, "frame"), (1, "ip"), (3, "payload")])
def test_nfstream_sees_what_edgemtl_sees(accounting, kind):
    """NFStream 6.6.0 wrote the files, of a carried capture: tests/data/README.md."""
    theirs = imported(DATA / "nfstream" / f"accounting-{accounting}.csv", nfstream(kind))
    ours, _ = read_capture(CARRIED / "four-flows.pcap")
    place = {port: i for i, port in enumerate(ours["src_port"])}
    ours = ours.select([place[port] for port in theirs["src_port"]])
    for name in ("src", "dst", "dst_port", "protocol", "packets"):
        assert theirs[name].tolist() == ours[name].tolist()
    assert np.abs(theirs["duration_s"] - ours["duration_s"]).max() < 1e-3
    assert np.abs(theirs["start_us"] - ours["start_us"]).max() < 1000
    if kind == "payload":
        assert (theirs["bytes"] == -1).all()  # of payloads, not of IP packets: not known
        assert np.isnan(theirs["bytes_per_s"]).all()
    else:
        assert theirs["bytes"].tolist() == ours["bytes"].tolist()
    for i in range(len(ours)):
        k = theirs.kept_packets()[i]
        assert k == min(60, ours["packets"][i])
        a, b = ours.offsets[i], theirs.offsets[i]
        lengths = theirs.length if kind != "payload" else theirs.payload + UDP
        np.testing.assert_array_equal(lengths[b : b + k], ours.length[a : a + k])
        np.testing.assert_array_equal(theirs.direction[b : b + k], ours.direction[a : a + k])
        # theirs is the difference of two times in whole ms
        assert np.abs(theirs.iat_us[b : b + k] - ours.iat_us[a : a + k]).max() < 1000


@pytest.fixture
def nfstream_row():
    with (DATA / "nfstream" / "accounting-0.csv").open(newline="") as file:
        return next(csv.DictReader(file))


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"splt_ps": "[60, 60]"}, "differ in length"),
        ({"splt_direction": "[0, -1, 1]", "splt_ps": "[60, 60, 60]", "splt_piat_ms": "[0, 1, 2]"},
         "-1 between packets"),
        ({"splt_direction": "[0]", "splt_ps": "[20]", "splt_piat_ms": "[0]"},
         "splt_ps must be whole numbers from 34"),
        ({"splt_direction": "[2]"}, "splt_direction must be whole numbers from -1 to 1"),
        ({"splt_piat_ms": "zero"}, "splt_piat_ms must be a list of numbers, got 'zero'"),
        ({"bidirectional_first_seen_ms": ""}, "bidirectional_first_seen_ms is empty"),
    ],
)  # fmt: skip
def test_nfstream_refuses_in_one_line(tmp_path, nfstream_row, changed, message):
    path = write_csv(tmp_path / "n.csv", [nfstream_row | changed])
    assert message in refused(path, nfstream("frame"))


def test_nfstream_active_timeout_vlan_and_padding(tmp_path, nfstream_row):
    changed = {
        "splt_direction": "[0, 1, -1]", "splt_ps": "[100, 90, -1]", "splt_piat_ms": "[0, 5, -1]",
        "bidirectional_packets": "2", "bidirectional_bytes": "190", "expiration_id": "1",
        "vlan_id": "7", "traffic_class": "video",
    }  # fmt: skip
    path = write_csv(tmp_path / "n.csv", [nfstream_row | changed])
    flows = imported(path, nfstream("frame"))
    assert flows.length.tolist() == [82, 72]
    assert flows.iat_us.tolist() == [0, 5000]
    assert (flows["bytes"][0], flows["vlan"][0]) == (154, 7)
    assert flows["end_reason"].tolist() == ["active"]
    assert flows["traffic_class"].tolist() == ["video"]
    path = write_csv(tmp_path / "n.csv", [nfstream_row | {"expiration_id": "-1"}])
    assert imported(path, nfstream("frame"))["end_reason"].tolist() == ["unknown"]


# ipfixprobe


def unirec_csv(path, **changed):
    header = [f"{kind} {name}" for name, (kind, _) in UNIREC.items()]
    return write_csv(path, [{n: changed.get(n, v) for n, (_, v) in UNIREC.items()}], header)


def unirec_json(path):
    """As unirec2json of NEMEA prints it: the names alone, arrays as arrays, times as text."""
    row = {name: value for name, (_, value) in UNIREC.items()}
    for name in ("PPI_PKT_LENGTHS", "PPI_PKT_FLAGS", "PPI_PKT_DIRECTIONS"):
        row[name] = json.loads(row[name].replace("|", ","))
    row["PPI_PKT_TIMES"] = row["PPI_PKT_TIMES"][1:-1].split("|")
    path.write_text(json.dumps(row) + "\n")
    return path


@pytest.mark.parametrize("write", [unirec_csv, unirec_json])
def test_ipfixprobe(tmp_path, write):
    name = "i.csv" if write is unirec_csv else "i.json"
    flows = imported(write(tmp_path / name), ipfixprobe("payload"))
    assert flows.iat_us.tolist() == [0, 31_004, -1]
    assert flows.direction.tolist() == [1, -1, 1]
    assert flows.payload.tolist() == [1250, 0, 80]
    assert not flows.length.any()
    assert (flows["packets"][0], flows["bytes"][0], flows["duration_s"][0]) == (14, 12_000, 2.0)
    assert flows["end_reason"].tolist() == ["active"]
    assert flows["src"].tolist() == ["10.0.0.1"]
    assert flows["start_us"][0] == 1_667_174_400_250_000


def test_ipfixprobe_lengths_of_ip_packets_and_a_clock_set_back(tmp_path):
    path = unirec_csv(
        tmp_path / "i.csv", PPI_PKT_LENGTHS="[1278|28|108]", TIME_LAST="2022-10-30T23:59:59.000000"
    )
    flows = imported(path, ipfixprobe("ip"))
    assert flows.length.tolist() == [1278, 28, 108]
    assert flows.payload is None
    assert np.isnan(flows["duration_s"][0])


def test_times_may_have_nanoseconds_and_a_z(tmp_path):
    path = unirec_csv(tmp_path / "i.csv", TIME_FIRST="2022-10-31 00:00:01.000000999Z")
    assert imported(path, ipfixprobe("payload"))["duration_s"].tolist() == [1.25]


def test_ipfixprobe_lists_nothing_of_a_scan(tmp_path):
    nothing = dict.fromkeys(("PPI_PKT_LENGTHS", "PPI_PKT_TIMES", "PPI_PKT_DIRECTIONS"), "[]")
    flows = imported(unirec_csv(tmp_path / "i.csv", **nothing), ipfixprobe("payload"))
    assert flows.kept_packets().tolist() == [0]


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"PPI_PKT_LENGTHS": "[1|2]"}, "differ in length"),
        ({"PPI_PKT_LENGTHS": "[1|-2|3]"}, "PPI_PKT_LENGTHS must be whole numbers from 0"),
        ({"PPI_PKT_TIMES": "[a|b|c]"}, "PPI_PKT_TIMES must be times such as"),
        ({"PPI_PKT_TIMES": "[NaT|now|today]"}, "PPI_PKT_TIMES must be times such as"),
        ({"TIME_LAST": "2022-10-31T00:00:00+0730"}, "got '2022-10-31T00:00:00+0730'"),
        ({"TIME_LAST": "2022-02-30T00:00:00"}, "TIME_FIRST, TIME_LAST has a time that is none"),
        ({"PPI_PKT_DIRECTIONS": "[1|7|1]"}, "PPI_PKT_DIRECTIONS must be whole numbers from -1"),
        ({"TIME_LAST": ""}, "TIME_FIRST, TIME_LAST must be times such as"),
    ],
)
def test_ipfixprobe_refuses_in_one_line(tmp_path, changed, message):
    path = unirec_csv(tmp_path / "i.csv", **changed)
    assert message in refused(path, ipfixprobe("payload"))


# Whatever comes

ODD = (
    "", "NaN", "-1", "1e308", "1e400", "[]", "[[]]", "[[],[],[]]", "[1|2]", "null", "true", "{}",
    "[[1e308],[1],[1]]", '["a"]', "now", "9999999-01-01", "[null]", "[[[1]],[[1]],[[1]]]", "\x00",
)  # fmt: skip


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("kind", ["cesnet", "nfstream", "ipfixprobe"])
def test_damaged_rows_are_refused_or_sound(tmp_path, kind, nfstream_row):
    whole, source = {
        "cesnet": (CESNET_ROW, CESNET),
        "nfstream": (nfstream_row, nfstream("payload")),
        "ipfixprobe": ({name: value for name, (_, value) in UNIREC.items()}, ipfixprobe("payload")),
    }[kind]
    rng = np.random.default_rng(1)
    accepted = 0
    for _ in range(150):
        row = dict(whole)
        name = rng.choice([*source.required, *source.optional])
        if not (text := list(row.get(name, ""))) or rng.random() < 0.4:
            text = list(rng.choice(ODD))
        elif text:
            text[rng.integers(len(text))] = rng.choice(list('0123456789-[]|,.eE "N'))
        path = write_csv(tmp_path / "f.csv", [row | {name: "".join(text)}])
        try:
            flows = imported(path, source)
        except DataError as error:
            assert "\n" not in str(error)
        else:
            check_values(flows, "accepted")
            accepted += 1
    assert 0 < accepted < 150


# tcbench and the authors' code


def frames(n=40, packets=130):
    """Real flows as the UC Davis text files have them: times (s), frame lengths, directions."""
    flows = read_flows([CARRIED / "quic-lab.parquet"])
    rows = np.flatnonzero(flows.kept_packets() > 21)[:n]
    for i, row in enumerate(rows):
        part = slice(flows.offsets[row], min(flows.offsets[row + 1], flows.offsets[row] + packets))
        times = np.round(np.cumsum(flows.iat_us[part]) / 1e6, 6)
        yield i % 2, times, flows.length[part] + ETHERNET, (flows.direction[part] > 0).astype(int)


def tcbench_rows(year):
    times_name = "timetofirst" if year == 2023 else "pkts_timetofirst"
    for i, (kind, times, lengths, ways) in enumerate(frames()):
        yield {
            "row_id": i, "app": ("google-doc", "youtube")[kind], "partition": "pretraining",
            "pkts_size": lengths.tolist(), "pkts_dir": ways.tolist(), times_name: times.tolist(),
            "bytes": int(lengths.sum()), "duration": float(times[-1]),
        }  # fmt: skip


@pytest.mark.parametrize("year", [2023, 2024])
def test_tcbench(tmp_path, year):
    """docs.material/datasets/install/ucdavis-icdm19.md and schema_ucdavis19.yml of tcbench."""
    path = tmp_path / "ucdavis-icdm19.parquet"
    pq.write_table(pa.Table.from_pylist(list(tcbench_rows(year))), path)
    flows = imported(path, TCBENCH)
    assert flows["partition"].tolist() == ["pretraining"] * 40
    assert set(flows["traffic_class"]) == {"google-doc", "youtube"}
    for i, (_, times, lengths, ways) in enumerate(frames()):
        part = slice(flows.offsets[i], flows.offsets[i + 1])
        np.testing.assert_array_equal(flows.length[part], lengths - ETHERNET)
        np.testing.assert_array_equal(flows.direction[part], 2 * ways - 1)
        np.testing.assert_allclose(np.cumsum(flows.iat_us[part]), 1e6 * times, atol=1)
        assert flows["bytes"][i] == (lengths - ETHERNET).sum()
    assert imported(path, TCBENCH, partition="mine")["partition"].tolist() == ["mine"] * 40


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"pkts_size": [10]}, "pkts_size must be whole numbers from 34"),
        ({"pkts_dir": [1]}, "must be equally long"),
        ({"pkts_size": [], "pkts_dir": [], "timetofirst": []}, "and not empty"),
        ({"timetofirst": [float("nan")] * 3}, "not finite"),
    ],
)
def test_tcbench_refuses_in_one_line(tmp_path, changed, message):
    row = {"app": "a", "partition": "p", "pkts_size": [60, 60, 60], "pkts_dir": [1, 0, 1],
           "timetofirst": [0.0, 0.1, 0.2]}  # fmt: skip
    pq.write_table(pa.Table.from_pylist([row | changed]), tmp_path / "t.parquet")
    assert message in refused(tmp_path / "t.parquet", TCBENCH)


def write_npy(folder, signed=False):
    """As dataProcessQuic.py of shrezaei/MultitaskTrafficClassification makes them."""
    rows, labels = [], []
    for kind, times, lengths, ways in frames():
        gaps = np.minimum(np.diff(times, prepend=times[0]), 1)
        scaled = lengths / 1434 * (2 * ways - 1 if signed else 1)
        row = np.stack([(gaps - 0.5) * 2, scaled], 1)[:120].ravel()
        rows.append(np.concatenate([np.zeros(240 - len(row)), row]))
        labels.append([lengths.sum() / times[-1], times[-1], kind + 1])
    np.save(folder / "trainData.npy", np.array(rows))
    np.save(folder / "trainLabel.npy", np.array(labels))
    return folder / "trainData.npy"


@pytest.mark.parametrize("signed", [False, True])
def test_npy(tmp_path, signed):
    flows = Flows.concat(list(import_npy(write_npy(tmp_path, signed))))
    assert set(flows["traffic_class"]) == {"Google Drive", "Youtube"}
    assert flows["partition"].tolist() == ["train"] * 40
    for i, (_, times, lengths, ways) in enumerate(frames(packets=120)):
        part = slice(flows.offsets[i], flows.offsets[i + 1])
        np.testing.assert_array_equal(flows.length[part], lengths - ETHERNET)
        gaps = np.minimum(np.diff(times, prepend=times[0]), 1)
        np.testing.assert_allclose(flows.iat_us[part], 1e6 * gaps, atol=1)
        np.testing.assert_array_equal(flows.direction[part], (2 * ways - 1) if signed else 0)
        assert flows["packets"][i] == (len(times) if len(times) < 120 else -1)
    _, times, lengths, _ = next(iter(frames()))
    assert flows["duration_s"][0] == times[-1]
    assert flows["bytes_per_s"][0] == lengths.sum() / times[-1]


def test_npy_agrees_with_the_flow_table_of_the_authors_split(tmp_path, shared_data):
    """The flow table was made of the published valData.npy; put back, it must come out again."""
    theirs = read_flows([shared_data / "quic-ucdavis" / "pretraining-val.parquet"])
    n, data = len(theirs), np.zeros((len(theirs), 120, 2))
    for i in range(n):
        part = slice(theirs.offsets[i], theirs.offsets[i + 1])
        k = part.stop - part.start
        data[i, 120 - k :, 0] = (theirs.iat_us[part] / 1e6 - 0.5) * 2
        data[i, 120 - k :, 1] = (theirs.length[part] + ETHERNET) / 1434
    np.save(tmp_path / "valData.npy", data.reshape(n, 240))
    label = np.stack([theirs["bytes_per_s"], theirs["duration_s"], np.ones(n)], 1)
    np.save(tmp_path / "valLabel.npy", label)
    ours = Flows.concat(list(import_npy(tmp_path / "valData.npy")))
    np.testing.assert_array_equal(ours.offsets, theirs.offsets)
    np.testing.assert_array_equal(ours.length, theirs.length)
    np.testing.assert_array_equal(ours.iat_us, theirs.iat_us)
    np.testing.assert_array_equal(ours.direction, theirs.direction)
    np.testing.assert_array_equal(ours["bytes_per_s"], theirs["bytes_per_s"])


def test_npy_refuses_in_one_line(tmp_path):
    path = write_npy(tmp_path)
    data, label = np.load(path), np.load(tmp_path / "trainLabel.npy")

    def said(data=data, label=label):
        np.save(path, data)
        np.save(tmp_path / "trainLabel.npy", label)
        with pytest.raises(DataError, match=r"^[^\n]*$") as error:
            list(import_npy(path))
        return str(error.value)

    def changed(array, place, value):
        array = array.copy()
        array[place] = value
        return array

    assert "must have two columns a packet" in said(data=data[:, :-1])
    assert "40 rows need 40 × 3 labels" in said(label=label[:-1])
    assert "row 3: has a number that is not finite" in said(changed(data, (3, 239), np.nan))
    assert "row 0: lengths must be whole bytes over 1434" in said(changed(data, (0, 239), 0.5003))
    assert "row 0: must be packets in a row" in said(changed(data, (0, 237), 0))
    assert "row 0: inter-arrival times must be clipped" in said(changed(data, (0, 238), 1e9))
    assert "row 1: class must be 1 to 5, got 6" in said(label=changed(label, (1, 2), 6))
    assert "row 1: bandwidth must be finite" in said(label=changed(label, (1, 0), -1))
    assert "must be rows of numbers" in said(data=data[0])
    np.save(path, np.array([{}], object), allow_pickle=True)
    with pytest.raises(DataError, match=r"is no \.npy of numbers"):
        list(import_npy(path))


# What each is good for


def as_cesnet(tmp_path):
    """Flows of the carried data as CESNET would list them: 30 packets, payloads, whole ms."""
    rows = []
    for kind, times, lengths, ways in frames():
        gaps = np.round(1000 * np.diff(times[:30], prepend=0)).astype(int).tolist()
        payload = (lengths[:30] - ETHERNET - UDP).tolist()
        ppi = json.dumps([gaps, (2 * ways[:30] - 1).tolist(), payload])
        whole = {"PACKETS": len(times), "PACKETS_REV": 0, "BYTES": int(lengths.sum())}
        rows.append(
            CESNET_ROW | whole | {"PPI": ppi, "DURATION": times[-1], "APP": ("a", "b")[kind]}
        )
    return write_csv(tmp_path / "f.csv", rows)


QUICK = {"epochs": 1, "shares": (0.0, 0.0)}


def test_cesnet_trains_on_payload_lengths_alone(tmp_path):
    flows = imported(as_cesnet(tmp_path), CESNET)
    spec = FeatureSpec(k=30, length_kind="payload", skip_empty=True)
    assert train(flows, TrainConfig(spec=spec, **QUICK)).card.head("traffic_class")
    for spec, why in (
        (FeatureSpec(k=30), "needs lengths of IP packets, in flows 40 of 40 flows"),
        (FeatureSpec(k=60, length_kind="payload"), "keeps 30: .* or train with --k 30"),
    ):
        with pytest.raises(DataError, match=why):
            train(flows, TrainConfig(spec=spec, **QUICK))
    with pytest.raises(DataError, match="needs lengths of IP packets"):
        flows.tensor(FeatureSpec(k=30))


def test_a_list_without_empty_packets_may_be_shorter_than_its_flow(tmp_path):
    """TLS: acknowledgements count in PACKETS and are not listed; nothing was cut off."""
    path = as_cesnet(tmp_path)
    short = CESNET_ROW | {"PPI": "[[0, 1, 1], [1, -1, 1], [9, 9, 9]]", "PACKETS": "500"}
    with path.open("a", newline="") as file:
        csv.writer(file).writerow(short.values())
    flows = imported(path, CESNET)
    spec = FeatureSpec(k=30, length_kind="payload", skip_empty=True)
    assert train(flows, TrainConfig(spec=spec, **QUICK)).split["train"]


def test_the_authors_split_trains_as_they_did(tmp_path):
    flows = Flows.concat(list(import_npy(write_npy(tmp_path))))
    paper = FeatureSpec(
        iat="clip", length_scale=1434.0, signed=False, padding="pre", min_packets=20
    )
    config = TrainConfig(spec=paper, recipe="paper", **QUICK)
    assert len(train(flows, config).card.heads) == 3
    with pytest.raises(DataError, match="direction is unknown in 40 of 40 flows"):
        train(flows, TrainConfig(**QUICK))


def test_tcbench_and_ipfixprobe_train(tmp_path):
    pq.write_table(pa.Table.from_pylist(list(tcbench_rows(2023))), tmp_path / "t.parquet")
    assert train(imported(tmp_path / "t.parquet", TCBENCH), TrainConfig(**QUICK)).card.heads
    rows = []
    for kind, times, lengths, ways in frames():
        listed = {
            "PPI_PKT_LENGTHS": (lengths[:30] - ETHERNET - UDP).tolist(),
            "PPI_PKT_DIRECTIONS": (2 * ways[:30] - 1).tolist(),
            "PPI_PKT_TIMES": [(START + timedelta(seconds=t)).isoformat() for t in times[:30]],
            "PACKETS": len(times), "PACKETS_REV": 0, "LABEL": ("a", "b")[kind],
        }  # fmt: skip
        rows.append({name: value for name, (_, value) in UNIREC.items()} | listed)
    path = tmp_path / "i.json"
    path.write_text("\n".join(map(json.dumps, rows)))
    flows = imported(path, ipfixprobe("payload"), label="LABEL")
    spec = FeatureSpec(k=30, length_kind="payload", skip_empty=True)
    assert train(flows, TrainConfig(spec=spec, **QUICK)).card.head("traffic_class")
