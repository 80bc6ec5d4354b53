from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgemtl.features import FeatureSpec
from edgemtl.flows.config import FlowConfig

FLOWS_MAX: int
MEMORY_MIN: int
MTU: int
PACKETS_MAX: int
SPLIT_MIN: int
TUNNELS: dict[str, int]
PROTOCOLS: dict[str, int]
SERIES: dict[str, type]

class Meter:
    full: bool
    def __init__(self, config: FlowConfig) -> None: ...
    def feed(self, data: NDArray[np.uint8] | memoryview | bytes) -> int: ...
    def next_file(self) -> None: ...
    def finish(self) -> None: ...
    @property
    def ended(self) -> int: ...
    def take(self) -> dict[str, NDArray[Any]]: ...
    def stats(self) -> dict[str, Any]: ...
    @property
    def error(self) -> str: ...
    @property
    def position(self) -> int: ...
    @property
    def is_whole(self) -> bool: ...

class Live:
    clock_us: int
    def __init__(
        self, name: str, filter: str | None, ring_bytes: int, promiscuous: bool
    ) -> None: ...
    def step(self, meter: Meter, timeout_ms: int) -> None: ...
    def stats(self) -> dict[str, Any]: ...

def addresses_text(
    version: NDArray[np.uint8], addresses: NDArray[np.uint8]
) -> tuple[NDArray[np.int64], NDArray[np.uint8]]: ...
def features_fill(
    iat_us: NDArray[np.int64],
    length: NDArray[np.int32],
    payload: NDArray[np.int32] | None,
    direction: NDArray[np.int8],
    offsets: NDArray[np.int64],
    spec: FeatureSpec,
) -> NDArray[np.float32]: ...
