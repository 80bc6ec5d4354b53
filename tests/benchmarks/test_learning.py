"""The ablation table: cross-validated, resumed, and only of variants that are complete."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np

from benchmarks.learning.__main__ import FOLDS, HEADS, folds, mean_and_interval, table
from benchmarks.learning.milliseconds import coarse
from edgemtl.datasets import FlowWriter
from tests.exported import service_flows

ROOT = Path(__file__).resolve().parents[2]


def test_each_class_is_dealt_out_evenly(make_flows):
    flows = make_flows(200)
    flows["partition"][:] = np.array(["a", "b"], object)[np.arange(200) % 2]
    fold = folds(flows, 1)
    for name in set(flows["traffic_class"]):
        counts = np.bincount(fold[flows["traffic_class"] == name], minlength=FOLDS)
        assert counts.max() - counts.min() <= 2
    assert not np.array_equal(fold, folds(flows, 2))


def test_interval_is_students():
    assert mean_and_interval([0.5, 0.6, 0.7]) == "60.0 ±24.8"


def test_differences_are_taken_seed_by_seed():
    shares = {"best": (0.5, 0.7, 0.9), "no dropout": (0.45, 0.65, 0.85)}
    done = {
        f"{variant}|5|{seed}": dict.fromkeys(HEADS, share)
        for variant, of_seeds in shares.items()
        for seed, share in enumerate(of_seeds, 1)
    }
    best, other = table(done, [5], 3).splitlines()[2:]
    assert best == "| best | 70.0 ±49.7 | 70.0 ±49.7 | 70.0 ±49.7 |"
    assert other.startswith("| no dropout | 65.0 ±49.7 (-5.0 ±0.0) | ")


def test_the_command_goes_on_and_prints_what_is_complete(tmp_path):
    with FlowWriter(tmp_path / "flows.parquet") as writer:
        writer.write(service_flows(60, seed=2))
    command = [
        sys.executable, "-m", "benchmarks.learning", tmp_path / "flows.parquet", "-o",
        tmp_path / "a.json", "--labels", "5", "--seeds", "2", "--variant", "the paper's recipe",
    ]  # fmt: skip
    first, again = (
        subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=True)
        for _ in range(2)
    )
    done = json.loads((tmp_path / "a.json").read_text())
    assert sorted(done) == ["the paper's recipe|5|1", "the paper's recipe|5|2"]
    assert len(first.stdout.splitlines()) == len(again.stdout.splitlines()) + 2
    assert again.stdout.splitlines()[-1].startswith("| the paper's recipe | ")


def test_milliseconds_cut_times_and_not_gaps(make_flows):
    flows = make_flows(20)
    gaps = coarse(flows).iat_us
    assert not (gaps % 1000).any()
    assert np.abs(gaps - flows.iat_us).max() < 1000
    assert not gaps[flows.offsets[:-1]].any()
    part = slice(flows.offsets[3] + 1, flows.offsets[4])  # no error adds up
    assert abs(int((gaps[part] - flows.iat_us[part]).sum())) < 1000
