import json
import os
import re
import shutil
import subprocess
import sys

import numpy as np
import pytest
import torch
from ai_edge_litert import schema_py_generated as schema
from ai_edge_litert.tools import flatbuffer_utils

from edgemtl.datasets import FlowWriter, read_flows, sha256
from edgemtl.errors import DataError, MissingDependency, ModelError
from edgemtl.flows import Flows
from edgemtl.models import load_network
from edgemtl.quantize import export_run, onnx_files
from edgemtl.quantize.parts import read_parts
from edgemtl.quantize.unchanged import check_figures
from edgemtl.runtime import load, read_card

FILES = [
    "tiny.fp32.onnx", "tiny.int8.onnx",
    "tiny.fp32.tflite", "tiny.fp16.tflite", "tiny.dynamic.tflite", "tiny.int8.tflite",
]  # fmt: skip
HEADS = ["bandwidth", "duration", "traffic_class"]
# positions x inputs x kernel x outputs of each convolution, then the dense layers and 13 classes
MACS = (
    58 * 2 * 3 * 32 + 56 * 32 * 3 * 32 + 26 * 32 * 3 * 64 + 24 * 64 * 3 * 64
    + 10 * 64 * 3 * 128 + 8 * 128 * 3 * 128 + 512 * 256 + 256 * 256 + 256 * 13
)  # fmt: skip


def report(exported):
    return json.loads(exported[0].stdout)


def test_command_writes_six_files_a_manifest_and_a_report(exported, dist):
    assert sorted(p.name for p in dist.iterdir()) == sorted(
        [*FILES, "manifest.json", "report.html"]
    )
    assert report(exported)["ok"] is True
    assert exported[0].stderr == ""  # no converter is heard


def test_command_prints_what_scripts_rely_on(exported, dist):
    rows = report(exported)["files"]
    assert [row["file"] for row in rows] == FILES
    for row in rows:
        assert row["format"] == row["file"].rsplit(".", 1)[1]
        assert row["bytes"] == (dist / row["file"]).stat().st_size
        assert row["macs"] == MACS
        assert list(row["heads"]) == HEADS
        for figures in row["heads"].values():
            assert {"accuracy", "drop", "agreement", "max_difference"} <= set(figures)


def test_manifest_has_the_figures_and_what_bench_needs(exported, dist, trained_run):
    manifest = json.loads((dist / "manifest.json").read_text())
    for row, said in zip(manifest["files"], report(exported)["files"], strict=True):
        assert row == said
        assert row["sha256"] == sha256(dist / row["file"])
    split = json.loads((trained_run / "split.json").read_text())
    assert sorted(manifest["held_out"]) == sorted(split["test"])
    assert manifest["run"] == str(trained_run)
    assert manifest["versions"]["torch"].startswith("2.")


def test_files_answer_as_the_run_does(dist, trained_run, held_out):
    want = load(trained_run).predict(held_out)
    assert all(p.std(0).max() > 0.2 for p in want.values())  # it does tell flows apart
    for name in FILES:
        got = load(dist / name).predict(held_out)
        limit = {"fp32": 1e-4, "fp16": 1e-2}.get(name.split(".")[1], 0.1)
        for head in HEADS:
            np.testing.assert_allclose(got[head], want[head], rtol=0, atol=limit)
            np.testing.assert_allclose(got[head].sum(1), 1, atol=1e-5)


def test_temperatures_are_folded_in(dist, trained_run):
    # else the comparison above would not see them
    assert all(abs(head.temperature - 1) > 0.01 for head in read_card(trained_run).heads)
    card = read_card(dist / FILES[0])
    assert (card.spec, card.heads) == (read_card(trained_run).spec, read_card(trained_run).heads)


def test_files_say_what_they_were_made_of(dist, trained_run):
    trained = read_card(trained_run).origin
    assert trained["data"] == [
        {"name": "flows.parquet", "sha256": sha256(trained_run.parent / "flows.parquet"),
         "flows": 320},
    ]  # fmt: skip
    for name in FILES:
        origin = read_card(dist / name).origin
        made = origin.pop("export")
        assert origin == trained
        assert made["precision"] == name.split(".")[1]
        assert made["io"] == "float"
        assert {"edgemtl", "torch", "numpy"} < set(made["versions"])
        assert ("onnxruntime" if "onnx" in name else "litert-torch") in made["versions"]
        assert ("calibration" in made) is ("int8" in name)


