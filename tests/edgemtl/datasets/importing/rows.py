"""Rows of other tools and data sets, in their very shape; each says where that is from."""

import csv
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest

from edgemtl import carried
from edgemtl.datasets import import_rows, read_flows
from edgemtl.errors import DataError
from edgemtl.flows import Flows

DATA = Path(__file__).parents[3] / "data"
CARRIED = Path(carried.__file__).parent
UDP = 28  # bytes of IPv4 and UDP header
ETHERNET = 14
START = datetime(2022, 10, 31, 12)

# Columns of the published CSV: table 2 of https://doi.org/10.1038/s41597-024-03927-4; PPI is
# "[[inter-packet times], [packet directions], [packet sizes], [push flags]]". Units:
# https://cesnet.github.io/cesnet-datazoo/features/
CESNET_HEADER = (
    "ID,SRC_IP,DST_IP,DST_ASN,SRC_PORT,DST_PORT,PROTOCOL,TLS_SNI,TIME_FIRST,TIME_LAST,DURATION,"
    "BYTES,BYTES_REV,PACKETS,PACKETS_REV,PPI,PPI_LEN,PPI_DURATION,PPI_ROUNDTRIPS,"
    "FLOW_ENDREASON_IDLE,FLOW_ENDREASON_ACTIVE,FLOW_ENDREASON_END,FLOW_ENDREASON_OTHER,APP,CATEGORY"
)
CESNET_ROW = {
    "ID": "7", "SRC_IP": "10.0.0.1", "DST_IP": "192.0.2.1", "DST_ASN": "64500",
    "SRC_PORT": "50000", "DST_PORT": "443", "PROTOCOL": "17", "TLS_SNI": "a.example",
    "TIME_FIRST": "2022-10-31T00:00:00.250000", "TIME_LAST": "2022-10-31T00:00:02.250000",
    "DURATION": "2.0", "BYTES": "3000", "BYTES_REV": "9000", "PACKETS": "6", "PACKETS_REV": "8",
    "PPI": "[[0, 31, 2], [1, -1, 1], [1250, 0, 80], [0, 1, 1]]", "PPI_LEN": "3",
    "PPI_DURATION": "0.033", "PPI_ROUNDTRIPS": "1", "FLOW_ENDREASON_IDLE": "0",
    "FLOW_ENDREASON_ACTIVE": "1", "FLOW_ENDREASON_END": "0", "FLOW_ENDREASON_OTHER": "0",
    "APP": "mail", "CATEGORY": "Mail",
}  # fmt: skip

# ipfixprobe: src/plugins/process/pstats/README.md and docs/_export/basic.md of CESNET/ipfixprobe.
# NEMEA's logger puts the UniRec type in front of each name and writes arrays as [a|b|c].
UNIREC = {
    "DST_IP": ("ipaddr", "192.0.2.1"), "SRC_IP": ("ipaddr", "10.0.0.1"),
    "BYTES": ("uint64", "3000"), "BYTES_REV": ("uint64", "9000"),
    "TIME_FIRST": ("time", "2022-10-31T00:00:00.250000"),
    "TIME_LAST": ("time", "2022-10-31T00:00:02.250000"),
    "PACKETS": ("uint32", "6"), "PACKETS_REV": ("uint32", "8"),
    "DST_PORT": ("uint16", "443"), "SRC_PORT": ("uint16", "50000"),
    "FLOW_END_REASON": ("uint8", "2"), "PROTOCOL": ("uint8", "17"),
    "PPI_PKT_LENGTHS": ("uint16*", "[1250|0|80]"),
    "PPI_PKT_TIMES": (
        "time*",
        "[2022-10-31T00:00:00.250000|2022-10-31T00:00:00.281004|2022-10-31T00:00:00.281003]",
    ),
    "PPI_PKT_FLAGS": ("uint8*", "[0|0|0]"),
    "PPI_PKT_DIRECTIONS": ("int8*", "[1|-1|1]"),
}  # fmt: skip


def write_csv(path, rows, header=None):
    header = header or list(rows[0])
    with path.open("w", newline="") as file:
        table = csv.writer(file)
        table.writerow(header)
        table.writerows(row.values() for row in rows)
    return path


def imported(path, source, **options):
    return Flows.concat(list(import_rows(path, source, **options)))


def refused(path, source, **options):
    with pytest.raises(DataError, match=r"^[^\n]*$") as error:
        imported(path, source, **options)
    return str(error.value)


def frames(n=40, packets=130):
    """Real flows as the UC Davis text files have them: times (s), frame lengths, directions."""
    flows = read_flows([CARRIED / "quic-lab.parquet"])
    rows = np.flatnonzero(flows.kept_packets() > 21)[:n]
    for i, row in enumerate(rows):
        part = slice(flows.offsets[row], min(flows.offsets[row + 1], flows.offsets[row] + packets))
        times = np.round(np.cumsum(flows.iat_us[part]) / 1e6, 6)
        yield i % 2, times, flows.length[part] + ETHERNET, (flows.direction[part] > 0).astype(int)


def tcbench_rows(year):
    times_name = "timetofirst" if year == 2023 else "pkts_timetofirst"
    for i, (kind, times, lengths, ways) in enumerate(frames()):
        yield {
            "row_id": i, "app": ("google-doc", "youtube")[kind], "partition": "pretraining",
            "pkts_size": lengths.tolist(), "pkts_dir": ways.tolist(), times_name: times.tolist(),
            "bytes": int(lengths.sum()), "duration": float(times[-1]),
        }  # fmt: skip


def write_npy(folder, signed=False):
    """As dataProcessQuic.py of shrezaei/MultitaskTrafficClassification makes them."""
    rows, labels = [], []
    for kind, times, lengths, ways in frames():
        gaps = np.minimum(np.diff(times, prepend=times[0]), 1)
        scaled = lengths / 1434 * (2 * ways - 1 if signed else 1)
        row = np.stack([(gaps - 0.5) * 2, scaled], 1)[:120].ravel()
        rows.append(np.concatenate([np.zeros(240 - len(row)), row]))
        labels.append([lengths.sum() / times[-1], times[-1], kind + 1])
    np.save(folder / "trainData.npy", np.array(rows))
    np.save(folder / "trainLabel.npy", np.array(labels))
    return folder / "trainData.npy"
