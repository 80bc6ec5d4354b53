"""The same flows as other paths would have carried them: more examples from few.

All flows of a batch at once, on numpy arrays (n, packets); the features are then computed by the C
core, as for any flow.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from edgemtl.features import FeatureSpec, ppi_tensor
from edgemtl.flows import Flows

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Augmenter"]

# Each was measured on cross-validated splits: python -m benchmarks.learning, docs/learning.md.
STRETCH = 0.3  # deviation of the logarithm of a whole flow's time scale: another path's RTT
JITTER = 0.2  # … of each gap's: queues
LOSS = 0.1  # at most this share of the packets is lost; each flow draws its own rate below
START = 5  # at most so many first packets were not seen
STARTED = 0.7  # share of the flows that START may cut
LENGTH = 8.0  # bytes, deviation; of packets that are neither nearly empty nor full
SHORT, FULL = 60, 1350  # bytes


@dataclass(frozen=True)
class Augmenter:
    """Draws changed copies of flows.

    Parameters
    ----------
    gap_us, length, direction : arrays, shape (n, packets)
        The series, filled up with anything.
    packets : array of int, shape (n,)
        How many of them there are.
    spec : FeatureSpec
    """

    gap_us: NDArray[np.float64]
    length: NDArray[np.float64]
    direction: NDArray[np.int8]
    packets: NDArray[np.int64]
    spec: FeatureSpec

    @classmethod
    def of(cls, flows: Flows, spec: FeatureSpec) -> Augmenter:
        """Twice the packets that the model sees, where there are: loss lets later ones move up."""
        packets = np.minimum(flows.kept_packets(), 2 * spec.k)
        columns = np.arange(packets.max(initial=1))
        places = flows.offsets[:-1, None] + np.minimum(columns, packets[:, None] - 1)
        return cls(
            np.maximum(flows.iat_us, 0)[places].astype(np.float64),
            flows.length[places].astype(np.float64),
            flows.direction[places],
            packets,
            spec,
        )

    def draw(
        self,
        index: NDArray[np.int64],
        rng: np.random.Generator,
        most: NDArray[np.int64] | None = None,
    ) -> NDArray[np.float32]:
        """Changed copies of the flows at `index`, as the network takes them: (n, 2, k).

        `most`, shape (n,): so many first packets of each copy, at most.

        A time scale and a rate of loss for each flow; jitter, loss and length for each packet; some
        flows lose their first packets. What is left of a flow is at least one packet.
        """
        gaps, lengths = self.gap_us[index], self.length[index]
        shape = gaps.shape
        grown = STRETCH * rng.standard_normal((len(index), 1)) + JITTER * rng.standard_normal(shape)
        times = np.cumsum(gaps * np.exp(grown), axis=1)
        kept = rng.random(shape) >= LOSS * rng.random((len(index), 1))
        late = rng.integers(START + 1, size=(len(index), 1))
        late *= rng.random((len(index), 1)) < STARTED
        place = np.arange(shape[1])
        last = self.packets[index, None] - 1
        kept = (kept & (place >= late) & (place <= last)) | (place == last)
        if most is not None:
            kept &= np.cumsum(kept, axis=1) <= most[:, None]
        inner = (lengths > SHORT) & (lengths < FULL)
        lengths += inner * LENGTH * rng.standard_normal(shape)
        return self._features(times, lengths, self.direction[index], kept)

    def _features(
        self,
        times: NDArray[np.float64],
        lengths: NDArray[np.float64],
        directions: NDArray[np.int8],
        kept: NDArray[np.bool_],
    ) -> NDArray[np.float32]:
        offsets = np.concatenate([[0], np.cumsum(kept.sum(1))])
        gaps = np.diff(times[kept], prepend=0.0)
        gaps[offsets[:-1]] = 0  # a flow's first packet
        return ppi_tensor(gaps, lengths[kept], directions[kept], offsets, self.spec)
