"""The UC Davis QUIC data set (Rezaei and Liu, arXiv:1812.09761): one text file a flow."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from edgemtl.datasets.folders import files_below
from edgemtl.datasets.series import PacketSeries, flows_of, microseconds
from edgemtl.datasets.sources import ROWS, Seen, ignore
from edgemtl.datasets.values import ETHERNET, IP_MIN, LENGTH_MAX, whole_number
from edgemtl.errors import DataError
from edgemtl.flows import Flows

__all__ = ["import_ucdavis"]


def import_ucdavis(
    folder: Path, partition: str | None = None, packets: int = 256, seen: Seen = ignore
) -> Iterator[Flows]:
    """Read folders of classes, each a folder of text files, one flow a file.

    A line is Unix time, seconds since the first packet, Ethernet frame length, and direction (1:
    client to server, 0: server to client), with white space between. The class is the folder's
    name, the partition that of the folder above; 14 bytes are taken off each length, so that it is
    the IP packet's. A flow with a packet of unknown direction in the published form does not exist.

    Parameters
    ----------
    folder : Path
        What holds the partitions, the class folders of one, or the files of one class.
    partition : str, optional
        Its name in the flow table; that of the folder above the class unless told.
    packets : int
        How many packets of each flow the series keep.
    seen : callable

    Yields
    ------
    Flows
        In the order of the file names.

    Raises
    ------
    DataError
        Naming the file and line that is not so.
    """
    files = sorted(path for path in files_below(folder) if path.suffix == ".txt")
    if not files:
        raise DataError(f"{folder}: no .txt file in it: give the folder that holds the classes")
    for first in range(0, len(files), ROWS):
        batch = files[first : first + ROWS]
        yield flows_of(_read_flow(path, partition, packets) for path in batch)
        seen((first + len(batch)) / len(files))


def _read_flow(path: Path, partition: str | None, packets: int) -> PacketSeries:
    folder = path.resolve().parent
    above, name = folder.parent.name, folder.name
    flow = PacketSeries(f"{above}/{name}/{path.name}", name, partition or above, packets)
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
        frame = whole_number(fields[2], "length", ETHERNET + IP_MIN, LENGTH_MAX)
        way = whole_number(fields[3], "direction", 0, 1)
        flow.add(microseconds(fields[0]), frame - ETHERNET, 2 * way - 1)
    except ValueError as error:
        raise DataError(f"{where}: {error}") from None
