"""Studies: every method on the same splits, resumed, summed up and shown."""

import json
import shutil
from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from edgemtl.datasets import FlowWriter
from edgemtl.errors import DataError
from edgemtl.features import FeatureSpec
from edgemtl.flows import Flows
from edgemtl.study import METHODS, Plan, run_cells, summary
from edgemtl.study.methods import find_method
from edgemtl.study.report import _together, table, write_report
from edgemtl.study.statistics import STATISTICS, statistics
from edgemtl.training import TrainConfig
from edgemtl.training.parts import split_parts
from tests.exported import service_flows


@pytest.fixture
def quick(monkeypatch):
    """Networks that train for a few steps."""
    from edgemtl.study import nets

    monkeypatch.setattr(nets, "STEPS", 4)
    monkeypatch.setattr(nets, "_enough", lambda config, n: nets.replace(config, epochs=2))


@pytest.fixture(scope="module")
def flows():
    return service_flows(80, seed=3)


def plan(*methods, labels=(None,), seeds=1, **more):
    return Plan(methods, labels, seeds, **{"dividers": "quantiles"} | more)


def test_statistics_are_the_oracles(make_flows):
    flows = make_flows(30)
    rows = statistics(flows, FeatureSpec())
    assert rows.shape == (30, len(STATISTICS))
    for i in (0, 7, 29):
        part = flows.select([i])
        n = min(60, len(part.length))
        told = dict(zip(STATISTICS, rows[i], strict=True))
        assert told["packets"] == n
        assert told["length_mean"] == pytest.approx(sum(part.length[:n].tolist()) / n)
        assert told["length_q50"] == pytest.approx(np.median(part.length[:n]))
        assert told["log2_iat_us_q100"] == pytest.approx(np.log2(1 + part.iat_us[:n].max()))
        assert told["forward_share"] == pytest.approx((part.direction[:n] == 1).mean())
        bytes_20 = part.length[: min(20, n)].sum()
        assert told["log2_bytes_until_20"] == pytest.approx(np.log2(1 + bytes_20))


def test_lengths_may_be_those_of_payloads(flows, tmp_path):
    payload = np.maximum(flows.length - 52, 0)
    alone = Flows(offsets=flows.offsets, columns=flows.columns, **flows.series() | {
        "length": np.zeros_like(flows.length), "payload": payload})  # fmt: skip
    told = dict(
        zip(STATISTICS, statistics(alone, FeatureSpec(length_kind="payload")).T, strict=True)
    )
    assert told["length_q100"].tolist() == [
        payload[a:b][:60].max() for a, b in zip(flows.offsets, flows.offsets[1:], strict=False)
    ]
    with pytest.raises(DataError, match="give --length-kind payload"):
        run_cells(alone, None, plan("rf"), tmp_path / "ip", {})
    (cell,) = run_cells(alone, None, plan("rf", length_kind="payload"), tmp_path / "s", {})
    assert cell["heads"]["traffic_class"]["accuracy"] > 0.8


@pytest.mark.parametrize("name", METHODS)
def test_every_method_answers_for_every_test_flow(quick, flows, name):
    from edgemtl.training import recipe_spec

    method = find_method(name)
    spec = recipe_spec(method.recipe, min_packets=1)
    config = TrainConfig(spec=spec, recipe=method.recipe, dividers="quantiles", labels_per_class=5)
    parts = split_parts(flows, config)
    answers = method.answers(parts, config)
    own = {"stl", "transfer", "transfer-frozen"}
    assert sorted(answers) == (["traffic_class"] if name in own else
                               ["bandwidth", "duration", "traffic_class"])  # fmt: skip
    for head in parts.heads:
        if head.name in answers:
            p = answers[head.name]
            assert p.shape == (len(parts.flows["test"]), len(head.classes))
            np.testing.assert_allclose(p.sum(1), 1, atol=1e-5)


