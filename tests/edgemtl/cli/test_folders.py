"""Folders of captures: which files they stand for, and in which order."""

import gzip
import json

import pytest

from tests.edgemtl.cli.test_flows import conversation, pcap_bytes

CAPTURES = [
    "r.pcap", "r.pcap1", "r.pcap2", "r.pcap10", "s.pcap.1", "t.PCAP", "t.PCAPNG03", "u.cap",
    "v.Dmp", "w.pcap.gz", "w.pcap1.gz", "w.pcap.2.GZ",
]  # fmt: skip


@pytest.fixture
def put(tmp_path):
    """Write a capture of one flow, begun in the second after 2001-09-09 that is given."""

    def write(name, second=0):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        data = pcap_bytes(conversation(1_000_000_000 + second))
        path.write_bytes(gzip.compress(data) if name.lower().endswith(".gz") else data)
        return path

    return write


def read(edgemtl, folder, *words):
    """What `edgemtl flows FOLDER --json` says, and what it says on standard error."""
    done = edgemtl("flows", folder, "--json", *words)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout), done.stderr


def test_names_of_captures(edgemtl, put, tmp_path):
    for name in CAPTURES:
        put(name)
    document, said = read(edgemtl, tmp_path)
    assert sorted(s["path"] for s in document["captures"]) == sorted(
        str(tmp_path / name) for name in CAPTURES
    )
    assert said == ""


def test_files_that_are_left_out_are_counted(edgemtl, put, tmp_path):
    put("lab/video/a.pcap")
    put("lab/.old/a.pcap")
    (tmp_path / "lab" / ".DS_Store").write_text("hidden")
    _, said = read(edgemtl, tmp_path / "lab")
    assert said == ""
    (tmp_path / "lab" / "video" / "README").write_text("no capture")
    _, said = read(edgemtl, tmp_path / "lab")
    why = "not named like captures: name one itself to read it"
    assert said == f"edgemtl flows: {tmp_path}/lab: 1 file left out (video/README), {why}\n"
    for name in ("labels.csv", "pcap", "r.pcap.lz4"):
        (tmp_path / "lab" / name).write_text("no capture")
    _, said = read(edgemtl, tmp_path / "lab")
    assert said == f"edgemtl flows: {tmp_path}/lab: 4 files left out (labels.csv, …), {why}\n"


ORDERS = [
    ["r.pcap", "r.pcap1", "r.pcap2", "r.pcap10"],
    ["r.pcap.gz", "r.pcap1.gz", "r.pcap2.gz", "r.pcap10"],
    ["r.pcap.gz", "r.pcap.1.gz", "r.pcap.2", "r.pcap.10"],
    ["r.pcap", "r1.pcap", "r2.pcap.gz", "r10.pcap", "r11.pcap"],
    ["r0.pcap", "r1.pcap", "r2.pcap", "r12.pcap"],
    ["9/r_00001_20240101235959.pcap", "9/r_00002_20240102000000.pcap", "10/r_1.pcap"],
    ["2024-01-01T23:59.pcap", "2024-01-02T00:09.pcap", "2024-1-2T00:10.pcap"],
    ["r\n.pcap", "r01.pcap", "r1.pcap", "r².pcap"],  # the same number twice; ² is none
]


@pytest.mark.parametrize("names", ORDERS)
def test_numbers_in_names_count_as_numbers(edgemtl, put, tmp_path, names):
    for second, name in enumerate(names):
        put(name, second=10 * second)
    document, said = read(edgemtl, tmp_path)
    assert [s["path"] for s in document["captures"]] == [str(tmp_path / name) for name in names]
    document, said = read(edgemtl, tmp_path, "--concat")
    assert (document["captures"][0]["warning"], said) == (None, "")
    assert document["captures"][0]["packets"] == 3 * len(names)
