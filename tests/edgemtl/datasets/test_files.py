import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from edgemtl.datasets import FlowWriter, read_flows, whole_file
from edgemtl.datasets.arrow import to_arrow
from edgemtl.datasets.folders import files_below
from edgemtl.errors import DataError
from edgemtl.flows import NULL, Flows


def assert_same(a, b):
    assert set(a.columns) == set(b.columns)
    for name in a.columns:
        np.testing.assert_array_equal(a[name], b[name], err_msg=name)
    for name in ("iat_us", "length", "direction", "offsets"):
        np.testing.assert_array_equal(getattr(a, name), getattr(b, name), err_msg=name)


@pytest.mark.parametrize("suffix", ["parquet", "jsonl"])
def test_what_is_written_is_read(tmp_path, make_flows, suffix):
    flows = make_flows(40)
    flows.columns["start_us"] = np.arange(40) - 1  # -1 µs is a time here, not null
    flows["traffic_class"][3] = None
    flows["packets"][4] = NULL
    flows["duration_s"][5] = np.nan
    path = tmp_path / f"flows.{suffix}"
    with FlowWriter(path) as writer:
        writer.write(flows.select(slice(0, 25)))
        writer.write(flows.select(slice(25, None)))
    assert_same(read_flows([path]), flows)
    assert [p.name for p in tmp_path.iterdir()] == [path.name]


def test_parquet_is_as_the_design_says(tmp_path, make_flows):
    path = tmp_path / "flows.parquet"
    with FlowWriter(path) as writer:
        writer.write(make_flows(3))
    schema = pq.read_schema(path)
    assert {f.name: str(f.type).replace("element: ", "") for f in schema} == {
        "flow_id": "string",
        "partition": "string",
        "traffic_class": "string",
        "iat_us": "list<int64>",
        "length": "list<int32>",
        "direction": "list<int8>",
        "packets": "int64",
        "bytes": "int64",
        "duration_s": "double",
        "bytes_per_s": "double",
        "end_reason": "string",
    }


def test_csv_has_a_row_a_flow(tmp_path, make_flows):
    path = tmp_path / "flows.csv"
    flows = make_flows(3)
    with FlowWriter(path) as writer:
        writer.write(flows)
    header, *rows = path.read_text().splitlines()
    assert header.startswith("flow_id,partition,traffic_class")
    assert len(rows) == 3
    assert json.dumps(flows.length[: flows.offsets[1]].tolist()) in rows[0]


def test_empty_table_is_readable(tmp_path):
    path = tmp_path / "none.parquet"
    with FlowWriter(path):
        pass
    assert len(read_flows([path])) == 0


def test_folder_is_one_data_set(tmp_path, make_flows):
    for seed in (1, 2):
        with FlowWriter(tmp_path / f"{seed}.parquet") as writer:
            writer.write(make_flows(5, seed))
    assert len(read_flows([tmp_path])) == 10


@pytest.mark.parametrize("suffix", ["parquet", "jsonl"])
def test_folder_can_be_read_while_a_table_is_written_into_it(tmp_path, make_flows, suffix):
    with FlowWriter(tmp_path / f"a.{suffix}") as writer:
        writer.write(make_flows(3))
    with FlowWriter(tmp_path / f"b.{suffix}") as writer:
        writer.write(make_flows(4, seed=1))
        assert len(read_flows([tmp_path])) == 3
    assert len(read_flows([tmp_path])) == 7


def test_same_flow_in_two_files_is_refused(tmp_path, make_flows):
    for name in "ab":
        with FlowWriter(tmp_path / f"{name}.parquet") as writer:
            writer.write(make_flows(5))
    with pytest.raises(DataError, match=r"flow_id '0-0' stands there twice"):
        read_flows([tmp_path])


def test_failure_leaves_no_file(tmp_path, make_flows):
    with pytest.raises(KeyboardInterrupt), FlowWriter(tmp_path / "flows.parquet") as writer:
        writer.write(make_flows(5))
        raise KeyboardInterrupt
    assert list(tmp_path.iterdir()) == []


def test_failure_keeps_the_old_file(tmp_path, make_flows):
    path = tmp_path / "flows.jsonl"
    path.write_text("before")
    with pytest.raises(ValueError), FlowWriter(path) as writer:
        writer.write(make_flows(5))
        raise ValueError
    assert path.read_text() == "before"


@pytest.mark.parametrize("is_there", [True, False])
def test_a_symbolic_link_stays_one(tmp_path, make_flows, is_there):
    (tmp_path / "store").mkdir()
    path, link = tmp_path / "store" / "real.jsonl", tmp_path / "flows.jsonl"
    link.symlink_to("store/real.jsonl")
    if is_there:
        path.write_text("old")
    with FlowWriter(link) as writer:
        writer.write(make_flows(3))
    assert link.is_symlink()
    assert not path.is_symlink()
    assert len(read_flows([path])) == 3
    assert sorted(p.name for p in tmp_path.rglob("*")) == ["flows.jsonl", "real.jsonl", "store"]


@pytest.mark.parametrize("kind", ["jsonl", "parquet"])
def test_a_full_device_is_named(make_flows, kind):
    with (
        pytest.raises(OSError, match="No space left") as error,
        FlowWriter(Path("/dev/full"), kind) as writer,
    ):
        writer.write(make_flows(3))
    assert error.value.filename == "/dev/full"