@pytest.mark.parametrize("name", METHODS)
def test_a_method_whose_heads_are_left_out_has_no_answer_for_them(quick, flows, name):
    from edgemtl.training import recipe_spec

    method = find_method(name)
    config = TrainConfig(spec=recipe_spec(method.recipe, min_packets=1), recipe=method.recipe)
    parts = split_parts(flows, config)
    for kept in ("traffic_class", "duration"):
        some = tuple(head for head in parts.heads if head.name == kept)
        answers = method.answers(replace(parts, heads=some), config)
        assert set(answers) <= {head.name for head in some}


def test_splits_may_have_other_classes(tmp_path):
    figures = {"n": 2, "accuracy": 0.5, "macro_f1": 0.5, "ece": 0.1,
               "reliability": np.ones((3, 10)).tolist()}  # fmt: skip
    cells = [
        {"method": "knn", "labels": None, "seed": seed, "heads": {"traffic_class": figures | more}}
        for seed, more in enumerate((
            {"classes": ["a", "b"], "confusion": [[1, 0], [1, 0]]},
            {"classes": ["b", "c", "a"], "confusion": [[2, 0, 0], [0, 3, 0], [0, 0, 4]]},
        ), 1)
    ]  # fmt: skip
    names, counts = _together([cell["heads"]["traffic_class"] for cell in cells])
    assert names == ["a", "b", "c"]
    assert counts.tolist() == [[5, 0, 0], [1, 2, 0], [0, 0, 3]]
    write_report(tmp_path, cells, plan("knn", seeds=2), ["edgemtl", "study"], {})
    assert (tmp_path / "confusion.svg").exists()


def test_a_study_without_test_flows_is_refused_before_it_takes_a_folder(flows, tmp_path):
    with pytest.raises(DataError, match="--test 0: there is nothing to test"):
        run_cells(flows, None, plan("knn", shares=(0.1, 0.0)), tmp_path / "s", {})
    assert not (tmp_path / "s").exists()
    run_cells(flows, flows, plan("knn", shares=(0.1, 0.0)), tmp_path / "s", {})


def test_trees_learn_and_the_seed_decides(flows, tmp_path):
    cells = run_cells(flows, None, plan("rf", "knn", seeds=2), tmp_path / "s", {})
    assert [(c["method"], c["seed"]) for c in cells] == [
        ("rf", 1), ("knn", 1), ("rf", 2), ("knn", 2),
    ]  # fmt: skip
    for cell in cells:
        figures = cell["heads"]["traffic_class"]
        assert figures["accuracy"] > 0.8
        assert figures["n"] == np.sum(figures["confusion"]) == sum(figures["reliability"][0]) == 20
    again = run_cells(flows, None, plan("rf", "knn", seeds=2), tmp_path / "t", {})
    assert [c["heads"] for c in again] == [c["heads"] for c in cells]


