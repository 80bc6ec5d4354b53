"""One file after the other: by size, by time, whole, and without a flow lost."""

import pytest

from edgemtl.datasets import RollingWriter, Rotation, read_flows
from edgemtl.errors import DataError


class Clock:
    def __init__(self, now=1_700_000_000.0):  # 2023-11-14 22:13:20 UTC
        self.now = now

    def __call__(self):
        return self.now


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_without_rotation_there_is_one_file_and_its_row_groups_are_gathered(tmp_path, make_flows):
    pq = pytest.importorskip("pyarrow.parquet")
    with RollingWriter(tmp_path / "f.parquet") as writer:
        for seed in range(5):
            writer.write(make_flows(3, seed))
    assert names(tmp_path) == ["f.parquet"]
    assert len(read_flows([tmp_path / "f.parquet"])) == 15
    assert pq.ParquetFile(tmp_path / "f.parquet").num_row_groups == 1


def test_a_new_file_is_begun_after_a_time_also_without_flows(tmp_path, make_flows):
    wall, steady = Clock(), Clock(5.0)
    rotation = Rotation(most_seconds=60)
    with RollingWriter(tmp_path / "f.jsonl", None, rotation, wall, steady) as w:
        w.write(make_flows(2, 1))
        steady.now += 59
        w.write(make_flows(2, 2))
        wall.now += 60
        steady.now += 1
        w.write(make_flows(0))
        assert [name for name in names(tmp_path) if name.startswith("f")] == [
            "f-20231114T221320.jsonl"
        ]
        w.write(make_flows(2, 3))
    first, second = names(tmp_path)
    assert second == "f-20231114T221420.jsonl"
    assert read_flows([tmp_path / first])["flow_id"].tolist() == ["1-0", "1-1", "2-0", "2-1"]
    assert read_flows([tmp_path / second])["flow_id"].tolist() == ["3-0", "3-1"]


@pytest.mark.parametrize("step", [-1_700_000_000, -3600, 86400 * 365])
def test_files_change_though_the_wall_clock_is_set(tmp_path, make_flows, step):
    wall, steady = Clock(), Clock(5.0)
    rotation = Rotation(most_seconds=60)
    with RollingWriter(tmp_path / "f.jsonl", None, rotation, wall, steady) as writer:
        for minute in range(4):
            wall.now += 20 if minute != 1 else step
            for seed in range(3 * minute, 3 * minute + 3):
                writer.write(make_flows(1, seed))
                steady.now += 20
                assert len(list(tmp_path.glob("f-*.jsonl"))) == minute  # whole ones
    sizes = [len(read_flows([path])) for path in tmp_path.iterdir()]
    assert sizes == [3] * 4


@pytest.mark.parametrize("ending", ["jsonl", "csv", "parquet"])
def test_a_new_file_is_begun_at_a_size_and_none_is_overwritten(tmp_path, make_flows, ending):
    rotation = Rotation(most_bytes=2000)
    with RollingWriter(tmp_path / f"f.{ending}", rotation=rotation, wall_clock=Clock()) as writer:
        for seed in range(3):
            writer.write(make_flows(30_000 if ending == "parquet" else 30, seed))
    assert names(tmp_path) == sorted(
        f"f-20231114T221320{more}.{ending}" for more in ("", "-2", "-3")
    )
    if ending != "csv":
        each = 30_000 if ending == "parquet" else 30
        sizes = [len(read_flows([path])) for path in sorted(tmp_path.iterdir())]
        assert sizes == [each] * 3


def test_what_fails_leaves_the_whole_files_alone(tmp_path, make_flows):
    rotation = Rotation(most_bytes=1)
    with (
        pytest.raises(KeyError),
        RollingWriter(tmp_path / "f.jsonl", rotation=rotation, wall_clock=Clock()) as writer,
    ):
        writer.write(make_flows(1))
        writer.write(make_flows(1))
        raise KeyError
    assert names(tmp_path) == ["f-20231114T221320.jsonl"]


def test_standard_output_cannot_rotate(tmp_path):
    with pytest.raises(DataError, match="--rotate and -o -: give -o a file name"):
        RollingWriter(tmp_path.__class__("-"), rotation=Rotation(most_seconds=1))


def test_two_programs_take_no_name_of_each_other(tmp_path, make_flows):
    wall, rotation = Clock(), Rotation(most_seconds=60)
    writers = [RollingWriter(tmp_path / "f.jsonl", None, rotation, wall) for _ in range(2)]
    with writers[0] as first, writers[1] as second:
        first.write(make_flows(1, 0))
        second.write(make_flows(2, 1))
    stem = "f-20231114T221320"
    assert names(tmp_path) == [f"{stem}-2.jsonl", f"{stem}.jsonl"]
    assert [len(read_flows([tmp_path / name])) for name in names(tmp_path)] == [2, 1]


def test_small_parquet_files_are_as_small_as_they_are_to_be(tmp_path, make_flows):
    pytest.importorskip("pyarrow.parquet")
    with RollingWriter(tmp_path / "f.parquet", None, Rotation(most_bytes=20_000)) as writer:
        for seed in range(200):
            writer.write(make_flows(20, seed))
    sizes = [path.stat().st_size for path in tmp_path.iterdir()]
    assert len(sizes) > 3
    assert max(sizes) < 60_000
