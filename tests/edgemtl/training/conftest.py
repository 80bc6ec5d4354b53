"""Flows whose three labels follow from their packets, so that a network can learn them."""

import numpy as np
import pytest

from edgemtl.flows import Flows

CLASSES = ("document", "music", "video")


@pytest.fixture(scope="session")
def learnable():
    """``learnable(n)``: length tells the class and bandwidth, inter-arrival time the duration."""

    def make(n, seed=0):
        rng = np.random.default_rng(seed)
        kind, pace = np.arange(n) % 3, rng.integers(0, 3, n)
        counts = rng.integers(40, 70, n)
        offsets = np.concatenate([[0], np.cumsum(counts)])
        m = int(offsets[-1])
        iat = rng.integers(50, 150, m) * np.repeat(np.array([1, 300, 50_000])[pace], counts)
        iat[offsets[:-1]] = 0
        return Flows(
            iat,
            (rng.integers(50, 300, m) + np.repeat(500 * kind, counts)).astype(np.int32),
            np.ones(m, np.int8),
            offsets,
            {
                "flow_id": np.array([f"{seed}-{i}" for i in range(n)], object),
                "traffic_class": np.array([CLASSES[i] for i in kind], object),
                "packets": counts,
                "duration_s": np.array([5.0, 20.0, 90.0])[pace] * rng.uniform(0.9, 1.1, n),
                "bytes_per_s": np.array([5e3, 3e4, 2e6])[kind] * rng.uniform(0.9, 1.1, n),
                "end_reason": np.array(["idle"] * n, object),
            },
        )

    return make


@pytest.fixture(scope="session")
def save():
    """``save(path, trained)``: write a run as the command line does."""
    from edgemtl.datasets import whole_folder
    from edgemtl.models.run import RUN_FILES
    from edgemtl.training import write_run

    def save_run(path, trained, command=("edgemtl", "train"), files=()):
        with whole_folder(path, RUN_FILES) as folder:
            write_run(folder, trained, command, files)
        return path

    return save_run


@pytest.fixture(scope="session")
def trained(learnable):
    """One short training of Table II's network that all tests share and none changes."""
    from edgemtl.training import TrainConfig, train

    config = TrainConfig(recipe="paper", epochs=7, patience=20, batch=16, seed=3)
    return train(learnable(240), config)
