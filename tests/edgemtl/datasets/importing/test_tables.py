"""Tables as such: what is no table, and what is damaged."""

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from edgemtl.datasets import CESNET, TCBENCH, import_rows, ipfixprobe, nfstream
from edgemtl.datasets.checks import check_values
from edgemtl.errors import DataError
from tests.edgemtl.datasets.importing.rows import (
    CESNET_HEADER,
    CESNET_ROW,
    UNIREC,
    imported,
    refused,
    write_csv,
)


def test_a_missing_column_is_named_beside_those_found(tmp_path):
    row = {name: value for name, value in CESNET_ROW.items() if name != "DURATION"}
    said = refused(write_csv(tmp_path / "f.csv", [row]), CESNET)
    assert "column DURATION is missing; wants PPI|IPT_1,BYTES," in said
    assert "has ID,SRC_IP,DST_IP," in said
    pq.write_table(pa.table({"a": [1], "b": [2]}), tmp_path / "f.parquet")
    said = refused(tmp_path / "f.parquet", TCBENCH)
    assert "column app is missing" in said
    assert said.endswith("has a,b")


def test_a_column_that_stands_there_twice_is_refused(tmp_path):
    names = [*CESNET_ROW, "uint64 BYTES"]
    write_csv(tmp_path / "f.csv", [CESNET_ROW | {"again": "1"}], names)
    twice = pa.Table.from_arrays(
        [pa.array([value]) for value in [*CESNET_ROW.values(), "1"]], names
    )
    pq.write_table(twice, tmp_path / "f.parquet")
    for path in (tmp_path / "f.csv", tmp_path / "f.parquet"):
        assert refused(path, CESNET) == f"{path}: column BYTES stands there twice: leave one out"


def test_a_column_that_is_not_read_may_stand_there_twice(tmp_path):
    path = write_csv(tmp_path / "f.csv", [CESNET_ROW | {"x": "1", "y": "2"}], [*CESNET_ROW, "", ""])
    assert len(imported(path, CESNET)) == 1


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("f.csv", b"", "column PPI or IPT_1 is missing"),
        ("f.csv", CESNET_HEADER.encode() + b"\n", "holds no flow"),
        ("f.csv", CESNET_HEADER.encode() + b"\n1,2\n", "line 2: has 2 fields, the header has 25"),
        ("f.csv", b"\xff\xfe\x00", "is no CSV: not UTF-8"),
        ("f.csv.gz", b"no gzip at all", "is damaged, or not .gz"),
        ("f.json", b"[1]\n", "line 1: must be one JSON object a line, is a list"),
        ("f.json", b'[\n  {"PPI": 1}\n]\n', "(char 2); wants one object a line"),
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
