"""Labels: traffic classes from a file or a folder name, and class numbers for each head."""

from __future__ import annotations

import csv
import ipaddress
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from edgemtl.datasets.values import whole_number
from edgemtl.errors import DataError
from edgemtl.flows import Flows

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from edgemtl.card import Head

__all__ = ["CUT_OFF", "LabelsFile", "head_targets"]

# Ends that say nothing of how long the flow would have lasted (DESIGN: no honest duration label).
CUT_OFF = ("active", "forced", "lack_of_resources")
TUPLE = ("src", "src_port", "dst", "dst_port", "protocol")
PROTOCOLS = {"tcp": 6, "udp": 17}

_Key = tuple[frozenset[tuple[str, int]], int]


def head_targets(flows: Flows, head: Head, keep_cut: bool = False) -> NDArray[np.int64]:
    """Class numbers of the flows for one head, -1 where the label is not known.

    Parameters
    ----------
    keep_cut : bool
        Take the duration of flows that were cut off (`CUT_OFF`) as it is.
    """
    column = {"bandwidth": "bytes_per_s", "duration": "duration_s"}.get(head.name, head.name)
    targets = head.index(flows[column])
    if head.name == "duration" and not keep_cut:
        targets[np.isin(flows["end_reason"].astype(str), CUT_OFF)] = -1
    return targets


class LabelsFile:
    """A CSV that names the traffic class of captures, or of 5-tuples in them.

    The header is ``capture,traffic_class``, or
    ``src,src_port,dst,dst_port,protocol,traffic_class`` with or without ``capture``; the capture is
    a file's name without its folder, the 5-tuple is found in either direction, and the protocol is
    a number, ``tcp`` or ``udp``.

    Attributes
    ----------
    is_used : bool
        Whether a flow got a label so far.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._by_capture: dict[str, str] = {}
        self._by_tuple: dict[tuple[str | None, _Key], str] = {}
        self.is_used = False
        try:
            with path.open(newline="", encoding="utf-8-sig") as file:
                self._read(csv.DictReader(file))
        except (csv.Error, UnicodeDecodeError) as error:
            raise DataError(f"{path}: is no CSV: {error}") from None

    def _read(self, rows: csv.DictReader[str]) -> None:
        names = set(rows.fieldnames or ())
        by_tuple = names.issuperset(TUPLE)
        if "traffic_class" not in names or not (by_tuple or "capture" in names):
            raise DataError(
                f"{self._path}: header must be capture,traffic_class or "
                f"{','.join(TUPLE)},traffic_class, got {','.join(rows.fieldnames or ()) or 'none'}"
            )
        for row in rows:
            label = row["traffic_class"]
            if not label or None in row.values():
                raise DataError(f"{self._path}: line {rows.line_num}: has an empty field")
            if None in row:
                raise DataError(f"{self._path}: line {rows.line_num}: has a field too many")
            if by_tuple:
                key = row.get("capture"), self._key(row, rows.line_num)
                before = self._by_tuple.setdefault(key, label)
            else:
                before = self._by_capture.setdefault(row["capture"], label)
            if before != label:
                what = f"{label!r} was {before!r} in a line before"
                raise DataError(f"{self._path}: line {rows.line_num}: {what}")

    def _key(self, row: dict[str, str], line: int) -> _Key:
        protocol = row["protocol"]
        try:
            src_port, dst_port = (whole_number(row[n], n, 0, 65535) for n in TUPLE[1:4:2])
            number = PROTOCOLS.get(protocol.lower()) or whole_number(
                protocol, "protocol, if not tcp or udp,", 0, 255
            )
            return _key(row["src"], src_port, row["dst"], dst_port, number)
        except ValueError as error:
            raise DataError(f"{self._path}: line {line}: {error}") from None

    def apply(self, flows: Flows, capture: str) -> None:
        """Set `traffic_class` of the flows of one capture where this file names it."""
        for i in range(len(flows)):
            flows["traffic_class"][i] = self._find(flows, i, capture)
        self.is_used |= bool((flows["traffic_class"] != None).any())  # noqa: E711 - of an array

    def _find(self, flows: Flows, i: int, capture: str) -> str | None:
        if self._by_tuple:
            key = _key(
                flows["src"][i], flows["src_port"][i], flows["dst"][i], flows["dst_port"][i],
                flows["protocol"][i],
            )  # fmt: skip
            label = self._by_tuple.get((capture, key)) or self._by_tuple.get((None, key))
            if label:
                return label
        return self._by_capture.get(capture)


def _key(src: str, src_port: int, dst: str, dst_port: int, protocol: int) -> _Key:
    ends = ((str(ipaddress.ip_address(src)), src_port), (str(ipaddress.ip_address(dst)), dst_port))
    return frozenset(ends), int(protocol)
