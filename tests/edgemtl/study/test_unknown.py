"""Each class left out in turn: what is measured, and how it is put together."""

import json
from dataclasses import replace

import numpy as np
import pytest
import typer

from edgemtl.cli.study import study
from edgemtl.datasets import FlowWriter
from edgemtl.errors import DataError
from edgemtl.study import Plan
from edgemtl.study.unknown import MEASURES, _measured, left_out_cells, left_out_rows, left_out_table
from edgemtl.training import RECIPES
from tests.exported import service_flows


def cell(name, seed, **figures):
    found = dict.fromkeys(MEASURES, 0.5) | figures
    return {"left_out": name, "labels": 10, "seed": seed, "flows": 20} | found


def test_rows_are_means_over_seeds_of_each_class_and_of_all():
    cells = [cell("a", 1, auroc=0.7), cell("b", 1, auroc=0.9), cell("a", 2, auroc=0.8),
             cell("b", 2, auroc=1.0, accuracy_others=None)]  # fmt: skip
    rows = left_out_rows(cells)
    assert [(row["left_out"], row["flows"]) for row in rows] == [("a", 20), ("b", 20), (None, 40)]
    assert [row["auroc"] for row in rows] == pytest.approx([0.75, 0.95, 0.85])
    # of 0.8 and 0.9, each the mean of a seed: 12.706 times 0.05, by Student's table
    assert rows[2]["auroc_interval"] == pytest.approx(0.635, abs=1e-3)
    table = left_out_table(rows)
    assert table[2][:4] == ["mean", "10", "40", "85.0 ±63.5"]
    assert rows[1]["accuracy_others"] == 0.5  # of the one seed that has it
    assert table[1][6] == "50.0"


def test_the_command_tells_what_is_of_no_known_class(tmp_path, monkeypatch, capsys):
    monkeypatch.setitem(RECIPES, "best", replace(RECIPES["best"], epochs=8, steps=0))
    with FlowWriter(tmp_path / "flows.parquet") as writer:
        writer.write(service_flows(120, seed=4))

    def told():
        study([tmp_path / "flows.parquet"], tmp_path / "study", unknown=0.9, labels="all",
              seeds=1, dividers="quantiles", as_json=True)  # fmt: skip
        return json.loads(capsys.readouterr().out)["rows"]

    rows = told()
    assert [row["left_out"] for row in rows] == ["document", "music", "search", "video", None]
    assert rows[-1]["flows"] == 120
    assert rows[-1]["accuracy"] > 0.5  # by chance a third
    assert all(0 <= row[measure] <= 1 for row in rows for measure in MEASURES)
    assert json.loads((tmp_path / "study" / "unknown.json").read_text())["rows"] == rows
    monkeypatch.setattr("edgemtl.study.unknown.train_parts", None)
    assert told() == rows  # nothing is trained anew


def test_interrupted_or_damaged_it_measures_what_is_missing(tmp_path, monkeypatch):
    flows = service_flows(40, seed=4)
    of_all = Plan(("mtl",), (None,), 1, unknown=0.9)
    measured = []

    def measure(flows, plan, name, labels, seed):
        if len(measured) == 2:
            raise KeyboardInterrupt
        measured.append(name)
        return {"flows": 10} | dict.fromkeys(MEASURES, 0.5)

    monkeypatch.setattr("edgemtl.study.unknown._measured", measure)
    with pytest.raises(KeyboardInterrupt):
        left_out_cells(flows, of_all, tmp_path / "study", {})
    files = sorted((tmp_path / "study" / "cells").iterdir())
    assert [file.name for file in files] == ["unknown-0.all.1.json", "unknown-1.all.1.json"]
    files[0].write_text("{")
    files[1].write_text(files[1].read_text().replace('"auroc"', '"aurok"'))
    measured.clear()
    with pytest.raises(KeyboardInterrupt):
        left_out_cells(flows, of_all, tmp_path / "study", {})
    assert measured == ["document", "music"]
    measured.clear()
    cells = left_out_cells(flows, of_all, tmp_path / "study", {})
    assert measured == ["search", "video"]
    assert [cell["left_out"] for cell in cells] == ["document", "music", "search", "video"]


def test_two_classes_are_too_few(tmp_path):
    flows = service_flows(40, seed=4)
    few = flows.select(np.isin(flows["traffic_class"].astype(str), ["music", "video"]))
    with pytest.raises(DataError, match="--unknown: 2 traffic classes: wants 3, to leave one out"):
        left_out_cells(few, Plan(("mtl",), (None,), 1, unknown=0.9), tmp_path / "study", {})


def test_too_many_labels_cost_no_other_count(tmp_path, monkeypatch, capsys):
    monkeypatch.setitem(RECIPES, "best", replace(RECIPES["best"], epochs=1, steps=0))
    with FlowWriter(tmp_path / "flows.parquet") as writer:
        writer.write(service_flows(60, seed=4))

    def told(labels):
        study([tmp_path / "flows.parquet"], tmp_path / "study", unknown=0.9, labels=labels,
              seeds=1, dividers="quantiles", as_json=True)  # fmt: skip

    told("1000,2")
    out, said = capsys.readouterr()
    assert {row["labels"] for row in json.loads(out)["rows"]} == {2}
    assert "1000 of each class were asked for" in said
    with pytest.raises(typer.Exit) as end:
        told("1000")
    assert end.value.exit_code == 1
    assert "nothing could be measured" in capsys.readouterr().err


def test_test_flows_of_unknown_class_do_not_count_as_known(monkeypatch):
    monkeypatch.setitem(RECIPES, "best", replace(RECIPES["best"], epochs=1, steps=0))
    monkeypatch.setattr("sklearn.metrics.roc_auc_score", lambda known, sure: known.sum() / 1000)
    flows = service_flows(80, seed=4)
    plan = Plan(("mtl",), (None,), 1, dividers="quantiles", unknown=0.9)
    for unlabelled in (0, 40):
        flows["traffic_class"][:unlabelled] = None
        found = _measured(flows, plan, "music", None, 1)
        assert found["auroc"] == (15 if unlabelled == 0 else 9) / 1000
