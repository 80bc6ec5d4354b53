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
