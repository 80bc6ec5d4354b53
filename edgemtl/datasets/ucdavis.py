"""The UC Davis QUIC data set (Rezaei and Liu, arXiv:1812.09761): one text file a flow."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from edgemtl.datasets.series import PacketSeries, flows_of, microseconds
from edgemtl.errors import DataError
from edgemtl.flows import Flows

__all__ = ["import_ucdavis"]

ETHERNET = 14  # bytes of frame header that the published lengths hold


def import_ucdavis(
    folder: Path, partition: str | None = None, packets: int = 256
) -> Iterator[Flows]:
    """Read a folder of classes, each a folder of text files, one flow a file.

    A line is Unix time, seconds since the first packet, Ethernet frame length, and direction (1:
    client to server, 0: server to client), with white space between. The class is the folder's
    name; 14 bytes are taken off each length, so that it is the IP packet's. A flow with a packet
    of unknown direction in the published form does not exist.

    Parameters
    ----------
    folder : Path
        What holds the class folders, or one class folder.
    partition : str, optional
        Its name in the flow table; the folder's unless told.
    packets : int
        How many packets of each flow the series keep.

    Yields
    ------
    Flows
        One flow each, in the order of the file names.

    Raises
    ------
    DataError
        Naming the file and line that is not so.
    """
    files = sorted(folder.rglob("*.txt"))
    if not files:
        raise DataError(f"{folder}: no .txt file in it: give the folder that holds the classes")
    for path in files:
        yield flows_of([_read_flow(path, partition or folder.name, packets)])


def _read_flow(path: Path, partition: str, packets: int) -> PacketSeries:
    name = path.parent.name
    flow = PacketSeries(f"{name}/{path.name}", name, partition, packets)
    try:
        with path.open(encoding="ascii") as lines:
            for number, line in enumerate(lines, 1):
                if fields := line.split():
                    _add(flow, fields, f"{path}: line {number}")
    except UnicodeDecodeError:
        raise DataError(f"{path}: is no text of the UC Davis form") from None
    if flow.packets == 0:
        raise DataError(f"{path}: holds no packet")
    return flow


def _add(flow: PacketSeries, fields: list[str], where: str) -> None:
    if len(fields) != 4:
        raise DataError(
            f"{where}: must hold time, time, length, direction; got {len(fields)} fields"
        )
    try:
        if fields[3] not in ("0", "1"):
            raise ValueError(f"direction must be 0 or 1, got {fields[3]!r}")
        length = int(fields[2]) - ETHERNET
        flow.add(microseconds(fields[0]), length, 1 if fields[3] == "1" else -1)
    except ValueError as error:
        raise DataError(f"{where}: {error}") from None
