"""Flows of ipfixprobe with its plugin pstats: UniRec as CSV (NEMEA's logger) or as JSON lines.

Columns: src/plugins/process/pstats/README.md and docs/_export/basic.md of CESNET/ipfixprobe.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from edgemtl.datasets.listed import Listed, Source
from edgemtl.datasets.sources import Row
from edgemtl.datasets.values import (
    LENGTH_MAX,
    count,
    ends,
    instants,
    ip_lengths,
    numbers,
    text,
    whole,
)

__all__ = ["ENDS", "ipfixprobe"]

ENDS = {
    "src": "SRC_IP", "dst": "DST_IP", "src_port": "SRC_PORT", "dst_port": "DST_PORT",
    "protocol": "PROTOCOL",
}  # fmt: skip
SERIES = ("PPI_PKT_LENGTHS", "PPI_PKT_DIRECTIONS", "PPI_PKT_TIMES")
TOTALS = ("BYTES", "BYTES_REV", "PACKETS", "PACKETS_REV", "TIME_FIRST", "TIME_LAST")
# IPFIX element 136 by number, as FLOW_END_REASON has it.
REASONS = {1: "idle", 2: "active", 3: "end_of_flow", 4: "forced", 5: "lack_of_resources"}


def ipfixprobe(length_kind: str) -> Source:
    """ipfixprobe's flows, whose lengths are of payloads or, of old versions, of IP packets.

    Parameters
    ----------
    length_kind : {"payload", "ip"}
    """

    def parse(row: Row) -> Listed:
        lengths = numbers(row["PPI_PKT_LENGTHS"], "PPI_PKT_LENGTHS")
        ways = whole(numbers(row["PPI_PKT_DIRECTIONS"], SERIES[1]), SERIES[1], -1, 1)
        times = instants(row["PPI_PKT_TIMES"], "PPI_PKT_TIMES")
        if not len(lengths) == len(ways) == len(times):
            raise ValueError(f"{', '.join(SERIES)} differ in length")
        return Listed(
            np.diff(times, prepend=times[:1]),
            whole(lengths, SERIES[0], 0, LENGTH_MAX)
            if length_kind == "payload"
            else ip_lengths(lengths, SERIES[0], 0),
            ways,
            length_kind,
            _columns(row),
        )

    optional = ("FLOW_END_REASON", "traffic_class", *ENDS.values())
    return Source((*SERIES, *TOTALS), optional, parse)


def _columns(row: Row) -> dict[str, Any]:
    first, last = instants([row["TIME_FIRST"], row["TIME_LAST"]], "TIME_FIRST, TIME_LAST").tolist()
    return {
        "traffic_class": text(row, "traffic_class"),
        "packets": count(row, "PACKETS", "PACKETS_REV"),
        "bytes": count(row, "BYTES", "BYTES_REV"),
        # a clock that was set back tells nothing of how long the flow was
        "duration_s": (last - first) / 1e6 if last >= first else np.nan,
        "end_reason": REASONS.get(count(row, "FLOW_END_REASON"), "unknown"),
        "start_us": first,
    } | ends(row, ENDS)
