"""Sizes and times as people write them."""

import pytest

from edgemtl.cli.amounts import rotation, size
from edgemtl.datasets import Rotation
from edgemtl.errors import DataError


@pytest.mark.parametrize(
    ("text", "want"),
    [
        ("4096", 4096),
        ("512K", 512 << 10),
        ("32m", 32 << 20),
        ("1GiB", 1 << 30),
        ("2MB", 2 << 20),
        ("1t", 1 << 40),
    ],
)
def test_sizes(text, want):
    assert size(text, "--ring") == want


@pytest.mark.parametrize("text", ["", "M", "1P", "-1", "1.5G", "9" * 16])
def test_what_is_no_size(text):
    with pytest.raises(DataError) as error:
        size(text, "--ring")
    want = f"a whole number of bytes, K, M, G or T, as 256M or 2G, got {text!r}"
    assert str(error.value) == f"--ring: must be {want}"


@pytest.mark.parametrize(
    ("text", "want"),
    [
        ("100M", Rotation(most_bytes=100 << 20)),
        ("100MB", Rotation(most_bytes=100 << 20)),
        ("2GiB", Rotation(most_bytes=2 << 30)),
        ("90s", Rotation(most_seconds=90)),
        ("15m", Rotation(most_seconds=900)),
        ("1h", Rotation(most_seconds=3600)),
        ("1d", Rotation(most_seconds=86400)),
    ],
)
def test_rotations(text, want):
    assert rotation(text, "--rotate") == want


@pytest.mark.parametrize("text", ["", "100", "0M", "0h", "1w", "-1h", "1H"])
def test_what_is_no_rotation(text):
    with pytest.raises(DataError, match="--rotate: must be a size as 100M or a time as 15m or 1h"):
        rotation(text, "--rotate")