def test_int8_files_are_a_third_of_the_float_ones(dist):
    for kind in ("onnx", "tflite"):
        float_bytes = (dist / f"tiny.fp32.{kind}").stat().st_size
        assert (dist / f"tiny.int8.{kind}").stat().st_size < float_bytes / 3


def moved_run(trained_run, folder, **changes):
    """A copy of the run whose run.json says something else."""
    run = folder / "moved"
    shutil.copytree(trained_run, run)
    meta = json.loads((run / "run.json").read_text())
    (run / "run.json").write_text(json.dumps(meta | changes))
    return run


def test_data_that_moved_must_be_given(trained_run, tmp_path):
    table = trained_run.parent / "flows.parquet"
    gone = [{"path": str(tmp_path / "gone.parquet"), "sha256": sha256(table), "flows": 320}]
    run = moved_run(trained_run, tmp_path, data=gone)
    with pytest.raises(DataError, match=r"gone\.parquet: is not there, .*: give --data"):
        export_run(run, tmp_path / "dist")
    assert export_run(run, tmp_path / "dist", [table], ["onnx"], max_drop=5).ok


def test_data_that_changed_are_refused(trained_run, tmp_path):
    table = tmp_path / "changed.parquet"
    shutil.copy(trained_run.parent / "flows.parquet", table)
    run = moved_run(
        trained_run, tmp_path, data=[{"path": str(table), "sha256": "0" * 64, "flows": 320}]
    )
    with pytest.raises(
        DataError, match=r"changed\.parquet: SHA-256 is [0-9a-f]{64}, .* says 0{64}"
    ):
        export_run(run, tmp_path / "dist")


def test_other_data_are_refused(trained_run, tmp_path, make_flows):
    with FlowWriter(tmp_path / "other.parquet") as writer:
        writer.write(make_flows(20))
    with pytest.raises(DataError, match=r"other\.parquet: has 0 of the 192 train flows"):
        export_run(trained_run, tmp_path / "dist", [tmp_path / "other.parquet"])
    assert not (tmp_path / "dist").exists()


def test_data_without_labels_prove_nothing(trained_run, tmp_path):
    flows = read_flows([trained_run.parent / "flows.parquet"])
    flows["traffic_class"][:] = None
    with FlowWriter(tmp_path / "bare.parquet") as writer:
        writer.write(flows)
    with pytest.raises(DataError, match="no test flow has a label for traffic_class"):
        export_run(trained_run, tmp_path / "dist", [tmp_path / "bare.parquet"])


def changed_card(trained_run, folder, change):
    card = json.loads((trained_run / "run.json").read_text())["card"]
    change(card)
    return moved_run(trained_run, folder, card=card)


def test_a_run_of_other_k_is_refused(trained_run, tmp_path):
    run = changed_card(trained_run, tmp_path, lambda card: card["spec"].update(k=100))
    with pytest.raises(ModelError, match=r"checkpoint\.pt: trunk\.\d+\.weight must be float32"):
        export_run(run, tmp_path / "dist")


def test_a_run_that_is_not_as_its_training_left_it_is_refused(trained_run, tmp_path):
    """Weights of a counting network, for one, fit any k."""
    metrics = json.loads((trained_run / "run.json").read_text())["metrics"]
    metrics["test"]["duration"]["accuracy"] -= 0.02
    run = moved_run(trained_run, tmp_path, metrics=metrics)
    with pytest.raises(ModelError, match=r"moved: duration: gets .* % when it was trained"):
        export_run(run, tmp_path / "dist")
    assert not (tmp_path / "dist").exists()


def test_a_flow_that_another_machine_turns_is_no_change(trained_run):
    card, network, meta = load_network(trained_run)
    test = read_parts(trained_run, card, meta, ())["test"]
    figures = meta["metrics"]["test"]["duration"]
    assert 1 / figures["n"] > 0.01  # one flow is over a point
    figures["accuracy"] -= 1 / figures["n"]
    check_figures(trained_run, (card, network, meta), test)
    figures["accuracy"] -= 1 / figures["n"]
    with pytest.raises(ModelError, match=r"duration: gets .* % when it was trained"):
        check_figures(trained_run, (card, network, meta), test)


def test_data_of_fewer_packets_are_refused(trained_run, tmp_path):
    flows = read_flows([trained_run.parent / "flows.parquet"])
    place = np.arange(len(flows.iat_us)) - np.repeat(flows.offsets[:-1], np.diff(flows.offsets))
    kept = place < 20
    offsets = np.concatenate([[0], np.cumsum(np.minimum(np.diff(flows.offsets), 20))])
    series = (flows.iat_us[kept], flows.length[kept], flows.direction[kept])
    with FlowWriter(tmp_path / "short.parquet") as writer:
        writer.write(Flows(*series, offsets, flows.columns))
    with pytest.raises(DataError, match=r"wants 60 packets per flow, .*short\.parquet keeps 20"):
        export_run(trained_run, tmp_path / "dist", [tmp_path / "short.parquet"])


