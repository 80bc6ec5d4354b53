import json
import shutil
import sys

import pytest

from edgemtl.bench import bench, device_name
from edgemtl.bench.bench import _measure
from edgemtl.bench.device import percentiles_us
from edgemtl.errors import DataError, MissingDependency, ModelError

ROWS = [
    ("tiny", "torch"),
    ("tiny.fp32.onnx", "onnxruntime"),
    ("tiny.int8.onnx", "onnxruntime"),
    ("tiny.fp32.tflite", "ai-edge-litert"),
    ("tiny.fp16.tflite", "ai-edge-litert"),
    ("tiny.dynamic.tflite", "ai-edge-litert"),
    ("tiny.int8.tflite", "ai-edge-litert"),
]


@pytest.fixture(scope="module")
def document(edgemtl, dist):
    done = edgemtl("bench", dist, "--calls", 50, "--json")
    assert (done.returncode, done.stderr) == (0, "")
    return json.loads(done.stdout)


def test_every_file_in_its_runtime(document):
    assert [(row["file"], row["runtime"]) for row in document["rows"]] == ROWS
    assert document["device"] == device_name()
    assert document["notes"] == []


def test_figures_are_in_order_and_of_a_sane_size(document, dist, trained_run):
    for row in document["rows"]:
        assert (row["threads"], row["batch"], row["flows"]) == (1, 1, 80)
        assert 1 < row["p50_us"] <= row["p95_us"] <= row["p99_us"]
        assert 1e6 < row["rss_bytes"] < 1e9
    sizes = {row["file"]: row["bytes"] for row in document["rows"]}
    assert sizes.pop("tiny") == (trained_run / "checkpoint.pt").stat().st_size
    assert sizes == {name: (dist / name).stat().st_size for name in sizes}
    assert 0 < document["features"]["of_many_us"] < 1000
    assert 0 < document["features"]["one_flow_us"] < 1000


def test_accuracy_is_what_the_export_proved(document, dist):
    manifest = json.loads((dist / "manifest.json").read_text())
    proved = {row["file"]: row["heads"] for row in (manifest["reference"], *manifest["files"])}
    for row in document["rows"]:
        for head, figures in row["heads"].items():
            for name in ("n", "accuracy", "macro_f1"):
                assert figures[name] == proved[row["file"]][head][name]


def test_table_names_the_fastest(edgemtl, dist):
    done = edgemtl("bench", dist, "--calls", 50, "--runtime", "ai-edge-litert")
    assert (done.returncode, done.stderr) == (0, "")
    assert "tiny.fp32.tflite" in done.stdout
    assert "onnx" not in done.stdout
    fastest = [line for line in done.stdout.splitlines() if line.startswith("fastest: ")]
    assert len(fastest) == 1
    assert " by ai-edge-litert, " in fastest[0]


def copied(dist, folder, **changes):
    """A copy of the exported folder whose manifest says something else."""
    copy = folder / "copy"
    shutil.copytree(dist, copy)
    manifest = json.loads((dist / "manifest.json").read_text())
    (copy / "manifest.json").write_text(json.dumps(manifest | changes))
    return copy


def test_on_a_device_without_the_data(dist, trained_run, tmp_path):
    gone = [{"path": "/no/such/flows.parquet", "sha256": "0" * 64}]
    copy = copied(dist, tmp_path, run="/no/such/run", data=gone)
    got = bench([copy], calls=20, runtime="onnxruntime")
    assert [row["file"] for row in got["rows"]] == ["tiny.fp32.onnx", "tiny.int8.onnx"]
    assert [row["heads"] for row in got["rows"]] == [None, None]
    assert len(got["notes"]) == 1
    assert got["notes"][0].startswith("no accuracy: /no/such/flows.parquet: is not there")

    table = trained_run.parent / "flows.parquet"  # holds training flows too: those don't count
    got = bench([copy], [table], calls=20, runtime="onnxruntime")
    assert [row["flows"] for row in got["rows"]] == [80, 80]
    assert got["notes"] == []


def test_one_file_alone(dist, tmp_path):
    shutil.copy(dist / "tiny.int8.tflite", tmp_path / "only.tflite")
    got = bench([tmp_path / "only.tflite"], calls=20)
    assert [(row["file"], row["flows"]) for row in got["rows"]] == [("only.tflite", 0)]
    assert got["notes"][0].endswith(
        "only.tflite: no manifest beside it, so no accuracy: give --data"
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "is damaged"),
        ("[]", "is damaged"),
        ('{"files": []}', "files must be names in the same folder"),
        ('{"files": [{"file": "../../etc/passwd"}]}', "files must be names in the same folder"),
        ('{"files": [{"file": "a.onnx"}]}', "is damaged: 'run'"),
    ],
)
def test_damaged_manifests(dist, tmp_path, text, said):
    copy = copied(dist, tmp_path)
    (copy / "manifest.json").write_text(text)
    with pytest.raises(ModelError, match=said) as caught:
        bench([copy])
    assert "\n" not in str(caught.value)


def test_a_folder_that_was_not_exported(tmp_path, refusal):
    line = refusal("bench", tmp_path)
    assert line.endswith("manifest.json: is not there: give a folder that edgemtl export made")


def test_a_changed_file_is_one_line(dist, tmp_path, refusal):
    copy = copied(dist, tmp_path)
    (copy / "tiny.int8.onnx").write_bytes((dist / "tiny.int8.onnx").read_bytes() + b"\0")
    line = refusal("bench", copy, "--calls", 20, "--runtime", "foo")
    assert "--runtime: must be of" in line
    line = refusal("bench", copy, "--calls", 20, "--runtime", "onnxruntime")
    assert line.startswith(f"edgemtl bench: {copy / 'tiny.int8.onnx'}: checksum is ")


def test_a_runtime_that_is_not_there(dist, monkeypatch):
    monkeypatch.setattr("edgemtl.runtime.find.find_spec", lambda name: None)
    with pytest.raises(MissingDependency, match="bench needs onnxruntime"):
        bench([dist], runtime="onnxruntime")


def test_data_of_other_classes_are_refused(dist, tmp_path, make_flows):
    from edgemtl.datasets import FlowWriter

    with FlowWriter(tmp_path / "other.parquet") as writer:
        writer.write(make_flows(5, classes=("mail",)))
    with pytest.raises(DataError, match="'mail' is none of the model's"):
        bench([dist], [tmp_path / "other.parquet"], calls=20)


def test_a_runtime_that_dies_is_named(dist, tmp_path, monkeypatch):
    fake = tmp_path / "python"
    fake.write_text("#!/bin/sh\nkill -KILL $$\n")
    fake.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(fake))
    with pytest.raises(ModelError, match=r"a\.onnx: onnxruntime died of SIGKILL"):
        _measure(tmp_path / "a.onnx", "onnxruntime", 20, tmp_path / "x.npz")


def test_percentiles_are_of_the_timed_calls_alone():
    calls = []
    got = percentiles_us(calls.append, 200)
    assert calls == [*range(20), *range(200)]
    assert 0 <= got["p50_us"] <= got["p95_us"] <= got["p99_us"]
