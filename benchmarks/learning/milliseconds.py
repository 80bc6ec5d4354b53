"""A flow table as a source has it that tells times in whole milliseconds.

python -m benchmarks.learning.milliseconds flows.parquet -o coarse.parquet
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from edgemtl.datasets import FlowWriter, read_flows
from edgemtl.flows import Flows


def coarse(flows: Flows) -> Flows:
    """The same flows; each gap is the difference of two times that were cut to milliseconds."""
    times = np.cumsum(flows.iat_us) // 1000 * 1000  # all flows in a row: they start anywhere in one
    gaps = np.diff(times, prepend=0)
    gaps[flows.offsets[:-1][flows.kept_packets() > 0]] = 0
    series = flows.series() | {"iat_us": gaps}
    return Flows(offsets=flows.offsets, columns=flows.columns, **series)


def main() -> None:
    """Read, cut, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path, nargs="+")
    parser.add_argument("-o", "--output", type=Path, required=True)
    told = parser.parse_args()
    with FlowWriter(told.output) as writer:
        writer.write(coarse(read_flows(told.data)))


if __name__ == "__main__":
    main()