def test_a_run_of_an_unknown_head_is_refused(trained_run, tmp_path):
    run = changed_card(trained_run, tmp_path, lambda card: card["heads"][0].update(name="colour"))
    with pytest.raises(ModelError, match=r"run\.json: .*Head\.name: must be one of .*'colour'"):
        export_run(run, tmp_path / "dist")


def test_a_run_of_a_newer_version_is_refused(trained_run, tmp_path):
    run = moved_run(trained_run, tmp_path, format=2)
    with pytest.raises(ModelError, match=r"format 2, this edgemtl reads 1: use the version that"):
        export_run(run, tmp_path / "dist")


def test_a_run_without_flows_to_calibrate_with_is_refused(trained_run, tmp_path):
    run = moved_run(trained_run, tmp_path)
    split = json.loads((run / "split.json").read_text())
    (run / "split.json").write_text(json.dumps(split | {"train": []}))
    with pytest.raises(DataError, match=r"split\.json: no train flows: train with a share of each"):
        export_run(run, tmp_path / "dist")


def test_a_network_that_answers_with_nan_is_refused(trained_run, tmp_path):
    run = moved_run(trained_run, tmp_path)
    state = torch.load(run / "checkpoint.pt", weights_only=True)
    torch.save({name: value * 1e30 for name, value in state.items()}, run / "checkpoint.pt")
    with pytest.raises(ModelError, match=r"moved: its network answers with NaN"):
        export_run(run, tmp_path / "dist")
    assert not (tmp_path / "dist").exists()


def test_an_artefact_is_no_run(dist, tmp_path):
    with pytest.raises(ModelError, match=r"tiny\.fp32\.onnx: is a file: give the run folder"):
        export_run(dist / FILES[0], tmp_path / "dist")


def test_int8_in_and_out(trained_run, held_out, tmp_path):
    made = export_run(
        trained_run, tmp_path / "dist", formats=["tflite"], precisions=["int8"], io="int8",
        max_drop=100,
    )  # fmt: skip
    (row,) = made.files
    model = load(tmp_path / "dist" / row["file"])
    assert model.card.origin["export"]["io"] == "int8"
    (graph,) = flatbuffer_utils.read_model_from_bytearray(
        (tmp_path / "dist" / row["file"]).read_bytes()
    ).subgraphs
    ends = [*graph.inputs, *graph.outputs]
    assert {graph.tensors[i].type for i in ends} == {schema.TensorType.INT8}
    assert schema.TensorType.FLOAT32 not in {t.type for t in graph.tensors}
    want, got = load(trained_run).predict(held_out), model.predict(held_out)
    for head in HEADS:
        assert got[head].dtype == np.float32
        np.testing.assert_allclose(got[head], want[head], rtol=0, atol=0.2)


@pytest.mark.slow
def test_the_same_run_gives_the_same_bytes(edgemtl, trained_run, dist, tmp_path):
    again = tmp_path / "again"
    done = edgemtl("export", trained_run, "-o", again, "--max-drop", 5, env={"PYTHONHASHSEED": "7"})
    assert done.returncode == 0, done
    for file in sorted(dist.iterdir()):
        assert (again / file.name).read_bytes() == file.read_bytes(), file.name


def test_report_is_one_file_that_names_every_file_and_flow(dist, exported):
    page = (dist / "report.html").read_text()
    assert "<svg" in page
    assert not re.search(r'(src|href)="(?!#)', page.replace("xlink:href", "href"))
    for row in report(exported)["files"]:
        assert row["sha256"] in page
        for figures in row["heads"].values():
            assert all(flow in page for flow in figures["turned_flows"])


def test_a_float_file_that_differs_is_not_handed_out(trained_run, tmp_path, monkeypatch):
    def wrong(graph, k, file):
        bias = graph.network.heads["duration"].bias.data
        bias += torch.linspace(0, 0.2, len(bias))
        right(graph, k, file)

    right = onnx_files.to_onnx
    monkeypatch.setattr(onnx_files, "to_onnx", wrong)
    done = export_run(trained_run, tmp_path / "dist", formats=["onnx"])
    assert not done.ok
    assert any("tiny.fp32.onnx: duration: a probability differs by" in s for s in done.broken)
    assert not any("bandwidth" in line and "fp32" in line for line in done.broken)
    assert list(tmp_path.iterdir()) == []


