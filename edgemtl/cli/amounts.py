"""Sizes and times as people write them: 32M, 1h."""

from __future__ import annotations

import re

from edgemtl.datasets import Rotation
from edgemtl.errors import DataError

__all__ = ["rotation", "size"]

UNITS = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40}
SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def size(text: str, option: str) -> int:
    """Bytes of 300000000, 256M, 256MB or 256MiB; DataError names the option."""
    amount = _bytes(text)
    if amount is None:
        raise DataError(
            f"{option}: must be a whole number of bytes, K, M, G or T, as 256M or 2G, got {text!r}"
        )
    return amount


def _bytes(text: str) -> int | None:
    found = re.fullmatch("([0-9]{1,15})([KMGT]?)(I?B)?", text.strip().upper())
    return int(found[1]) * UNITS[found[2]] if found else None


def rotation(text: str, option: str) -> Rotation:
    """The rotation of 100M or 100MB, or of 90s, 15m, 1h or 1d; DataError names the option."""
    if found := re.fullmatch("([0-9]{1,9})([smhd])", text.strip()):
        amount = Rotation(most_seconds=int(found[1]) * SECONDS[found[2]])
    elif text.strip().isdecimal():  # of what?
        amount = Rotation()
    else:
        amount = Rotation(most_bytes=_bytes(text))
    if not (amount.most_seconds or amount.most_bytes):
        raise DataError(f"{option}: must be a size as 100M or a time as 15m or 1h, got {text!r}")
    return amount
