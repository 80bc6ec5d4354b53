import tarfile

import numpy as np
import pytest

from edgemtl.datasets import import_csv, import_ucdavis, read_flows
from edgemtl.errors import DataError
from edgemtl.flows import Flows

HEADER = "flow_id,timestamp,length,direction\n"
LINES = "1527853149.448858000\t0\t301\t1\n1527853149.448892000\t3.4e-05\t112\t0\n"


def test_ucdavis_is_the_published_flow(tmp_path):
    folder = tmp_path / "Retraining(script-triggered)" / "Google Doc"
    folder.mkdir(parents=True)
    (folder / "GoogleDoc-1.txt").write_text(LINES)
    (flows,) = import_ucdavis(folder.parent)
    assert flows["flow_id"].tolist() == ["Retraining(script-triggered)/Google Doc/GoogleDoc-1.txt"]
    assert flows["traffic_class"].tolist() == ["Google Doc"]
    assert flows["partition"].tolist() == ["Retraining(script-triggered)"]
    assert flows.iat_us.tolist() == [0, 34]
    assert flows.length.tolist() == [287, 98]  # 14 bytes of Ethernet header less
    assert flows.direction.tolist() == [1, -1]
    assert flows["start_us"].tolist() == [1_527_853_149_448_858]
    assert flows["duration_s"].tolist() == [34e-6]
    assert flows["bytes_per_s"].tolist() == [385 / 34e-6]


def test_ucdavis_partitions_hold_files_of_the_same_name(tmp_path):
    for partition in ("pretraining", "Retraining(human-triggered)"):
        folder = tmp_path / partition / "Youtube"
        folder.mkdir(parents=True)
        (folder / "Youtube-1.txt").write_text(LINES)
    (flows,) = import_ucdavis(tmp_path)
    assert sorted(flows["partition"]) == ["Retraining(human-triggered)", "pretraining"]
    assert len(set(flows["flow_id"])) == 2
    (flows,) = import_ucdavis(tmp_path / "pretraining" / "Youtube", "mine")
    assert flows["partition"].tolist() == ["mine"]
    assert flows["traffic_class"].tolist() == ["Youtube"]


def test_ucdavis_agrees_with_the_flow_table_of_the_same_files(tmp_path, shared_data):
    with tarfile.open(shared_data / "quic-ucdavis" / "script-txt.tar.xz") as tar:
        tar.extractall(tmp_path, filter="data")
    ours = Flows.concat(list(import_ucdavis(tmp_path, "script", packets=1024)))
    theirs = read_flows([shared_data / "quic-ucdavis" / "script.parquet"])
    place = {name.split("/", 1)[1]: i for i, name in enumerate(ours["flow_id"])}
    ours = ours.select([place[name] for name in theirs["flow_id"]])
    for name in ("traffic_class", "packets", "bytes"):
        np.testing.assert_array_equal(ours[name], theirs[name])
    np.testing.assert_array_equal(ours.length, theirs.length)
    np.testing.assert_array_equal(ours.direction, theirs.direction)
    # Theirs took the second column, which has six digits: 100 µs after the first 100 s.
    assert np.abs(ours.iat_us - theirs.iat_us).max() <= 100
    np.testing.assert_allclose(ours["duration_s"], theirs["duration_s"], atol=6e-4)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("1 0 301\n", "line 1: must hold time, time, length, direction; got 3 fields"),
        ("1 0 301 1\nnan 0 301 1\n", "line 2: time must be a finite number"),
        ("1e999999 0 301 1\n", "line 1: time must be a number of seconds, got '1e999999'"),
        ("1 0 301 2\n", "line 1: direction must be a whole number from 0 to 1, got '2'"),
        ("1 0 301 up\n", "line 1: direction must be a whole number from 0 to 1, got 'up'"),
        ("1 0 5 1\n", "line 1: length must be a whole number from 34 to 2147483647, got '5'"),
        ("1 0 60.5 1\n", "line 1: length must be a whole number from 34 to 2147483647, got '60.5'"),
        ("", "holds no packet"),
        ("\xff", "is no text of the UC Davis form"),
    ],
)
def test_ucdavis_refuses_in_one_line(tmp_path, text, message):
    (tmp_path / "a.txt").write_text(text, encoding="latin-1")
    with pytest.raises(DataError, match=r"^[^\n]*$") as refused:
        list(import_ucdavis(tmp_path))
    assert message in str(refused.value)