def test_a_converter_that_fails_leaves_nothing_and_the_old_export(
    trained_run, tmp_path, monkeypatch
):
    def fails(*arguments):
        raise RuntimeError("no kernel for this\nand a long story")

    old = tmp_path / "dist"
    old.mkdir()
    (old / "manifest.json").write_text('{"edgemtl": "0.1"}')
    monkeypatch.setattr(onnx_files, "to_int8_onnx", fails)
    with pytest.raises(
        ModelError, match=r"^tiny\.int8\.onnx: its converter .*: no kernel for this$"
    ):
        export_run(trained_run, old, formats=["onnx"])
    assert [p.name for p in tmp_path.iterdir()] == ["dist"]
    assert (old / "manifest.json").read_text() == '{"edgemtl": "0.1"}'


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"name": "../up"}, r"name '\.\./up': must be letters"),
        ({"formats": ["onnx", "coreml"]}, "formats: must be onnx or tflite, got onnx, coreml"),
        ({"formats": []}, "formats: must be onnx or tflite, got none"),
        ({"precisions": ["int4"]}, "precisions: must be fp32 or fp16 or .*, got int4"),
        (
            {"formats": ["onnx"], "precisions": ["fp16"]},
            "precisions: onnx has fp32 and int8, got fp16",
        ),
        ({"io": "int16"}, "io: must be float or int8, got int16"),
        ({"io": "int8", "formats": ["onnx"]}, "io: int8 is for the int8 file of tflite"),
    ],
)
def test_options_of_no_use_are_refused(trained_run, tmp_path, options, said):
    with pytest.raises(DataError, match=said):
        export_run(trained_run, tmp_path / "dist", **options)


def test_a_missing_converter_is_named(trained_run, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "litert_torch", None)
    with pytest.raises(MissingDependency, match=r"tflite needs litert-torch: pip install 'edgemtl"):
        export_run(trained_run, tmp_path / "dist")


def test_a_folder_of_something_else_is_left_alone(trained_run, tmp_path):
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(DataError, match="was not made by this command"):
        export_run(trained_run, tmp_path, formats=["onnx"])
    assert (tmp_path / "thesis.txt").read_text() == "mine"


def test_the_run_itself_is_left_alone(trained_run):
    with pytest.raises(DataError, match="was not made by this command"):
        export_run(trained_run, trained_run, formats=["onnx"])
    assert (trained_run / "checkpoint.pt").exists()


def test_command_with_a_broken_bound_prints_figures_and_exits_with_1(
    edgemtl, trained_run, tmp_path
):
    # a quantiser that is calibrated on nothing but zeros, through the interpreter's own hook
    (tmp_path / "sitecustomize.py").write_text(
        "import edgemtl.quantize.onnx_files as o\n"
        "real = o.observe_onnx\n"
        "o.observe_onnx = lambda file, x: real(file, 0 * x)\n"
    )
    path = os.pathsep.join(filter(None, (str(tmp_path), os.environ.get("PYTHONPATH"))))
    done = edgemtl(
        "export",
        trained_run,
        "-o",
        tmp_path / "dist",
        "--formats",
        "onnx",
        env={"PYTHONPATH": path},
    )
    assert done.returncode == 1, done
    assert "tiny.int8.onnx" in done.stdout
    lines = done.stderr.splitlines()
    assert "tiny.int8.onnx: traffic_class: loses" in done.stderr
    assert lines[-1].startswith(
        f"edgemtl export: {tmp_path / 'dist'} was not written: leave these files out"
    )
    assert not (tmp_path / "dist").exists()


@pytest.mark.parametrize("size", ["700k", "2m"])
def test_full_disk_is_one_line_and_leaves_nothing(refusal, trained_run, tmp_path, size):
    if os.geteuid() != 0:
        pytest.skip("mounting a small tmpfs needs root")
    small = tmp_path / "small"
    small.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", small]
    if subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("this machine lets nobody mount a tmpfs")
    try:
        line = refusal("export", trained_run, "-o", small / "dist", "--formats", "onnx")
        assert line.endswith("No space left on device")
        assert list(small.iterdir()) == []
    finally:
        subprocess.run(["umount", small], check=True)


def test_command_names_a_run_that_is_not_there(refusal, tmp_path):
    line = refusal("export", tmp_path / "none", "-o", tmp_path / "dist")
    assert line.startswith(f"edgemtl export: {tmp_path}/none: ")
