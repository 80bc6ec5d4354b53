"""`edgemtl train` and `edgemtl evaluate` as a user runs them."""

import json
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from edgemtl.datasets import FlowWriter


def write(path, flows):
    with FlowWriter(path) as writer:
        writer.write(flows)
    return path


@pytest.fixture
def table(tmp_path, learnable):
    return write(tmp_path / "flows.parquet", learnable(240))


@pytest.fixture
def run(tmp_path, trained, save):
    return save(tmp_path / "run", trained)


def test_train_writes_a_run_and_says_how_good_it_is(edgemtl, tmp_path, table):
    words = ["train", table, "-o", tmp_path / "run", "--epochs", 2, "--seed", 5, "--lambda", 2,
             "--dividers", "quantiles", "--labels-per-class", 9, "--json",
             "--recipe", "paper"]  # fmt: skip
    done = edgemtl(*words)
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    meta = json.loads((tmp_path / "run" / "run.json").read_text())
    assert said["metrics"] == meta["metrics"]
    assert said["split"] == meta["split"] == {"train": 144, "validation": 36, "test": 60}
    assert meta["command"] == ["edgemtl", *map(str, words)]
    assert [meta["seed"], meta["lambda"], meta["labels_per_class"], meta["epochs"]] == [5, 2, 9, 2]
    assert meta["data"][0]["path"] == str(table)
    assert meta["data"][0]["flows"] == 240
    assert [len(head["classes"]) for head in meta["card"]["heads"]] == [5, 4, 3]
    assert done.stderr.startswith("edgemtl train: head traffic_class has no label to validate with")


def test_train_prints_a_table(edgemtl, tmp_path, table):
    done = edgemtl("train", table, "-o", tmp_path / "run", "--epochs", 1)
    assert done.returncode == 0, done.stderr
    for word in ("144 flows trained, 60 kept aside", "bandwidth", "duration", "traffic_class"):
        assert word in done.stdout
    assert done.stderr == ""


def test_evaluate_the_test_part_repeats_the_figures_of_training(edgemtl, run, table, trained):
    done = edgemtl("evaluate", run, table, "--part", "test", "--json")
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert said["flows"] == 60
    for head, measured in trained.metrics["test"].items():
        got = said["heads"][head]
        assert got["n"] == measured["n"] == sum(map(sum, got["confusion"]))
        assert got["accuracy"] == measured["accuracy"]
        assert got["ece"] == pytest.approx(measured["ece"], abs=1e-5)


def test_evaluate_prints_confusions_and_partitions(edgemtl, run, tmp_path, learnable):
    flows = learnable(30, seed=9)
    flows["partition"][:] = np.array(["monday", "tuesday"], object)[np.arange(30) % 2]
    done = edgemtl("evaluate", run, write(tmp_path / "two.jsonl", flows))
    assert done.returncode == 0, done.stderr
    for word in ("accuracy", "monday", "tuesday", "traffic_class: flows by class", "document"):
        assert word in done.stdout


def changed(column, value):
    def change(flows):
        flows[column][0] = value

    return change


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--recipe", "paper", "--k", 35], "k is 35, the convolutions need 36 packets or more"),
        (["--k", 5], "k is 5: the network counts in 6 stretches of packets, so it wants 6 or more"),
        (["--heads", "speed"], "heads: must be some of bandwidth, duration, traffic_class"),
        (["--recipe", "secret"], "recipe: must be best or paper, got 'secret'"),
        (["--iat", "linear"], "FeatureSpec.iat: must be 'log' or 'clip', got 'linear'"),
        (["--method", "rf"], "method: must be mtl or stl, others are in edgemtl study, got 'rf'"),
        (["--labels-per-class", 57], "'document' has 48 labels in the training part, "
                                     "57 of each class were asked for: ask for fewer"),
    ],
)  # fmt: skip
def test_train_refuses_wrong_settings(refusal, tmp_path, table, words, says):
    line = refusal("train", table, "-o", tmp_path / "run", *words)
    assert line.startswith("edgemtl train: ")
    assert says in line
    assert sorted(tmp_path.iterdir()) == [table]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (changed("duration_s", np.inf), "row 0: duration_s must be null or finite"),
        (changed("packets", 1000), "wants 60 packets per flow"),
        (changed("traffic_class", "rare"), "traffic class 'rare' has 1 flows"),
    ],
)
def test_train_refuses_bad_flows(refusal, tmp_path, learnable, change, says):
    flows = learnable(60)
    flows = flows.select(np.argsort(flows.kept_packets(), kind="stable"))  # the first is short
    change(flows)
    line = refusal("train", write(tmp_path / "bad.parquet", flows), "-o", tmp_path / "run")
    assert "bad.parquet" in line
    assert says in line
    assert not (tmp_path / "run").exists()


