"""What the tests of flows share."""

import pytest


@pytest.fixture
def write(tmp_path):
    """Write bytes to a new file and give its path."""

    def put(data, name="some.pcap"):
        path = tmp_path / name
        path.write_bytes(data)
        return path

    return put
