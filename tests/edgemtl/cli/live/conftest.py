"""A cable between two network namespaces, and where its far end writes."""

import tempfile
from pathlib import Path

import pytest

from benchmarks.live.cable import Cable
from tests.namespaces import need


@pytest.fixture
def cable():
    need()
    with Cable() as cable:
        yield cable


@pytest.fixture
def folder():
    """A folder that nobody may write in, unlike pytest's own."""
    with tempfile.TemporaryDirectory(prefix="edgemtl-live-") as name:
        Path(name).chmod(0o777)
        yield Path(name)
