"""Names that hold markup, control characters or no text at all, as a user sees them."""

import json
import os
from pathlib import Path

import pytest

from tests.edgemtl.cli.test_flows import conversation, pcap_bytes

STRICT = {"PYTHONIOENCODING": "utf-8:strict"}


@pytest.mark.parametrize(
    ("name", "seen"),
    [
        ("[/x]", "[/x]"),
        ("[b]bold[/b] :smile:", "[b]bold[/b] :smile:"),
        ("\x1b[2Jgone\x9b", r"\x1b[2Jgone\x9b"),
        ("two\u202eback", r"two\u202eback"),
    ],
)
def test_names_are_shown_as_they_are(edgemtl, tmp_path, make_flows, name, seen):
    capture, table = tmp_path / f"{name.replace('/', '')}.pcap", tmp_path / "flows.jsonl"
    capture.write_bytes(pcap_bytes(conversation()))
    done = edgemtl("flows", capture)
    assert done.returncode == 0, done.stderr
    assert seen.replace("/", "") in done.stdout
    assert edgemtl("flows", capture, "-o", table).returncode == 0
    row = json.loads(table.read_text())
    table.write_text(json.dumps(row | {"traffic_class": name}))
    done = edgemtl("inspect", table, env=STRICT)
    assert done.returncode == 0, done.stderr
    assert f"{seen}: 1" in done.stdout


@pytest.mark.parametrize("name", [b"\xff.pcap", b"a\nb\x1b]0;x\x07.pcap"])
def test_a_name_that_is_no_text_is_escaped(edgemtl, refusal, tmp_path, name):
    capture = os.fsdecode(os.fsencode(tmp_path) + b"/" + name)
    Path(capture).write_bytes(pcap_bytes(conversation())[:-1])
    done = edgemtl("flows", capture, env=STRICT)
    assert done.returncode == 0, done.stderr
    assert len(done.stderr.splitlines()) == 1  # cut
    assert "\x1b" not in done.stdout + done.stderr
    assert "\\" in done.stdout
    Path(capture).write_bytes(b"no capture")
    assert "\\" in refusal("flows", capture, env=STRICT)
    assert "\\" in refusal("inspect", capture + "x", env=STRICT)