def test_it_goes_on_where_it_was_and_may_grow(flows, tmp_path):
    folder = tmp_path / "study"
    run_cells(flows, None, plan("knn"), folder, {"a": "1"})
    (file,) = (folder / "cells").iterdir()
    before = file.stat()
    cells = run_cells(flows, None, plan("knn", "rf", labels=(3, None)), folder, {"a": "1"})
    assert len(cells) == len(list((folder / "cells").iterdir())) == 4
    assert (file.stat().st_ino, file.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    with pytest.raises(DataError, match="is of other data or settings: give another folder"):
        run_cells(flows, None, plan("knn"), folder, {"a": "2"})
    with pytest.raises(DataError, match="is of other data or settings"):
        run_cells(flows, None, plan("knn", k=30), folder, {"a": "1"})
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter.txt").write_text("dear")
    with pytest.raises(DataError, match="was not made by edgemtl study"):
        run_cells(flows, None, plan("knn"), tmp_path / "mine", {})


@pytest.mark.parametrize("text", ["{", "", "[]", "{}", "\udcff", '{"cell": {"heads": {}}}', None])
def test_a_damaged_cell_is_measured_anew(flows, tmp_path, text):
    folder = tmp_path / "study"
    (cell,) = run_cells(flows, None, plan("knn"), folder, {})
    (file,) = (folder / "cells").iterdir()
    changed = file.read_text().replace('"accuracy": ', '"accuracy": 1')
    assert changed != file.read_text()
    file.write_text(changed if text is None else text, errors="surrogateescape")
    (again,) = run_cells(flows, None, plan("knn"), folder, {})
    assert again["heads"] == cell["heads"]
    assert json.loads(file.read_text())["cell"] == again


def test_a_damaged_plan_is_refused(flows, tmp_path):
    (tmp_path / "plan.json").write_text("{")
    with pytest.raises(DataError, match=r"plan\.json: is damaged: .*: give another folder"):
        run_cells(flows, None, plan("knn"), tmp_path, {})


def test_interrupted_before_the_first_cell_it_goes_on(flows, tmp_path):
    folder = tmp_path / "study"
    run_cells(flows, None, plan("knn"), folder, {})
    shutil.rmtree(folder / "cells")
    (cell,) = run_cells(flows, None, plan("knn"), folder, {})
    assert cell["heads"]


def test_test_flows_of_their_own(flows, tmp_path):
    aside = service_flows(24, seed=9)
    (cell,) = run_cells(flows, aside, plan("knn"), tmp_path / "s", {})
    assert cell["heads"]["traffic_class"]["n"] == 24


def test_more_labels_than_there_are_is_said_and_skipped(flows, tmp_path):
    cells = run_cells(flows, None, plan("knn", labels=(500, None)), tmp_path / "s", {})
    assert "500 of each class were asked for" in cells[0]["skipped"]
    assert "--labels-per-class" not in cells[0]["skipped"]  # which is train's option
    assert cells[1]["heads"]


def test_summary_is_mean_and_students_interval():
    accuracies = [0.8, 0.9, 0.85]
    cells = [
        {"method": "knn", "labels": 10, "seed": seed, "heads": {
            "bandwidth": {"n": 5, "accuracy": a, "macro_f1": a, "ece": 0.1}}}
        for seed, a in enumerate(accuracies)
    ]  # fmt: skip
    first, mean = summary(cells, plan("knn", labels=(10,), seeds=3))
    low, high = stats.t.interval(0.95, 2, np.mean(accuracies), stats.sem(accuracies))
    assert first["accuracy"] == pytest.approx((low + high) / 2)
    assert first["accuracy_interval"] == pytest.approx((high - low) / 2)
    assert (first["labels"], mean["labels"], mean["seeds"]) == (10, "mean", 3)
    (alone, _) = summary(cells[:1], plan("knn", labels=(10,)))
    assert alone["accuracy_interval"] is None


def test_the_papers_figures_stand_in_their_columns():
    rows = table([], plan("rf", labels=(None, 10)), "accuracy", paper=True)
    assert rows[1:] == [
        ["the paper: multi-task", "–", "93.3", "89.3–90.7", "91.0–92.0"],
        ["the paper: single-task", "97.7", "–", "–", "–"],
        ["the paper: transfer learning", "–", "85.3", "–", "–"],
        ["the paper: CNN+RNN-2", "–", "64.7", "89.3", "92.0"],
        ["the paper: random forest", "–", "48.7", "–", "–"],
    ]


@pytest.mark.filterwarnings("error")  # a head without figures has no legend
def test_pictures_tell_of_which_label_count_they_are(tmp_path):
    figures = {"n": 2, "accuracy": 0.5, "macro_f1": 0.5, "ece": 0.1, "classes": ["long", "short"],
               "confusion": [[1, 0], [1, 0]], "reliability": [[2], [1.5], [1]]}  # fmt: skip
    cells = [{"method": "knn", "labels": n, "seed": 1, "heads": {"duration": figures} if n else {}}
             for n in (3, None)]  # fmt: skip
    write_report(tmp_path, cells, plan("knn", labels=(3, None)), ["edgemtl", "study"], {})
    text = (tmp_path / "confusion.svg").read_text()
    for comment in ("1 nearest flow: duration, 3 labels", "1 nearest flow: bandwidth"):
        assert f"<!-- {comment} -->" in text  # matplotlib's, of text that is drawn as paths
    assert "<!-- 1 nearest flow, 3 labels -->" in (tmp_path / "reliability.svg").read_text()


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--methods", "magic"], "--methods: must be of mtl, stl"),
        (["--methods", "rf:best"], "--methods: must be of mtl, stl"),
        (["--labels", "ten"], "--labels: must be numbers with commas, or all, got 'ten'"),
        (["--labels", "0"], "--labels: must be 1 or more, or all"),
        (["--seeds", "0"], "--seeds: must be 1 to 1000"),
        (["--length-kind", "frame"], "--length-kind: must be ip or payload"),
        (["--unknown", 0.95, "--methods", "rf"], "--unknown: leaves classes of DATA out of"),
        (["--unknown", 0.95, "--test-data", "y.parquet"], "give no --methods, --test-data or"),
        (["--unknown", 0.95, "--paper"], "give no --methods, --test-data or --paper"),
    ],
)
def test_wrong_settings_are_refused(refusal, tmp_path, words, says):
    assert says in refusal("study", tmp_path / "x.parquet", "-o", tmp_path / "s", *words)


