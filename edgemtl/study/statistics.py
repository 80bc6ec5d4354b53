"""What trees see of a flow: statistics of its first k packets, each with a name."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from edgemtl.features import FeatureSpec
from edgemtl.flows import Flows

__all__ = ["STATISTICS", "statistics"]

QUANTILES = (0, 10, 25, 50, 75, 90, 100)  # per cent
UNTIL = (10, 20, 30, 45, 60)  # packets

STATISTICS = (
    *(f"log2_iat_us_q{q}" for q in QUANTILES),
    "log2_iat_us_mean",
    "log2_iat_us_deviation",
    *(f"length_q{q}" for q in QUANTILES),
    "length_mean",
    "length_deviation",
    "forward_share",
    "packets",
    *(f"log2_us_until_{n}" for n in UNTIL),
    *(f"log2_bytes_until_{n}" for n in UNTIL),
)


def statistics(flows: Flows, spec: FeatureSpec) -> NDArray[np.float64]:
    """The `STATISTICS` of the first k packets of each flow, shape (n, statistics).

    Times are log2(1 + µs), lengths bytes of the spec's kind without direction, cumulative times and
    bytes those of the whole flow where it has fewer packets.
    """
    lengths = flows.lengths(spec)
    rows = np.empty((len(flows), len(STATISTICS)))
    for i, (start, end) in enumerate(zip(flows.offsets, flows.offsets[1:], strict=False)):
        end = min(end, start + spec.k)
        gap = np.maximum(flows.iat_us[start:end], 0).astype(float)
        length = lengths[start:end].astype(float)
        log_gap = np.log2(1 + gap)
        until = np.minimum(UNTIL, end - start) - 1
        rows[i] = np.concatenate(
            [
                np.percentile(log_gap, QUANTILES), [log_gap.mean(), log_gap.std()],
                np.percentile(length, QUANTILES), [length.mean(), length.std()],
                [(flows.direction[start:end] > 0).mean(), end - start],
                np.log2(1 + np.cumsum(gap)[until]), np.log2(1 + np.cumsum(length)[until]),
            ]
        )  # fmt: skip
    return rows