def test_whole_numbers_may_be_written_as_floats(tmp_path):
    (tmp_path / "a.txt").write_text("1.0 0.0 301.0 1.0\n2.0 1.0 1e2 0.0\n")
    (flows,) = import_ucdavis(tmp_path)
    assert flows.length.tolist() == [287, 86]
    assert flows.direction.tolist() == [1, -1]
    (tmp_path / "a.csv").write_text(f"{HEADER}a,1.0,100.0,1.0\na,2.0,1e2,-1.0\n")
    flows = import_csv(tmp_path / "a.csv")
    assert flows.length.tolist() == [100, 100]
    assert flows.direction.tolist() == [1, -1]


def test_csv_rows_of_two_flows_may_be_mixed(tmp_path):
    path = tmp_path / "mine.csv"
    path.write_text(
        "flow_id,timestamp,length,direction,traffic_class\n"
        "a,1.5,100,1,video\nb,1.6,60,0,\na,1.500007,1400,-1,video\na, 1.500003, 40, 1, video\n"
    )
    flows = import_csv(path)
    assert flows["flow_id"].tolist() == ["a", "b"]
    assert flows["traffic_class"].tolist() == ["video", None]
    assert flows.iat_us.tolist() == [0, 7, -4, 0]
    assert flows.length.tolist() == [100, 1400, 40, 60]
    assert flows["start_us"].tolist() == [1_500_000, 1_600_000]
    assert flows["duration_s"].tolist() == [7e-6, 0]
    assert np.isnan(flows["bytes_per_s"][1])
    assert flows["partition"].tolist() == ["mine", "mine"]


def test_csv_keeps_the_first_packets_and_counts_all(tmp_path):
    path = tmp_path / "mine.csv"
    path.write_text(
        "direction,length,timestamp,flow_id\n" + "".join(f"1,50,{i},a\n" for i in range(9))
    )
    flows = import_csv(path, packets=4)
    assert flows.length.tolist() == [50] * 4
    assert (flows["packets"][0], flows["bytes"][0], flows["duration_s"][0]) == (9, 450, 8)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("flow_id,timestamp,length\n", "column direction is missing"),
        ("flow_id,timestamp,length,length,direction\n", "column length stands there twice"),
        (HEADER, "holds no packet"),
        (f"{HEADER}a,inf,1,1\n", "line 2: time must be a finite number"),
        (f"{HEADER}a,1\n", "line 2"),
        (f"{HEADER},1,1,1\n", "line 2: flow_id is empty"),
        (
            "flow_id,timestamp,length,direction,traffic_class\na,1,1,1,x\na,1,1,1,y\n",
            "line 3: flow 'a' is 'y' here and 'x' before",
        ),
        ("\xff\xfe", "is no CSV"),
    ],
)
def test_csv_refuses_in_one_line(tmp_path, text, message):
    path = tmp_path / "mine.csv"
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(DataError, match=r"^[^\n]*$") as refused:
        import_csv(path)
    assert message in str(refused.value)


@pytest.mark.parametrize(
    ("name", "values", "bounds"),
    [
        ("length", ["1.5", "14x", "", "-1", "nan", "1e300"], "from 0 to 2147483647"),
        ("direction", ["forward", "3", "0.5"], "from -1 to 1"),
    ],
)
def test_csv_names_the_column_of_what_is_no_whole_number(tmp_path, name, values, bounds):
    path = tmp_path / "mine.csv"
    for value in values:
        length, direction = (value, 1) if name == "length" else (60, value)
        path.write_text(f"{HEADER}a,1,60,1\na,1,{length},{direction}\n")
        with pytest.raises(DataError) as refused:
            import_csv(path)
        want = f"{path}: line 3: {name} must be a whole number {bounds}, got {value!r}"
        assert str(refused.value) == want
