"""Flows from a CSV with one packet a row: the form that any other tool can be made to print."""

from __future__ import annotations

from pathlib import Path

from edgemtl.datasets.series import PacketSeries, flows_of, microseconds
from edgemtl.datasets.sources import Row, Seen, ignore, read_rows
from edgemtl.datasets.values import LENGTH_MAX, text, whole_number
from edgemtl.errors import DataError
from edgemtl.flows import Flows

__all__ = ["import_csv"]

REQUIRED = ("flow_id", "timestamp", "length", "direction")


def import_csv(
    path: Path, partition: str | None = None, packets: int = 256, seen: Seen = ignore
) -> Flows:
    """Read a CSV of packets; rows of different flows may be mixed, those of one are in order.

    Parameters
    ----------
    path : Path
        Header ``flow_id,timestamp,length,direction`` and, if known, ``traffic_class``, in any
        order: seconds since 1970, bytes of the IP packet, and 1 (forward), -1 (reverse) or 0
        (unknown). Seconds since another moment go into `start_us` as they stand.
    partition : str, optional
        Its name in the flow table; the file's unless told.
    packets : int
        How many packets of each flow the series keep.
    seen : callable

    Raises
    ------
    DataError
        Naming the line that is not so.
    """
    flows: dict[str, PacketSeries] = {}
    for where, row in read_rows(path, REQUIRED, ("traffic_class",), seen):
        label = row.get("traffic_class")
        if row["flow_id"] is None:
            raise DataError(f"{where}: flow_id is empty")
        name = str(row["flow_id"])
        flow = flows.setdefault(name, PacketSeries(name, label, partition or path.stem, packets))
        if label != flow.traffic_class:
            raise DataError(
                f"{where}: flow {name!r} is {label!r} here and {flow.traffic_class!r} before"
            )
        _add(flow, row, where)
    if not flows:
        raise DataError(f"{path}: holds no packet")
    return flows_of(flows.values())


def _add(flow: PacketSeries, row: Row, where: str) -> None:
    try:
        time, length, direction = (text(row, name) or "" for name in REQUIRED[1:])
        flow.add(
            microseconds(time),
            whole_number(length, "length", 0, LENGTH_MAX),
            whole_number(direction, "direction", -1, 1),
        )
    except ValueError as error:
        raise DataError(f"{where}: {error}") from None
