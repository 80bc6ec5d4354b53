"""``edgemtl import`` as a user runs it."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from edgemtl import carried
from edgemtl.datasets import read_flows

DATA = Path(__file__).parents[2] / "data"
NFSTREAM = DATA / "nfstream" / "accounting-0.csv"
PACKETS = "flow_id,timestamp,length,direction\na,1,60,1\n"


def test_many_files_are_one_table(edgemtl, tmp_path):
    for day in ("monday", "tuesday"):
        (tmp_path / day).mkdir()
        shutil.copy(NFSTREAM, tmp_path / day / "flows.csv")
    files = [tmp_path / day / "flows.csv" for day in ("monday", "tuesday")]
    done = edgemtl("import", "nfstream", *files, "-o", tmp_path / "n.parquet", "--packets", "10")
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr == f"8 flows, 0 classes in {tmp_path}/n.parquet\n"
    flows = read_flows([tmp_path / "n.parquet"])
    assert flows["flow_id"].tolist() == [f"{file}:{i}" for file in files for i in range(4)]
    assert flows.kept_packets().tolist() == [10] * 8


def test_what_is_refused_leaves_no_file(edgemtl, refusal, tmp_path):
    output = tmp_path / "o.parquet"
    output.write_text("before")

    def said(*words):
        line = refusal("import", *words, "-o", output)
        assert output.read_text() == "before"
        assert sorted(p.name for p in tmp_path.glob("*o.parquet*")) == ["o.parquet"]
        return line

    cut = tmp_path / "cut.csv"
    cut.write_text(NFSTREAM.read_text().replace("splt_ps", "splt_pp"))
    assert said("nfstream", cut).startswith(
        f"edgemtl import nfstream: {cut}: column splt_ps is missing; wants splt_direction,"
    )
    assert "no such file" in said("cesnet", tmp_path / "none.csv")
    assert "no such folder" in said("npy", NFSTREAM)
    assert "no trainData.npy" in said("npy", tmp_path)
    assert "--length-kind: must be payload, ip, got 'frame'" in said(
        "ipfixprobe", NFSTREAM, "--length-kind", "frame"
    )
    assert "is named twice" in said("nfstream", NFSTREAM, NFSTREAM)
    output.write_text(PACKETS)
    line = refusal("import", "csv", output, "-o", output)
    assert "which is to be read" in line


@pytest.mark.parametrize("gone", ["valData.npy", "valLabel.npy"])
def test_the_file_that_a_split_lacks_is_named(refusal, tmp_path, gone):
    for name in ("train", "val"):
        np.save(tmp_path / f"{name}Data.npy", [[-1, 60 / 1434]])
        np.save(tmp_path / f"{name}Label.npy", [[60, 1, 1]])
    (tmp_path / gone).unlink()
    assert refusal("import", "npy", tmp_path, "-o", tmp_path / "o.parquet").endswith(
        f"{tmp_path / gone}: is missing: a split is two files, such as valData.npy and valLabel.npy"
    )


def test_packet_lists_that_name_a_flow_twice_are_refused(refusal, tmp_path):
    for name in "ab":
        (tmp_path / f"{name}.csv").write_text(PACKETS)
    line = refusal(
        "import", "csv", tmp_path / "a.csv", tmp_path / "b.csv", "-o", tmp_path / "o.parquet"
    )
    assert line.endswith("b.csv: flow_id 'a' stands there twice")
    assert not (tmp_path / "o.parquet").exists()


@pytest.mark.parametrize("words", [("flows",), ("flows", "--label-by-folder")])
def test_a_folder_stands_for_its_captures(edgemtl, tmp_path, words):
    for name, label in (("one-search.pcap", "search"), ("four-flows.pcap", "mixed")):
        (tmp_path / "lab" / label).mkdir(parents=True)
        shutil.copy(Path(carried.__file__).parent / name, tmp_path / "lab" / label)
        (tmp_path / "lab" / label / "README.txt").write_text("no capture")
    done = edgemtl(*words, tmp_path / "lab", "-o", tmp_path / "f.parquet")
    assert done.returncode == 0, done.stderr
    flows = read_flows([tmp_path / "f.parquet"])
    labels = {"mixed": 4, "search": 1} if "--label-by-folder" in words else {None: 5}
    assert {c: flows["traffic_class"].tolist().count(c) for c in labels} == labels
