from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgemtl.features import FeatureSpec

FLOWS_MAX: int
PACKETS_MAX: int

class Meter:
    full: bool
    def __init__(
        self,
        max_flows: int,
        idle_timeout_s: int,
        active_timeout_s: int,
        packets: int,
        by_vlan: bool,
    ) -> None: ...
    def feed(self, data: memoryview | bytes) -> int: ...
    def finish(self) -> None: ...
    def take(self) -> dict[str, NDArray[Any]]: ...
    def stats(self) -> dict[str, Any]: ...
    @property
    def error(self) -> str: ...
    @property
    def position(self) -> int: ...
    @property
    def is_whole(self) -> bool: ...

def features_fill(
    iat_us: NDArray[np.int64],
    length: NDArray[np.int32],
    direction: NDArray[np.int8],
    offsets: NDArray[np.int64],
    spec: FeatureSpec,
) -> NDArray[np.float32]: ...
