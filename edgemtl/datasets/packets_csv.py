"""Flows from a CSV with one packet a row: the form that any other tool can be made to print."""

from __future__ import annotations

import csv
from pathlib import Path

from edgemtl.datasets.series import PacketSeries, flows_of, microseconds
from edgemtl.errors import DataError
from edgemtl.flows import Flows

__all__ = ["import_csv"]

REQUIRED = ("flow_id", "timestamp", "length", "direction")


def import_csv(path: Path, partition: str | None = None, packets: int = 256) -> Flows:
    """Read a CSV of packets; rows of different flows may be mixed, those of one are in order.

    Parameters
    ----------
    path : Path
        Header ``flow_id,timestamp,length,direction`` and, if known, ``traffic_class``, in any
        order: seconds, bytes of the IP packet, and 1 (forward), -1 (reverse) or 0 (unknown).
    partition : str, optional
        Its name in the flow table; the file's unless told.
    packets : int
        How many packets of each flow the series keep.

    Raises
    ------
    DataError
        Naming the line that is not so.
    """
    flows: dict[str, PacketSeries] = {}
    try:
        with path.open(newline="", encoding="utf-8") as file:
            rows = csv.DictReader(file)
            missing = [name for name in REQUIRED if name not in (rows.fieldnames or ())]
            if missing:
                raise DataError(
                    f"{path}: column {missing[0]} is missing; wants {','.join(REQUIRED)}"
                )
            for row in rows:
                where = f"{path}: line {rows.line_num}"
                label = row.get("traffic_class") or None
                if not row["flow_id"]:
                    raise DataError(f"{where}: flow_id is empty")
                flow = flows.setdefault(
                    row["flow_id"],
                    PacketSeries(row["flow_id"], label, partition or path.stem, packets),
                )
                if label != flow.traffic_class:
                    raise DataError(
                        f"{where}: flow {flow.flow_id!r} is {label!r} here and "
                        f"{flow.traffic_class!r} before"
                    )
                _add(flow, row, where)
    except (csv.Error, UnicodeDecodeError) as error:
        raise DataError(f"{path}: is no CSV: {error}") from None
    if not flows:
        raise DataError(f"{path}: holds no packet")
    return flows_of(flows.values())


def _add(flow: PacketSeries, row: dict[str, str], where: str) -> None:
    try:
        flow.add(microseconds(row["timestamp"]), int(row["length"]), int(row["direction"]))
    except (TypeError, ValueError) as error:
        raise DataError(f"{where}: {error}") from None
