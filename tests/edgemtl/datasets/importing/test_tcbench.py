"""tcbench's Parquet files."""

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from edgemtl.datasets import TCBENCH
from tests.edgemtl.datasets.importing.rows import ETHERNET, frames, imported, refused, tcbench_rows


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
