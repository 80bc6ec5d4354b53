"""What tests with network namespaces need, or a loud skip."""

import os
import shutil
import subprocess

import pytest


def need(*tools):
    """Skip, saying why, where there are no namespaces or one of the tools is not there."""
    if os.geteuid() != 0:
        pytest.skip("needs root, for network namespaces")
    for tool in ("ip", *tools):
        if shutil.which(tool) is None:
            pytest.skip(f"needs {tool}: make system-deps")
    name = f"emtl-{os.getpid()}-try"
    made = subprocess.run(["ip", "netns", "add", name], capture_output=True, text=True)
    if made.returncode:
        pytest.skip(f"needs network namespaces, refused: {made.stderr.strip()}")
    subprocess.run(["ip", "netns", "del", name], check=True)
