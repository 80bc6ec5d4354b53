"""A pruned run is a run; its files are measured against the whole one."""

import json
import sys
from itertools import pairwise

import numpy as np
import pytest

from edgemtl.datasets import FlowWriter, sha256
from edgemtl.errors import DataError, MissingDependency, ModelError
from edgemtl.models import head_classes, load_network
from edgemtl.models.networks import cost
from edgemtl.quantize import export_run
from edgemtl.quantize.prune import checked_share, pruning
from edgemtl.quantize.prune import tune as tuning
from edgemtl.runtime import load
from edgemtl.training import DataFile, write_run

HEADS = ["bandwidth", "duration", "traffic_class"]


@pytest.fixture(scope="session")
def run(learned, tmp_path_factory):
    trained, flows = learned
    folder = tmp_path_factory.mktemp("pruning")
    with FlowWriter(folder / "flows.parquet") as writer:
        writer.write(flows)
    (folder / "small").mkdir()
    table = folder / "flows.parquet"
    write_run(folder / "small", trained, ["edgemtl"], [DataFile(table, sha256(table), len(flows))])
    return folder / "small"


@pytest.fixture(scope="session")
def dist(run, tmp_path_factory):
    folder = tmp_path_factory.mktemp("pruned") / "dist"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tuning, "STEPS", (60, 60))
        assert export_run(run, folder, formats=["onnx"], max_drop=20, prune_to=0.3).ok
    return folder


@pytest.fixture
def manifest(dist):
    return json.loads((dist / "manifest.json").read_text())


def held_out(learned):
    trained, flows = learned
    return flows.select(np.isin(flows["flow_id"].astype(str), trained.split["test"]))


def test_the_pruned_run_is_a_run(dist, run, learned):
    card, network, meta = load_network(dist / "small.pruned")
    whole, before, _ = load_network(run)
    assert cost(network, 60)[1] <= 0.3 * cost(before, 60)[1]
    assert [h.name for h in card.heads] == [h.name for h in whole.heads] == HEADS
    assert meta["command"][-2:] == ["--prune", "0.3"]
    answers = load(dist / "small.pruned").predict(held_out(learned))
    targets = head_classes(card, held_out(learned), "held out")
    for head in HEADS:
        share = float((answers[head].argmax(1) == targets[head]).mean())
        assert meta["metrics"]["test"][head]["accuracy"] == pytest.approx(share)


def test_the_same_run_gives_the_same_bytes(dist, run, tmp_path, monkeypatch):
    monkeypatch.setattr(tuning, "STEPS", (60, 60))
    options = {"formats": ["onnx"], "precisions": ["fp32"], "max_drop": 20, "prune_to": 0.3}
    assert export_run(run, tmp_path / "again", **options).ok
    for file in sorted((dist / "small.pruned").iterdir()):
        assert (tmp_path / "again" / "small.pruned" / file.name).read_bytes() == file.read_bytes()


def test_it_can_be_exported_itself_but_not_pruned_again(dist, tmp_path):
    again = export_run(dist / "small.pruned", tmp_path / "again", formats=["onnx"], max_drop=20)
    assert again.ok
    with pytest.raises(ModelError, match=r"run\.json: is pruned already: give the run that it was"):
        export_run(dist / "small.pruned", tmp_path / "more", formats=["onnx"], prune_to=0.5)


def test_points_are_lost_from_the_whole_run(manifest, run, dist, learned):
    x, targets = held_out(learned), None
    whole = load(run).predict(x)
    targets = head_classes(load(run).card, x, "held out")
    for row in manifest["files"]:
        answers = load(dist / row["file"]).predict(x)
        for head in HEADS:
            right = [float((p[head].argmax(1) == targets[head]).mean()) for p in (whole, answers)]
            assert row["heads"][head]["drop"] == pytest.approx(100 * (right[0] - right[1]))
        assert row["macs"] == manifest["pruned"]["macs"] < 0.3 * manifest["reference"]["macs"]


def test_differences_are_those_from_the_pruned_network(manifest):
    float_file = next(row for row in manifest["files"] if row["precision"] == "fp32")
    assert all(h["max_difference"] < 1e-4 for h in float_file["heads"].values())
    assert max(h["max_difference"] for h in manifest["pruned"]["heads"].values()) > 0.01


def test_the_manifest_tells_each_step(manifest):
    steps = manifest["pruning"]["steps"]
    assert [round(row["share"], 1) for row in steps] == [1.0, 0.7, 0.5, 0.4, 0.3]
    assert all(low["macs"] < high["macs"] for high, low in pairwise(steps))
    assert list(steps[0]["heads"]) == HEADS
    assert manifest["pruning"]["judged"] == "48 validation flows"
    assert manifest["pruning"]["share"] == steps[-1]["share"]


def test_the_page_shows_the_pruned_run_and_the_way_to_it(manifest, dist):
    page = (dist / "report.html").read_text()
    row = manifest["pruned"]
    assert f">{row['file']}<" in page
    for step in manifest["pruning"]["steps"]:
        assert f"<td>{step['macs']:,}</td>" in page
        assert f">{step['macs']:,} multiply-adds: " in page  # a dot of the picture


def test_auto_that_finds_nothing_good_says_so(run, tmp_path, monkeypatch):
    monkeypatch.setattr(tuning, "STEPS", (1, 1))
    monkeypatch.setattr(pruning, "AUTO_LEAST", 1e-3)  # in one step
    monkeypatch.setattr("edgemtl.quantize.prune.steps.STEP", 1e-3)
    done = export_run(
        run, tmp_path / "dist", formats=["onnx"], max_drop=20, prune_to="auto", prune_drop=3
    )
    assert done.pruning["share"] == 1.0
    assert done.pruning["notes"] == ["no step down was within 3 points: the network is whole"]
    assert done.reference["macs"] == done.pruned["macs"]


@pytest.mark.parametrize("told", ["0", "-1", "1.5", "half", "nan", ""])
def test_a_share_is_over_0_and_up_to_1(told):
    with pytest.raises(DataError, match="--prune: must be auto or the share of multiply-adds"):
        checked_share(told)


def test_a_share_that_no_network_has_is_refused(run, tmp_path):
    with pytest.raises(DataError, match=r"--prune: must be 0\.00\d+ or more, .*, got 0\.0001"):
        export_run(run, tmp_path / "dist", formats=["onnx"], prune_to=0.0001)
    assert list(tmp_path.iterdir()) == []


def test_a_run_that_does_not_say_how_it_was_trained_is_refused(run, tmp_path):
    meta = json.loads((run / "run.json").read_text())
    for file in run.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    (tmp_path / "run.json").write_text(json.dumps(meta | {"lambda": None}))
    with pytest.raises(ModelError, match=r"run\.json: does not say how it was trained"):
        export_run(tmp_path, tmp_path.parent / "dist", formats=["onnx"], prune_to=0.5)


def test_torch_pruning_is_named_where_it_is_missing(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch_pruning", None)
    with pytest.raises(MissingDependency, match=r"--prune needs torch-pruning: pip install"):
        checked_share("0.5")


def test_the_command_refuses_a_bad_share(refusal, run, tmp_path):
    said = refusal("export", run, "-o", tmp_path / "dist", "--prune", "2")
    assert said == (
        "edgemtl export: --prune: must be auto or the share of multiply-adds to keep, over 0 and "
        "up to 1, got '2'"
    )