def damaged(table, name, values, kind=None):
    place = table.column_names.index(name)
    return table.set_column(place, name, pa.array(values, kind))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda t: t.drop_columns("length"), "column length is missing"),
        (lambda t: t.drop_columns("end_reason"), "column end_reason is missing"),
        (lambda t: damaged(t, "packets", ["1", "2"]), "column packets: must be int64, is string"),
        (lambda t: damaged(t, "iat_us", [1, 2]), "column iat_us: must be list"),
        (lambda t: damaged(t, "length", [[1.5], [2.0]]), "column length: must be list"),
        (lambda t: damaged(t, "length", [[2**40], [1]]), "column length: must be list"),
        (lambda t: damaged(t, "length", [None, [1]], pa.list_(pa.int32())), "length: has null"),
        (lambda t: damaged(t, "length", [[1], [1]], pa.list_(pa.int32())), "row 0: iat_us and len"),
        (lambda t: damaged(t, "duration_s", [1.0, float("nan")]), "row 1: duration_s must be null"),
        (lambda t: damaged(t, "bytes_per_s", [-1.0, 1.0]), "row 0: bytes_per_s must be null"),
        (lambda t: damaged(t, "flow_id", ["a", "a"]), "flow_id 'a' stands there twice"),
        (lambda t: damaged(t, "flow_id", [None, "a"]), "row 0: flow_id must not be null"),
        (lambda t: damaged(t, "end_reason", ["idle", "bored"]), "row 1: end_reason must be one of"),
    ],
)
def test_broken_schema_is_one_line(tmp_path, make_flows, change, message):
    path = tmp_path / "flows.parquet"
    pq.write_table(change(to_arrow(make_flows(2))), path)
    with pytest.raises(DataError) as refused:
        read_flows([path])
    assert message in str(refused.value)
    assert str(refused.value).startswith(str(path))
    assert "\n" not in str(refused.value)


def test_text_that_is_not_utf8_is_one_line(tmp_path, make_flows):
    table = to_arrow(make_flows(1))
    text = pa.array([b"10.0.0.\xff"], pa.binary()).view(pa.string())
    path = tmp_path / "damaged.parquet"
    pq.write_table(table.append_column("src", text), path)
    with pytest.raises(DataError, match=f"^{path}: is damaged: [^\n]*UTF8[^\n]*$"):
        read_flows([path])


def test_other_widths_and_more_columns_are_fine(tmp_path, make_flows):
    flows = make_flows(2)
    table = to_arrow(flows)
    table = damaged(table, "packets", flows["packets"].tolist(), pa.int32())
    table = damaged(table, "partition", [None, None], pa.null())
    path = tmp_path / "flows.parquet"
    pq.write_table(table.append_column("colour", pa.array(["red", "blue"])), path)
    np.testing.assert_array_equal(read_flows([path])["packets"], flows["packets"])


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("{", "line 1 is no JSON object"),
        ("[]", "line 1 is no JSON object"),
        ("[" * 100_000, "line 1 is no JSON object"),
        ('{"flow_id": "a"}', "line 1: column partition is missing"),
    ],
)
def test_broken_json_lines_are_one_line(tmp_path, line, message):
    path = tmp_path / "flows.jsonl"
    path.write_text(line + "\n")
    with pytest.raises(DataError, match=r"^[^\n]*$") as refused:
        read_flows([path])
    assert message in str(refused.value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("length", [1.5]),
        ("length", [2**31]),
        ("direction", [2]),
        ("duration_s", "long"),
        ("duration_s", float("nan")),
        ("packets", 1.5),
        ("flow_id", 7),
        ("traffic_class", ""),
    ],
)
def test_broken_json_values_name_row_and_column(tmp_path, name, value):
    row = {
        "flow_id": "a",
        "partition": None,
        "traffic_class": None,
        "iat_us": [0],
        "length": [40],
        "direction": [1],
        "packets": 1,
        "bytes": 40,
        "duration_s": None,
        "bytes_per_s": None,
        "end_reason": "idle",
    }
    path = tmp_path / "flows.jsonl"
    path.write_text(json.dumps(row | {name: value}))
    with pytest.raises(DataError, match=f"row 0: {name} must"):
        read_flows([path])


def test_select_and_concat_keep_series_with_their_flow(make_flows):
    flows = make_flows(20)
    odd = flows.select(np.arange(20) % 2 == 1)
    again = Flows.concat([odd, flows.select([0])])
    assert len(again) == 11
    low, high = flows.offsets[3], flows.offsets[4]
    np.testing.assert_array_equal(
        again.length[again.offsets[1] : again.offsets[2]], flows.length[low:high]
    )
    assert again["flow_id"][-1] == "0-0"
    late = Flows(flows.iat_us, flows.length, flows.direction, flows.offsets[3:5])
    np.testing.assert_array_equal(
        Flows.concat([late, late]).length[high - low :], late.select([0]).length
    )


def test_a_folder_that_cant_be_read_is_no_empty_one(tmp_path):
    for name in ("a", ".b", "lost+found"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "f.jsonl").touch()
    assert files_below(tmp_path) == [tmp_path / "a" / "f.jsonl"]
    with pytest.raises(DataError, match="gone: can't read this folder: No such file"):
        files_below(tmp_path / "gone")  # as one without permission, which root has


def test_a_file_in_a_folder_that_is_not_there_is_named(tmp_path):
    path = tmp_path / "nowhere" / "page.html"
    with pytest.raises(FileNotFoundError) as error, whole_file(path):
        pass
    assert error.value.filename == str(path)
