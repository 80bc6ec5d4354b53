"""Sizes and times as people write them: 32M, 1h."""

from __future__ import annotations

import re

from edgemtl.datasets import Rotation
from edgemtl.errors import DataError

__all__ = ["rotation", "size"]

SIZES = {"K": 1 << 10, "M": 1 << 20, "G": 1 << 30}
SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def size(text: str, option: str) -> int:
    """Bytes of 4096, 512K, 32M or 1G; DataError names the option."""
    number, unit = _split(text)
    if number is None or unit not in ("", *SIZES):
        raise DataError(f"{option}: must be a size such as 512K, 32M or 1G, got {text!r}")
    return number * SIZES.get(unit, 1)


def rotation(text: str, option: str) -> Rotation:
    """The rotation of 100M or of 1h; DataError names the option."""
    number, unit = _split(text)
    if number and unit in SIZES:
        return Rotation(most_bytes=number * SIZES[unit])
    if number and unit in SECONDS:
        return Rotation(most_seconds=number * SECONDS[unit])
    raise DataError(
        f"{option}: must be a size such as 100M, or a time such as 90s, 15m, 1h or 1d, got {text!r}"
    )


def _split(text: str) -> tuple[int | None, str]:
    match = re.fullmatch(r"([0-9]{1,12})([A-Za-z]?)", text)
    return (int(match[1]), match[2]) if match else (None, "")
