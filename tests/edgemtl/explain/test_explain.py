import json
import re
import shutil
from dataclasses import replace

import numpy as np
import pytest

import edgemtl as package
from edgemtl.datasets import FlowWriter, read_flows, sha256, whole_folder
from edgemtl.errors import DataError, ModelError
from edgemtl.explain import run_facts, run_page
from edgemtl.explain.facts import class_facts
from edgemtl.features import FeatureSpec
from edgemtl.models import evaluate, load_split
from edgemtl.models.early import prefix_answers
from edgemtl.models.run import RUN_FILES
from edgemtl.training import DataFile, TrainConfig, train, write_run
from tests.edgemtl.draw.reader import HOSTILE, Reader
from tests.exported import service_flows


@pytest.fixture(scope="module")
def facts(trained_run):
    return run_facts(trained_run)


@pytest.fixture(scope="module")
def tested(trained_run):
    """The flows that the run kept aside, its answers, and what evaluate makes of them."""
    flows = read_flows([trained_run.parent / "flows.parquet"])
    flows = flows.select(np.isin(flows["flow_id"], load_split(trained_run)["test"]))
    model = package.load(trained_run)
    first = prefix_answers(model.predict, flows, model.card.spec)
    p = {head: answers[-1] for head, answers in first.items()}
    return flows, p, evaluate(model.card, p, flows, first=first), model.card


def test_figures_are_those_of_evaluate(facts, tested):
    flows, _, measured, card = tested
    assert (facts.part, facts.flows) == ("test", len(flows))
    assert [head.name for head in facts.heads] == [head.name for head in card.heads]
    for head in facts.heads:
        assert head.metrics == measured["heads"][head.name]
        assert head.names == head.metrics["classes"]
        assert head.confusion.tolist() == head.metrics["confusion"]
        assert head.measured == np.sum(head.metrics["confusion"], axis=1).tolist()
        assert head.largest == head.names[np.argmax(head.measured)]
        assert head.reliability[0].sum() == head.metrics["n"]


def test_the_wrong_flows_are_the_surest_wrong_ones(facts, tested):
    flows, p, _, _ = tested
    (head,) = [head for head in facts.heads if head.name == "traffic_class"]
    every = []
    for i, row in enumerate(p["traffic_class"]):
        best = max(range(len(row)), key=lambda c: row[c])
        if head.names[best] != flows["traffic_class"][i]:
            every.append((-row[best], flows["flow_id"][i], i, head.names[best]))
    every.sort(key=lambda one: one[0])
    assert [w.flow_id for w in head.wrong] == [flow_id for _, flow_id, _, _ in every[:6]]
    for wrong, (minus_p, _, i, answer) in zip(head.wrong, every, strict=False):
        assert (wrong.answer, wrong.is_class) == (answer, flows["traffic_class"][i])
        assert wrong.p == pytest.approx(-minus_p)
        part = slice(flows.offsets[i], min(flows.offsets[i] + 60, flows.offsets[i + 1]))
        ways, lengths = flows.direction[part], flows.length[part]
        np.testing.assert_array_equal(wrong.series.up, np.where(ways > 0, lengths, 0))
        np.testing.assert_array_equal(wrong.series.down, np.where(ways < 0, lengths, 0))
        np.testing.assert_allclose(wrong.series.x, np.cumsum(flows.iat_us[part]) / 1e6)
        assert wrong.packets == len(lengths)


def test_averages_are_of_the_flows_that_have_the_packet(facts, tested):
    flows, *_ = tested
    (head,) = [head for head in facts.heads if head.name == "traffic_class"]
    for each in head.classes:
        up, there = [0.0] * 60, [0] * 60
        for i in np.flatnonzero(flows["traffic_class"] == each.name):
            for j in range(min(60, flows.kept_packets()[i])):
                there[j] += 1
                if flows.direction[flows.offsets[i] + j] > 0:
                    up[j] += flows.length[flows.offsets[i] + j]
        longest = sum(n > 0 for n in there)
        assert each.average.x.tolist() == list(range(1, longest + 1))
        expected = [u / n for u, n in zip(up, there, strict=True) if n]
        np.testing.assert_allclose(each.average.up, expected)


