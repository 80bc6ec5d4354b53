"""What ``import edgemtl`` gives, and what it does not import."""

import subprocess
import sys

import pytest

import edgemtl

SOON = "import edgemtl, edgemtl.cli, sys; sys.exit('numpy' in sys.modules)"


@pytest.mark.parametrize("name", edgemtl.__all__)
def test_every_public_name_is_there(name):
    assert getattr(edgemtl, name).__doc__


def test_others_are_not():
    with pytest.raises(AttributeError, match="module 'edgemtl' has no attribute 'sav'"):
        edgemtl.sav  # noqa: B018


def test_numpy_is_not_imported_before_it_is_needed():
    """It starts threads, and live capture has to give up rights before."""
    assert subprocess.run([sys.executable, "-c", SOON], check=False).returncode == 0
