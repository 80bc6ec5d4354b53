"""tcbench's Parquet of ucdavis-icdm19, of its versions of 2023 and later.

Columns: docs.material/datasets/install/ucdavis-icdm19.md and, for the later ones,
src/tcbench/libtcdatasets/resources/schema_ucdavis19.yml of tcbenchstack/tcbench.
"""

from __future__ import annotations

import numpy as np

from edgemtl.datasets.listed import Listed, Source
from edgemtl.datasets.sources import Row
from edgemtl.datasets.values import ETHERNET, ip_lengths, microseconds_of, numbers, text, whole

__all__ = ["TCBENCH"]

TIMES = ("timetofirst", "pkts_timetofirst")  # of 2023, and later


def _parse(row: Row) -> Listed:
    """A flow; what tcbench measured of it is measured again, on IP packets."""
    times = numbers(next(row[name] for name in TIMES if name in row), TIMES[0])
    lengths = ip_lengths(numbers(row["pkts_size"], "pkts_size"), "pkts_size", ETHERNET)
    ways = whole(numbers(row["pkts_dir"], "pkts_dir"), "pkts_dir", 0, 1)
    if not len(times) == len(lengths) == len(ways) > 0:
        raise ValueError(f"{TIMES[0]}, pkts_size and pkts_dir must be equally long, and not empty")
    us = microseconds_of(times, TIMES[0], 10**6)
    return Listed(
        np.diff(us, prepend=us[:1]),
        lengths,
        2 * ways - 1,
        "ip",
        {
            "traffic_class": text(row, "app"),
            "partition": text(row, "partition"),
            "packets": len(us),
            "bytes": int(lengths.sum()),
            "duration_s": (us.max() - us[0]) / 1e6,
        },
    )


TCBENCH = Source(("app", "partition", "pkts_size", "pkts_dir", "|".join(TIMES)), (), _parse)
