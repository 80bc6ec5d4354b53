"""A run that was trained and exported once for all tests: fixtures for tests/conftest.py."""

import json

import numpy as np
import pytest

from edgemtl.datasets import FlowWriter
from edgemtl.flows import Flows

# class: packets, µs between packets, bytes of a reverse packet, share of reverse packets
SERVICES = {
    "document": (30, 200_000, 400, 0.5),
    "music": (60, 40_000, 1300, 0.7),
    "search": (15, 3_000, 800, 0.6),
    "video": (120, 8_000, 1400, 0.9),
}

# The paper's network, which has every operator, on features that suit these short flows.
TABLE_II = (
    "--recipe", "paper", "--iat", "log", "--signed", "--padding", "post", "--min-packets", 1,
)  # fmt: skip


def service_flows(n, seed):
    """Flows of `SERVICES` that a network learns in a few epochs, but not without doubt."""
    rng = np.random.default_rng(seed)
    columns = {name: [] for name in ("traffic_class", "packets", "bytes", "duration_s")}
    iat, length, direction = [], [], []
    for i in range(n):
        name = sorted(SERVICES)[i % len(SERVICES)]
        packets, gap, size, reverse = SERVICES[name]
        count = max(2, int(rng.normal(packets, packets / 4)))
        gaps = rng.exponential(gap * rng.uniform(0.5, 2), count).astype(np.int64)
        gaps[0] = 0
        ways = np.where(rng.random(count) < reverse, -1, 1).astype(np.int8)
        sizes = np.where(ways == 1, 60, rng.normal(size, 150, count)).clip(28, 1500)
        iat.append(gaps)
        length.append(sizes.astype(np.int32))
        direction.append(ways)
        columns["traffic_class"].append(name)
        columns["packets"].append(count)
        columns["bytes"].append(int(length[-1].sum()))
        columns["duration_s"].append(gaps.sum() / 1e6)
    arrays = {name: np.array(values) for name, values in columns.items()}
    arrays["traffic_class"] = arrays["traffic_class"].astype(object)
    arrays["bytes_per_s"] = arrays["bytes"] / arrays["duration_s"]
    arrays["flow_id"] = np.array([f"{seed}-{i}" for i in range(n)], object)
    arrays["end_reason"] = np.array(["idle"] * n, object)
    offsets = np.concatenate([[0], np.cumsum([len(gaps) for gaps in iat])])
    return Flows(*map(np.concatenate, (iat, length, direction)), offsets, arrays)


@pytest.fixture(scope="session")
def trained_run(edgemtl, tmp_path_factory):
    """A run folder named `tiny`, of 320 flows in flows.parquet beside it."""
    folder = tmp_path_factory.mktemp("trained")
    with FlowWriter(folder / "flows.parquet") as writer:
        writer.write(service_flows(320, seed=1))
    done = edgemtl(
        "train", folder / "flows.parquet", "-o", folder / "tiny",
        "--dividers", "quantiles", "--epochs", 8, "--batch", 16, *TABLE_II,
    )  # fmt: skip
    assert done.returncode == 0, done
    return folder / "tiny"


@pytest.fixture(scope="session")
def exported(edgemtl, trained_run, tmp_path_factory):
    """What ``edgemtl export --json`` said on both streams, and the folder that it wrote."""
    dist = tmp_path_factory.mktemp("exported") / "dist"
    # one of the 80 held-out flows is over a point of accuracy
    return edgemtl("export", trained_run, "-o", dist, "--json", "--max-drop", 5), dist


@pytest.fixture(scope="session")
def dist(exported):
    """The exported folder."""
    done, folder = exported
    assert done.returncode == 0, done
    return folder


@pytest.fixture(scope="session")
def held_out(trained_run):
    """The 80 flows that `trained_run` has not seen."""
    from edgemtl.models import load_split

    flows = service_flows(320, seed=1)
    return flows.select(np.isin(flows["flow_id"].astype(str), load_split(trained_run)["test"]))


@pytest.fixture(scope="session")
def best(edgemtl, trained_run, tmp_path_factory):
    """The same flows by the default recipe: what its export said, and the folder."""
    folder = tmp_path_factory.mktemp("best")
    table = trained_run.parent / "flows.parquet"
    done = edgemtl("train", table, "-o", folder / "tiny", "--dividers", "quantiles")
    assert done.returncode == 0, done
    done = edgemtl("export", folder / "tiny", "-o", folder / "dist", "--json", "--max-drop", 5)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout), folder / "dist"
