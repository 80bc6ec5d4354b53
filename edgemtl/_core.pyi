from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgemtl.features import FeatureSpec

def features_fill(
    iat_us: NDArray[np.int64],
    length: NDArray[np.int32],
    direction: NDArray[np.int8],
    offsets: NDArray[np.int64],
    spec: FeatureSpec,
) -> NDArray[np.float32]: ...
def __getattr__(name: str) -> Any: ...