def test_the_command_writes_tables_and_pictures(edgemtl, tmp_path, flows):
    with FlowWriter(tmp_path / "flows.parquet") as writer:
        writer.write(flows)
    words = ["study", tmp_path / "flows.parquet", "-o", tmp_path / "s", "--methods", "rf,knn",
             "--labels", "3,all", "--seeds", 2, "--dividers", "quantiles", "--paper"]  # fmt: skip
    done = edgemtl(*words)
    assert done.returncode == 0, done.stderr
    for word in ("class, 3", "class, all", "random forest", "1 nearest flow", "the paper", "±"):
        assert word in done.stdout
    names = {path.name for path in (tmp_path / "s").iterdir()}
    assert names == {
        "accuracy.svg", "confusion.svg", "reliability.svg", "study.json", "study.md", "plan.json",
        "cells",
    }  # fmt: skip
    text = (tmp_path / "s" / "study.md").read_text()
    assert "--methods rf,knn --labels 3,all" in text
    assert "--methods rf,knn" in (tmp_path / "s" / "accuracy.svg").read_text()
    again = edgemtl(*words, "--json")
    said = json.loads(again.stdout)
    assert {row["method"] for row in said["rows"]} == {"rf", "knn"}
    assert said["rows"] == json.loads((tmp_path / "s" / "study.json").read_text())["rows"]


def test_where_nothing_could_be_measured_the_command_says_so(edgemtl, tmp_path, flows):
    with FlowWriter(tmp_path / "flows.parquet") as writer:
        writer.write(flows)
    folder = tmp_path / "s"
    words = ["study", tmp_path / "flows.parquet", "-o", folder, "--methods", "knn", "--labels", 500,
             "--seeds", 1, "--dividers", "quantiles", "--paper"]  # fmt: skip
    done = edgemtl(*words)
    why, end = done.stderr.splitlines()
    assert (done.returncode, done.stdout) == (1, "")
    assert "500 of each class were asked for" in why
    assert end == (f"edgemtl study: {folder}: nothing could be measured: give fewer --labels, "
                   "or label more")  # fmt: skip
    assert (folder / "study.md").is_file()
    again = edgemtl(*words, "--json")
    assert (again.returncode, json.loads(again.stdout)["rows"]) == (1, [])