def test_the_page_holds_what_it_should(facts):
    text = run_page(facts)
    words = " ".join(word for word in Reader(text).words if word)
    for head in facts.heads:
        for figure in ("accuracy", "macro_f1", "ece", "largest"):
            assert f"{100 * head.metrics[figure]:.1f} %" in words
        for row in head.metrics["prefixes"]:
            if row["n"]:
                assert f"after {row['packets']} packets: {100 * row['accuracy']:.1f} %" in words
        for row in head.metrics["early"]:
            assert f"{100 * row['confidence']:.0f} % sure: {100 * row['accuracy']:.1f} %" in words
        for wrong in head.wrong:
            assert f"{wrong.answer}, said with {100 * wrong.p:.1f} %; is {wrong.is_class}" in words
            assert f"{wrong.flow_id}, {wrong.packets} packets" in words
        for each in head.classes:
            assert f"{each.flows} flows; this is" in words
    # curves, first packets; a bar, confusion, reliability, balance, averages and wrong flows
    pictures = 4 + sum(4 + len(h.classes) + len(h.wrong) for h in facts.heads)
    assert text.count("<svg") == pictures
    assert facts.meta["data"][0]["sha256"] in words
    assert len(text) < 1_000_000


def test_lengths_of_unknown_direction_are_not_called_sent(tmp_path, facts):
    flows = service_flows(80, seed=3)
    flows.direction[:] = 0
    with FlowWriter(tmp_path / "flows.parquet") as writer:
        writer.write(flows)
    config = TrainConfig(epochs=1, spec=FeatureSpec(signed=False), shares=(0.15, 0.5))
    data = DataFile(tmp_path / "flows.parquet", sha256(tmp_path / "flows.parquet"), 80)
    with whole_folder(tmp_path / "run", RUN_FILES) as run:
        write_run(run, train(flows, config), ["edgemtl"], [data])
    text = run_page(run_facts(tmp_path / "run"))
    assert "either way" in text
    assert "received" not in text
    assert "received" in run_page(facts)
    assert "either way" not in run_page(facts)


def test_an_average_of_which_some_directions_are_unknown_has_none(tested):
    flows, _, _, card = tested
    rows = np.arange(len(flows))
    whole = class_facts("all", flows, rows, card).average
    mixed = flows.select(rows)
    mixed.direction[mixed.offsets[1] : mixed.offsets[2]] = 0
    some = class_facts("some", mixed, rows, card).average
    assert some.down is None
    np.testing.assert_allclose(some.up, whole.up + whole.down)


def test_what_is_called_unknown_is_told(facts):
    (head,) = [head for head in facts.heads if head.name == "traffic_class"]
    told = {"below": 0.9, "rejected": 0.25, "accuracy": 0.975, "others": {}}
    text = run_page(replace(facts, heads=[replace(head, metrics=head.metrics | {"unknown": told})]))
    assert "Less than 90.0 % sure, it says unknown: 25.0 % of these flows; of the others" in text
    assert "97.5 % are right" in text
    assert "says unknown" not in run_page(facts)


def test_labels_that_training_did_not_see_do_not_count(tmp_path, trained_run):
    shutil.copytree(trained_run, tmp_path / "run")
    file = tmp_path / "run" / "run.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | {"labels_per_class": 7}))
    facts = run_facts(tmp_path / "run")
    heads = {head.name: head for head in facts.heads}
    assert heads["traffic_class"].trained == [7] * 4
    assert sum(heads["bandwidth"].trained) == len(load_split(trained_run)["train"])


