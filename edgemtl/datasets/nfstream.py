"""Flows that NFStream wrote with ``splt_analysis``: CSV (``to_csv``) or a frame's Parquet.

Columns and units: https://www.nfstream.org/docs/api (NFStreamer, NFlow).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from edgemtl.datasets.listed import Listed, Source
from edgemtl.datasets.sources import Row
from edgemtl.datasets.values import (
    ETHERNET,
    LENGTH_MAX,
    count,
    ends,
    gaps_of_ms,
    ip_lengths,
    is_set,
    numbers,
    seconds,
    text,
    whole,
)
from edgemtl.flows import NULL

__all__ = ["nfstream"]

REQUIRED = (
    "splt_direction", "splt_ps", "splt_piat_ms", "bidirectional_first_seen_ms",
    "bidirectional_duration_ms", "bidirectional_packets", "bidirectional_bytes",
)  # fmt: skip
ENDS = {
    "src": "src_ip", "dst": "dst_ip", "src_port": "src_port", "dst_port": "dst_port",
    "protocol": "protocol", "vlan": "vlan_id",
}  # fmt: skip
VLAN_TAG = 4  # bytes of the frame header


def nfstream(length_kind: str) -> Source:
    """NFStream's flows, whose lengths are of frames, of IP packets or of payloads.

    Parameters
    ----------
    length_kind : {"frame", "ip", "payload"}
        NFStream's ``accounting_mode`` 0 (the default), 1 or 3; its files don't tell.
    """

    def parse(row: Row) -> Listed:
        ways = whole(numbers(row["splt_direction"], "splt_direction"), "splt_direction", -1, 1)
        packets = int((ways >= 0).sum())
        lengths = numbers(row["splt_ps"], "splt_ps")
        gaps = numbers(row["splt_piat_ms"], "splt_piat_ms")
        if not len(ways) == len(lengths) == len(gaps):
            raise ValueError("splt_direction, splt_ps and splt_piat_ms differ in length")
        if (ways[:packets] < 0).any():
            raise ValueError("splt_direction: -1 between packets, where it is only behind the last")
        header = _header(row) if length_kind == "frame" else 0
        return Listed(
            gaps_of_ms(gaps[:packets], "splt_piat_ms"),
            whole(lengths[:packets], "splt_ps", 0, LENGTH_MAX)
            if length_kind == "payload"
            else ip_lengths(lengths[:packets], "splt_ps", header),
            np.where(ways[:packets] == 0, 1, -1),
            "payload" if length_kind == "payload" else "ip",
            _columns(row, header, length_kind != "payload"),
        )

    return Source(REQUIRED, ("expiration_id", "traffic_class", *ENDS.values()), parse)


def _header(row: Row) -> int:
    return ETHERNET + (VLAN_TAG if count(row, "vlan_id") > 0 else 0)


def _columns(row: Row, header: int, bytes_known: bool) -> dict[str, Any]:
    packets, size = count(row, "bidirectional_packets"), count(row, "bidirectional_bytes")
    known = bytes_known and NULL not in (packets, size)
    if (start := count(row, "bidirectional_first_seen_ms")) == NULL:
        raise ValueError("bidirectional_first_seen_ms is empty")
    return {
        "traffic_class": text(row, "traffic_class"),
        "packets": packets,
        "bytes": max(size - header * packets, 0) if known else NULL,
        "duration_s": seconds(row, "bidirectional_duration_ms", 1e-3),
        # 0 is the idle timeout or the end of the capture, and one can't tell which; -1 a plugin's
        "end_reason": "active" if is_set(row, "expiration_id") else "unknown",
        "start_us": start * 1000,
    } | ends(row, ENDS)
