"""Shared by the tests of importers."""

import csv

import pytest

from tests.edgemtl.datasets.importing.rows import DATA


@pytest.fixture
def nfstream_row():
    with (DATA / "nfstream" / "accounting-0.csv").open(newline="") as file:
        return next(csv.DictReader(file))
