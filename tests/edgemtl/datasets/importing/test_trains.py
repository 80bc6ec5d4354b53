"""What is imported can be learned from."""

import csv
import json
from datetime import timedelta

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from edgemtl.datasets import CESNET, TCBENCH, import_npy, ipfixprobe
from edgemtl.errors import DataError
from edgemtl.features import FeatureSpec
from edgemtl.flows import Flows
from edgemtl.training import TrainConfig, train
from tests.edgemtl.datasets.importing.rows import (
    CESNET_ROW,
    ETHERNET,
    START,
    UDP,
    UNIREC,
    frames,
    imported,
    tcbench_rows,
    write_csv,
    write_npy,
)


def as_cesnet(tmp_path):
    """Flows of the carried data as CESNET would list them: 30 packets, payloads, whole ms."""
    rows = []
    for kind, times, lengths, ways in frames():
        gaps = np.round(1000 * np.diff(times[:30], prepend=0)).astype(int).tolist()
        payload = (lengths[:30] - ETHERNET - UDP).tolist()
        ppi = json.dumps([gaps, (2 * ways[:30] - 1).tolist(), payload])
        whole = {"PACKETS": len(times), "PACKETS_REV": 0, "BYTES": int(lengths.sum())}
        rows.append(
            CESNET_ROW | whole | {"PPI": ppi, "DURATION": times[-1], "APP": ("a", "b")[kind]}
        )
    return write_csv(tmp_path / "f.csv", rows)


QUICK = {"epochs": 1, "shares": (0.0, 0.0)}


def test_cesnet_trains_on_payload_lengths_alone(tmp_path):
    flows = imported(as_cesnet(tmp_path), CESNET)
    spec = FeatureSpec(k=30, length_kind="payload", skip_empty=True)
    assert train(flows, TrainConfig(spec=spec, **QUICK)).card.head("traffic_class")
    for spec, why in (
        (FeatureSpec(k=30), "needs lengths of IP packets, in flows 40 of 40 flows"),
        (FeatureSpec(k=60, length_kind="payload"), "keeps 30: .* or train with --k 30"),
    ):
        with pytest.raises(DataError, match=why):
            train(flows, TrainConfig(spec=spec, **QUICK))
    with pytest.raises(DataError, match="needs lengths of IP packets"):
        flows.tensor(FeatureSpec(k=30))


def test_a_list_without_empty_packets_may_be_shorter_than_its_flow(tmp_path):
    """TLS: acknowledgements count in PACKETS and are not listed; nothing was cut off."""
    path = as_cesnet(tmp_path)
    short = CESNET_ROW | {"PPI": "[[0, 1, 1], [1, -1, 1], [9, 9, 9]]", "PACKETS": "500"}
    with path.open("a", newline="") as file:
        csv.writer(file).writerow(short.values())
    flows = imported(path, CESNET)
    spec = FeatureSpec(k=30, length_kind="payload", skip_empty=True)
    assert train(flows, TrainConfig(spec=spec, **QUICK)).split["train"]


def test_the_authors_split_trains_as_they_did(tmp_path):
    flows = Flows.concat(list(import_npy(write_npy(tmp_path))))
    paper = FeatureSpec(
        iat="clip", length_scale=1434.0, signed=False, padding="pre", min_packets=20
    )
    config = TrainConfig(spec=paper, recipe="paper", **QUICK)
    assert len(train(flows, config).card.heads) == 3
    with pytest.raises(DataError, match="direction is unknown in 40 of 40 flows"):
        train(flows, TrainConfig(**QUICK))


def test_tcbench_and_ipfixprobe_train(tmp_path):
    pq.write_table(pa.Table.from_pylist(list(tcbench_rows(2023))), tmp_path / "t.parquet")
    assert train(imported(tmp_path / "t.parquet", TCBENCH), TrainConfig(**QUICK)).card.heads
    rows = []
    for kind, times, lengths, ways in frames():
        listed = {
            "PPI_PKT_LENGTHS": (lengths[:30] - ETHERNET - UDP).tolist(),
            "PPI_PKT_DIRECTIONS": (2 * ways[:30] - 1).tolist(),
            "PPI_PKT_TIMES": [(START + timedelta(seconds=t)).isoformat() for t in times[:30]],
            "PACKETS": len(times), "PACKETS_REV": 0, "LABEL": ("a", "b")[kind],
        }  # fmt: skip
        rows.append({name: value for name, (_, value) in UNIREC.items()} | listed)
    path = tmp_path / "i.json"
    path.write_text("\n".join(map(json.dumps, rows)))
    flows = imported(path, ipfixprobe("payload"), label="LABEL")
    spec = FeatureSpec(k=30, length_kind="payload", skip_empty=True)
    assert train(flows, TrainConfig(spec=spec, **QUICK)).card.head("traffic_class")
