"""`python -m benchmarks.live`, slowly."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.namespaces import need

ROOT = Path(__file__).resolve().parents[3]


def test_the_benchmark_sees_all_that_it_sends():
    need("cc", "taskset")
    if len(os.sched_getaffinity(0)) < 2:
        pytest.skip("needs two cores")
    words = ("--rates", "20000", "--packets", "20000", "--flows", "100", "--runs", "1", "--json")
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.live", *words],
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    (run,) = json.loads(done.stdout)["runs"]
    assert (run["sent"], run["seen"], run["dropped"], run["flows"]) == (20_000, 20_000, 0, 100)