def test_train_does_not_overwrite_other_folders(refusal, tmp_path, table):
    assert "was not made by this command" in refusal("train", table, "-o", tmp_path, "--epochs", 1)


def test_full_disk_is_one_line_and_leaves_nothing(refusal, tmp_path, table):
    if os.geteuid() != 0:
        pytest.skip("mounting a small tmpfs needs root")
    small = tmp_path / "small"
    small.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=128k", "tmpfs", small]
    if subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("this machine lets nobody mount a tmpfs")
    try:
        line = refusal("train", table, "-o", small / "run", "--epochs", 1)
        assert line == f"edgemtl train: {small}/run: No space left on device"
        assert list(small.iterdir()) == []
    finally:
        subprocess.run(["umount", small], check=True)


def test_interrupted_leaves_no_half_run(tmp_path, table):
    command = [sys.executable, "-m", "edgemtl", "train", table, "-o", tmp_path / "runs" / "a",
               "--batch", "1"]  # fmt: skip
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        deadline = time.monotonic() + 60
        while not list(tmp_path.glob("runs/.a.*")) and time.monotonic() < deadline:
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert (process.returncode, out, err) == (130, b"", b"")
    assert list((tmp_path / "runs").iterdir()) == []


def test_evaluate_refuses_unknown_classes(refusal, run, tmp_path, learnable):
    flows = learnable(30)
    flows["traffic_class"][:2] = ["mail", "chat"]
    line = refusal("evaluate", run, write(tmp_path / "other.parquet", flows))
    assert "traffic class 'chat', 'mail' is none of the model's (document, music, video)" in line


def test_a_page_or_picture_replaces_nothing_else(refusal, run, table):
    before = (run / "run.json").read_bytes()
    line = refusal("inspect", run, "--html", run / "run.json")
    assert line == f"edgemtl inspect: --html: {run / 'run.json'}: must end in .html"
    line = refusal("evaluate", run, table, "--picture", run / "run.json")
    assert line == f"edgemtl evaluate: --picture: {run / 'run.json'}: must end in .svg"
    assert (run / "run.json").read_bytes() == before
    assert "--html and --json" in refusal("inspect", run, "--json", "--html", "a.html")
    assert "--data: is for --html" in refusal("inspect", run, "--data", table)


def test_classes_of_the_test_part_alone_are_no_labels(edgemtl, tmp_path, learnable):
    flows = learnable(90)
    flows.columns["src"] = flows["traffic_class"]  # a host a class
    data = write(tmp_path / "hosts.parquet", flows)
    command = "train", data, "-o", tmp_path / "run", "--recipe", "paper", "--epochs", 1
    done = edgemtl(*command, "--split-by", "host", "--validation", 0, "--test", 0.4)
    assert "30 test flows are of classes that no training flow has" in done.stderr
    found = json.loads(
        edgemtl("evaluate", tmp_path / "run", data, "--part", "test", "--json").stdout
    )
    assert found["heads"]["traffic_class"]["n"] == 0
    assert found["heads"]["bandwidth"]["n"] == 30
    edgemtl("inspect", tmp_path / "run", "--html", tmp_path / "run.html")
    assert "none of the flows kept aside has a label" in (tmp_path / "run.html").read_text()


def test_evaluate_refuses_the_part_of_other_data(refusal, run, tmp_path, learnable):
    other = write(tmp_path / "other.parquet", learnable(30, seed=4))
    line = refusal("evaluate", run, other, "--part", "test")
    assert "has 0 of the 60 test flows" in line


def test_evaluate_refuses_a_part_that_no_run_has(refusal, run, table):
    line = refusal("evaluate", run, table, "--part", "all")
    assert line == "edgemtl evaluate: --part: must be train, validation, test, got 'all'"


def test_evaluate_refuses_a_damaged_run(refusal, run, table):
    checkpoint = run / "checkpoint.pt"
    checkpoint.write_bytes(checkpoint.read_bytes()[:-1000])
    assert "checkpoint.pt: is no checkpoint" in refusal("evaluate", run, table)
