"""FlowConfig refuses what the core can't do, by name."""

import pytest

from edgemtl.flows import FlowConfig
from edgemtl.flows.config import default_memory


@pytest.mark.parametrize("name", ["packets", "idle_timeout_s", "active_timeout_s", "max_flows"])
@pytest.mark.parametrize("value", [0, -1, 2**32, 1.5, True, None])
def test_numbers(name, value):
    with pytest.raises(ValueError, match=f"^FlowConfig.{name}: must be a whole number from 1 to "):
        FlowConfig(**{name: value})


@pytest.mark.parametrize(
    ("name", "value", "want"),
    [
        ("max_memory", 65_535, "a whole number from 65536 to"),
        ("max_memory", "1G", "a whole number from 65536 to"),
        ("tunnels", "middle", "'inner' or 'outer'"),
        ("protocols", (), "one or more of tcp, udp, sctp, udp-lite, icmp"),
        ("protocols", ("tcp", "ospf"), "one or more of tcp, udp"),
        ("protocols", ("tcp", "tcp"), "one or more of tcp, udp"),
        ("protocols", "tcp", "one or more of tcp, udp"),
        ("split_offload", 575, "a whole number from 576 to 65535"),
        ("split_offload", 0, "a whole number from 576 to 65535"),
        ("by_vlan", 1, "true or false"),
        ("early", None, "true or false"),
        ("payload", "yes", "true or false"),
    ],
)
def test_the_others(name, value, want):
    with pytest.raises(ValueError) as caught:
        FlowConfig(**{name: value})
    assert str(caught.value).startswith(f"FlowConfig.{name}: must be {want}")
    assert str(caught.value).endswith(f", got {value!r}")


def test_memory_unless_told(monkeypatch):
    assert FlowConfig().max_memory == default_memory() <= 1 << 30
    for pages, want in ((1 << 10, 1 << 20), (1 << 30, 1 << 30), (1, 1 << 16)):
        monkeypatch.setattr(
            "os.sysconf", {"SC_PHYS_PAGES": pages, "SC_PAGE_SIZE": 4096}.__getitem__
        )
        assert default_memory() == want
