"""Fixtures that all tests share."""

import os
import signal
from pathlib import Path

import hypothesis
import numpy as np
import pytest

from edgemtl.flows import Flows
from tests.commands import Commands
from tests.exported import best, dist, exported, held_out, trained_run  # noqa: F401

ROOT = Path(__file__).resolve().parent.parent


def pytest_configure() -> None:
    """Programs that tests start and stop by signals must not inherit that they are ignored, as they
    are for what a script runs in the background, or by nohup. And no test fails for being slow."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    hypothesis.settings.register_profile("no deadline", deadline=None)  # machines may be busy
    hypothesis.settings.load_profile("no deadline")


@pytest.fixture(scope="session")
def shared_data():
    """The folder of real captures and flows that lies beside the project, or a loud skip."""
    folder = Path(os.environ.get("EDGEMTL_DATA", ROOT.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"no data at {folder}: set EDGEMTL_DATA to the folder that holds captures/")
    return folder


@pytest.fixture(scope="session")
def edgemtl():
    """Run the command line as a user does: ``edgemtl("flows", path)`` to a CompletedProcess."""
    commands = Commands()
    yield lambda *words, **options: commands.run(list(map(str, words)), **options)
    commands.close()


@pytest.fixture(scope="session")
def refusal(edgemtl):
    """Run a command that must refuse its input; give the one line it says."""

    def run(*words, **options):
        done = edgemtl(*words, **options)
        lines = done.stderr.splitlines()
        assert done.returncode == 2, done
        assert len(lines) == 1, done.stderr
        assert "Traceback" not in done.stderr
        assert done.stdout == ""
        return lines[0]

    return run


@pytest.fixture
def make_flows():
    """Seeded flows with every column, for tests that need some: ``make_flows(n)``."""

    def make(n, seed=0, classes=("search", "video")):
        rng = np.random.default_rng(seed)
        counts = rng.integers(1, 80, n)
        m = int(counts.sum())
        offsets = np.concatenate([[0], np.cumsum(counts)])
        iat = rng.integers(0, 1_000_000, m)
        iat[offsets[:-1]] = 0
        duration = rng.uniform(0.1, 100, n)
        size = rng.integers(1000, 10**7, n)
        return Flows(
            iat,
            rng.integers(28, 1500, m).astype(np.int32),
            rng.choice([-1, 1], m).astype(np.int8),
            offsets,
            {
                "flow_id": np.array([f"{seed}-{i}" for i in range(n)], object),
                "partition": np.array(["lab"] * n, object),
                "traffic_class": rng.choice(np.array(classes, object), n),
                "packets": counts,
                "bytes": size,
                "duration_s": duration,
                "bytes_per_s": size / duration,
                "end_reason": np.array(["idle"] * n, object),
            },
        )

    return make
