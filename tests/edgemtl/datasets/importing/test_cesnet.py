"""CESNET's CSV and frames."""

import gzip
import json
import lzma

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from edgemtl.datasets import CESNET
from edgemtl.flows import NULL
from tests.edgemtl.datasets.importing.rows import CESNET_ROW, imported, refused, write_csv


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


def test_the_first_packet_comes_after_no_other(tmp_path):
    row = CESNET_ROW | {"PPI": "[[5, 31, 2], [1, -1, 1], [1250, 0, 80]]"}
    flows = imported(write_csv(tmp_path / "f.csv", [row]), CESNET)
    assert flows.iat_us.tolist() == [0, 31_000, 2_000]


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


PADDED = [
    values + [0.0] * 27
    for values in ([0.0, 31.0, 2.0], [1.0, -1.0, 1.0], [1250.0, 90.0, 80.0])
]  # fmt: skip
FLAT = {
    f"{name}_{i}": value
    for name, values in zip(("IPT", "DIR", "SIZE"), PADDED, strict=True)
    for i, value in enumerate(values, 1)
}


def test_cesnet_datazoo_frames(tmp_path):
    """``flatten_ppi`` gives IPT_1 to SIZE_30 (config.py of cesnet-datazoo), without it one PPI."""
    for row in (datazoo({"PPI": PADDED}), datazoo(FLAT)):
        pq.write_table(pa.Table.from_pylist([row]), tmp_path / "train.parquet")
        flows = imported(tmp_path / "train.parquet", CESNET)
        assert flows.iat_us.tolist() == [0, 31_000, 2_000]
        assert flows.direction.tolist() == [1, -1, 1]
        assert flows.payload.tolist() == [1250, 90, 80]
        assert flows["traffic_class"].tolist() == ["62"]
        assert flows["end_reason"].tolist() == ["idle"]


@pytest.mark.parametrize(
    ("gone", "named"),
    [
        (["SIZE_7"], "SIZE_7"),
        (["DIR_1"], "DIR_1"),
        ([name for name in FLAT if int(name.split("_")[1]) > 10], "IPT_11"),
    ],
)
def test_a_column_that_flattened_ppi_lacks_is_named(tmp_path, gone, named):
    flat = {name: value for name, value in FLAT.items() if name not in gone}
    said = refused(write_csv(tmp_path / "f.csv", [datazoo(flat)]), CESNET)
    assert said.endswith(
        f"line 2: column {named} is missing: wants IPT_1 to IPT_30, DIR_1 to DIR_30, "
        "SIZE_1 to SIZE_30, or PPI"
    )


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
    names = ("DURATION", "BYTES_REV", "PACKETS", "APP", "SRC_PORT", "TIME_FIRST")
    unknown = dict.fromkeys(names, "")
    flows = imported(write_csv(tmp_path / "f.csv", [CESNET_ROW | unknown]), CESNET)
    assert (flows["bytes"][0], flows["packets"][0], flows["src_port"][0]) == (-1, -1, -1)
    assert np.isnan(flows["duration_s"][0])
    assert np.isnan(flows["bytes_per_s"][0])
    assert flows["traffic_class"][0] is None
    assert flows["start_us"][0] == NULL
