"""ipfixprobe's CSV and JSON, by way of NEMEA."""

import json

import numpy as np
import pytest

from edgemtl.datasets import ipfixprobe
from tests.edgemtl.datasets.importing.rows import UNIREC, imported, refused, write_csv


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
