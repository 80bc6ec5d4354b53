"""Run folders: what is in them, and what a damaged one says."""

import csv
import hashlib
import json
import random
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch

from edgemtl import __version__
from edgemtl.errors import DataError, ModelError
from edgemtl.models import load_network, load_run, load_split
from edgemtl.runtime import load
from edgemtl.training import DataFile, TrainConfig, train


@pytest.fixture
def run(tmp_path, trained, save):
    data = DataFile(tmp_path / "flows.parquet", "ab" * 32, 240)
    return save(tmp_path / "run", trained, ["edgemtl", "train", "flows.parquet"], [data])


def edit(run, **changes):
    meta = json.loads((run / "run.json").read_text())
    (run / "run.json").write_text(json.dumps(meta | changes))


def test_a_run_holds_all_that_made_it(run, trained):
    assert sorted(p.name for p in run.iterdir()) == [
        "checkpoint.pt", "run.json", "split.json", "training.csv",
    ]  # fmt: skip
    card, state, meta = load_run(run)
    assert card.heads == trained.card.heads
    assert card.origin["data"] == [{"name": "flows.parquet", "sha256": "ab" * 32, "flows": 240}]
    assert all(torch.equal(v, state[name]) for name, v in trained.network.state_dict().items())
    want = {
        "format": 1, "edgemtl": __version__, "command": ["edgemtl", "train", "flows.parquet"],
        "method": "mtl", "seed": 3, "labels_per_class": None, "lambda": 1.0,
        "split": {"train": 144, "validation": 36, "test": 60}, "metrics": trained.metrics,
        "epochs": len(trained.history), "best_epoch": trained.best_epoch,
        "recipe": "paper",
        "network": {
            "kind": "cnn", "convolutions": [32, 32, 64, 64, 128, 128], "dense": [256, 256],
        },
    }  # fmt: skip
    assert {key: meta[key] for key in want} == want
    assert meta["data"][0]["path"] == str(run.parent / "flows.parquet")
    assert load_split(run) == trained.split
    with (run / "training.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [float(row["loss"]) for row in rows] == [row["loss"] for row in trained.history]


def test_the_run_answers_as_the_network_did(run, trained, learnable):
    flows = learnable(240)
    test = flows.select(np.isin(flows["flow_id"], trained.split["test"]))
    model = load(run)
    p = model.predict(test)
    right = p["bandwidth"].argmax(1) == model.card.head("bandwidth").index(test["bytes_per_s"])
    assert right.mean() == trained.metrics["test"]["bandwidth"]["accuracy"]
    assert all(np.allclose(v.sum(1), 1, atol=1e-5) for v in p.values())


def test_same_seed_same_bits_on_disk(tmp_path, learnable, save):
    digests = []
    for name in ("a", "b"):
        run = save(tmp_path / name, train(learnable(60), TrainConfig(epochs=2)))
        digests.append(hashlib.sha256((run / "checkpoint.pt").read_bytes()).digest())
    assert digests[0] == digests[1]


def test_nothing_half_is_left(tmp_path, trained, save):
    with pytest.raises(TypeError):
        save(tmp_path / "run", trained, [object()])
    assert list(tmp_path.iterdir()) == []


def test_a_run_may_be_replaced_but_no_other_folder(tmp_path, run, trained, save):
    save(run, trained, ["again"])
    assert load_run(run)[2]["command"] == ["again"]
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "me.jpg").write_bytes(b"")
    with pytest.raises(DataError, match="was not made by this command"):
        save(tmp_path / "photos", trained)


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("notes.txt", "mine", "holds notes.txt, which is not of its making"),
        ("run.json", "{}", "was not made by this command"),
        ("run.json", "[" * 100_000, "was not made by this command"),
    ],
)
def test_nothing_of_somebody_else_is_replaced(run, trained, save, name, text, said):
    (run / name).write_text(text)
    with pytest.raises(DataError, match=said):
        save(run, trained)
    assert (run / name).read_text() == text
    assert (run / "checkpoint.pt").exists()


def test_a_folder_may_be_named_from_inside(run, trained, save, monkeypatch):
    monkeypatch.chdir(run)
    save(Path(), trained, ["again"])
    assert load_run(run)[2]["command"] == ["again"]


@pytest.mark.parametrize("name", ["run.json", "checkpoint.pt"])
def test_a_missing_file_is_named(run, name):
    (run / name).unlink()
    with pytest.raises(ModelError, match=f"{name}: is missing: train again"):
        load_network(run)


def test_no_run_at_all(tmp_path):
    with pytest.raises(ModelError, match="no such run folder"):
        load_run(tmp_path / "nothing")


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"format": 2}, "run.json: format 2, this edgemtl reads 1: use the version that made it"),
        ({"card": None}, "run.json: model card is damaged"),
        ({"network": {"convolutions": [32], "dense": [1]}}, "run.json: network is damaged"),
        ({"network": {"convolutions": 7, "dense": [1]}}, "run.json: network is damaged"),
        ({"network": None}, "run.json: network is damaged"),
        (
            {"network": {"convolutions": [8, 8], "dense": [256]}},
            r"checkpoint.pt: trunk.0.weight must be float32 \(8, 2, 1, 3\), is .*\(32, 2, 1, 3\)",
        ),
    ],
)
def test_a_run_json_that_does_not_fit_is_refused(run, changes, says):
    edit(run, **changes)
    with pytest.raises(ModelError, match=says):
        load_network(run)


@pytest.mark.parametrize("text", ["", "{", "[]", '"x"', "[" * 100_000, "\xff"])
def test_a_run_json_that_is_no_object_is_refused(run, text):
    (run / "run.json").write_text(text, encoding="latin-1")
    with pytest.raises(ModelError, match=r"run\.json: (is damaged|must be a JSON object)"):
        load_run(run)


@pytest.mark.parametrize("split", ["{}", '{"train": [1]}', '{"train": [], "validation": 3}'])
def test_a_damaged_split_is_refused(run, split):
    (run / "split.json").write_text(split)
    with pytest.raises(ModelError, match=r"split\.json: .* must be a list of flow_ids"):
        load_split(run)


def test_a_damaged_checkpoint_is_refused_or_does_no_harm(run):
    whole = (run / "checkpoint.pt").read_bytes()
    _, state, _ = load_run(run)
    rng = random.Random(5)
    refused = 0
    for trial in range(60):
        bytes_ = bytearray(whole)
        if trial % 3:
            bytes_[rng.randrange(len(whole))] ^= 1 << rng.randrange(8)
        else:
            del bytes_[rng.randrange(len(whole)) :]
        (run / "checkpoint.pt").write_bytes(bytes_)
        try:
            _, read, _ = load_run(run)
        except ModelError as error:
            assert "checkpoint.pt: " in str(error)
            assert "\n" not in str(error)
            refused += 1
        else:  # a bit of padding
            assert all(torch.equal(read[name], value) for name, value in state.items())
    assert refused >= 40


def test_a_pickle_that_would_run_code_is_refused(run, tmp_path):
    class Evil:
        def __reduce__(self):
            return (shutil.rmtree, (str(tmp_path),))

    torch.save({"trunk.0.weight": Evil()}, run / "checkpoint.pt")
    with pytest.raises(ModelError, match=r"checkpoint\.pt: is no checkpoint"):
        load_run(run)
    assert run.is_dir()