@pytest.fixture(scope="module")
def hostile_run(tmp_path_factory):
    """A run whose classes, flows and data file are called what an enemy would call them."""
    folder = tmp_path_factory.mktemp("hostile")
    flows = service_flows(120, seed=2)
    names = dict(zip(sorted(set(flows["traffic_class"])), HOSTILE, strict=False))
    flows.columns["traffic_class"] = np.array([names[c] for c in flows["traffic_class"]], object)
    ids = [f"{HOSTILE[i % len(HOSTILE)]} {i}" for i in range(120)]
    flows.columns["flow_id"] = np.array(ids, object)
    data = folder / "<b>flows.parquet"
    with FlowWriter(data) as writer:
        writer.write(flows)
    trained = train(flows, TrainConfig(epochs=1, shares=(0.15, 0.5)))
    with whole_folder(folder / "<i>run", RUN_FILES) as run:
        write_run(run, trained, ["edgemtl", "<script>"], [DataFile(data, sha256(data), 120)])
    return folder / "<i>run"


def test_hostile_labels_are_text(hostile_run, facts):
    page, harmless = Reader(run_page(run_facts(hostile_run))), Reader(run_page(facts))
    assert page.tags <= harmless.tags
    assert page.attributes <= harmless.attributes
    words = " ".join(word for word in page.words if word)
    for name in HOSTILE[:4]:
        assert name in words
    assert "<i>run" in words


def test_of_many_classes_the_largest_are_shown(monkeypatch, trained_run, facts):
    monkeypatch.setattr("edgemtl.explain.facts.CLASSES_SHOWN", 3)
    few = {head.name: head for head in run_facts(trained_run).heads}["traffic_class"]
    every = {head.name: head for head in facts.heads}["traffic_class"]
    assert len(few.names) == 3
    assert few.names[2] == "2 others"
    assert few.confusion.sum() == every.confusion.sum()
    kept = [every.names.index(name) for name in few.names[:2]]
    np.testing.assert_array_equal(few.confusion[:2, :2], every.confusion[np.ix_(kept, kept)])
    assert sum(few.measured) == sum(every.measured)
    assert sum(few.trained) == sum(every.trained)


def test_curves_that_make_no_sense_are_no_curves(facts):
    wild = [{"loss": 1e308, "validation_loss": float("inf")}, {"loss": float("nan")}, {}]
    text = run_page(replace(facts, history=wild))
    Reader(text)
    assert "nan" not in text
    Reader(run_page(replace(facts, history=[])))


def test_html_of_a_run(edgemtl, refusal, trained_run, tmp_path):
    done = edgemtl("inspect", trained_run, "--html", tmp_path / "run.html")
    assert (done.returncode, done.stdout) == (0, "")
    assert re.search(r"as a page: .*run\.html$", done.stderr.strip())
    assert Reader((tmp_path / "run.html").read_text()).tags >= {"svg", "h1"}
    data = trained_run.parent / "flows.parquet"
    assert "is no run folder" in refusal("inspect", data, "--html", tmp_path / "no.html")
    assert not (tmp_path / "no.html").exists()


def test_what_is_missing_is_said_in_one_line(trained_run, tmp_path):
    def run(**files):
        shutil.rmtree(tmp_path / "run", ignore_errors=True)
        shutil.copytree(trained_run, tmp_path / "run")
        for name, text in files.items():
            (tmp_path / "run" / name.replace("_", ".")).write_text(text)
        return tmp_path / "run"

    with pytest.raises(ModelError, match=r"training\.csv: is damaged"):
        run_facts(run(training_csv="epoch,loss\n1,two\n"))
    (run() / "training.csv").unlink()
    with pytest.raises(ModelError, match=r"training\.csv: is missing: train again"):
        run_facts(tmp_path / "run")
    split = json.dumps({"train": ["1-0"], "validation": [], "test": []})
    with pytest.raises(DataError, match="none is kept aside to measure with"):
        run_facts(run(split_json=split))
    with pytest.raises(DataError, match="has 0 of the 1 train flows"):
        other = json.dumps({"train": ["x"], "validation": [], "test": ["1-1"]})
        run_facts(run(split_json=other))
