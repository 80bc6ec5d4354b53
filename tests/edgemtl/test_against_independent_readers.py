"""edgemtl against readers that share no code with it: a flow table in plain Python over dpkt and
scapy (tests/oracle), and tshark. tests/oracle/differences.py explains each difference."""

import json
import shutil
from dataclasses import asdict
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from edgemtl.errors import CaptureError
from edgemtl.flows import CaptureStats, FlowConfig, Flows, read_capture
from tests.oracle import differences, generated
from tests.oracle import tshark_counts as tshark
from tests.oracle.compare import difference, of_edgemtl, of_oracle
from tests.oracle.flow_table import Rules, flows_of
from tests.oracle.readers import READERS, Record, records

# Of many kinds: 831 TLS packets, VLAN tags, MPLS, PPPoE, 802.2, cooked, IPv6 fragments, pcapng;
# 2,407 packets of 802.11 in GRE, VXLAN, Geneve, GTP, Teredo, 6in4.
LIVE = [
    "joy/test/pcaps/firefox58.pcap",
    "zeek/mixed-vlan-mpls.pcap",
    "zeek/pppoe-over-qinq.pcap",
    "zeek/snap-tcp.pcap",
    "zeek/linux_dlt_sll2.pcap",
    "zeek/ipv6-http-atomic-frag.pcap",
    "zeek/quic/merlinc2_Zeek_example.pcapng",
    "zeek/tunnels/gre-aruba.pcap",
    "zeek/tunnels/vxlan-triple-v2.pcap",
    "zeek/tunnels/geneve.pcap",
    "zeek/tunnels/gtp/gtp8_teredo.pcap",
    "zeek/tunnels/6in4.pcap",
]


@pytest.fixture(scope="session")
def captures(shared_data) -> dict[str, Path]:
    folder = shared_data / "captures"
    files = (path for path in sorted(folder.rglob("*")) if path.is_file() and path.suffix != ".md")
    found = {path.relative_to(folder).as_posix(): path for path in files}
    if not found:
        pytest.skip(f"no captures at {folder}: set EDGEMTL_DATA to the folder that holds them")
    return found


def read(path: Path, rules: Rules) -> tuple[Flows, CaptureStats]:
    """What edgemtl makes of a capture; one that it refuses has no packets."""
    try:
        return read_capture(path, FlowConfig(**asdict(rules)))
    except CaptureError:
        return Flows.empty(), CaptureStats(str(path))


def against_oracle(path: Path, expected: list[Record], rules: Rules) -> str:
    """What differs between edgemtl's reading of a file and the oracle's of the records in it."""
    flows, stats = read(path, rules)
    oracle_flows, oracle_skipped = flows_of(expected, rules)
    skipped = {reason: n for reason, n in stats.skipped.items() if n}
    found = [difference(of_oracle(oracle_flows, rules.packets), of_edgemtl(flows))]
    for name, theirs, ours in (
        ("packets", len(expected), stats.packets),
        ("skipped", oracle_skipped, skipped),
        ("flow_packets", len(expected) - sum(oracle_skipped.values()), stats.flow_packets),
    ):
        if theirs != ours:
            found.append(f"{name}: oracle {theirs}, edgemtl {ours}")
    return "\n".join(filter(None, found))


def judge(
    found: dict[str, str], explained: dict[str, list[str]], captures: dict[str, Path]
) -> None:
    """Every difference is explained, and every explanation explains one."""
    names = [name for files in explained.values() for name in files]
    assert len(names) == len(set(names)), "a capture is explained twice"
    unexplained = {name: what for name, what in found.items() if name not in names}
    assert not unexplained, "\n".join(f"{name}:\n{what}" for name, what in unexplained.items())
    stale = [name for name in names if name in captures and name not in found]
    assert not stale, f"these agree: take them out of the table: {stale}"


@pytest.mark.parametrize("reader", READERS)
def test_flows_of_real_captures_are_those_of_the_oracle(reader, captures):
    found = {}
    for name, path in captures.items():
        if what := against_oracle(path, records(path, reader)[0], Rules()):
            found[name] = what
    judge(found, differences.FLOWS, captures)


@pytest.mark.slow
@settings(
    max_examples=300,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(capture=generated.captures())
def test_flows_of_generated_captures_are_those_of_the_oracle(tmp_path, capture):
    path = tmp_path / "generated.pcap"
    path.write_bytes(capture.file)
    assert records(path, "dpkt")[0] == capture.records  # the file says what it was made to say
    assert against_oracle(path, capture.records, capture.rules) == ""


@pytest.fixture(scope="session")
def tshark_counts() -> dict[str, tshark.Seen]:
    table = json.loads(tshark.TABLE.read_text(encoding="utf-8"))
    assert table["columns"] == list(tshark.Seen._fields)
    return {name: tshark.Seen(*row) for name, row in table["files"].items()}


def conversations(flows: Flows) -> tshark.Conversations:
    """The packets of each conversation, as tests.oracle.tshark_counts.look gives them."""
    found = tshark.Conversations()
    for i in range(len(flows)):
        transport = {6: "tcp", 17: "udp"}[int(flows["protocol"][i])]
        addresses = [flows["src"][i], flows["dst"][i]]
        ports = [int(flows["src_port"][i]), int(flows["dst_port"][i])]
        found[tshark.conversation(transport, addresses, ports)] += int(flows["packets"][i])
    return found


def table(rows: list[tuple[str, tshark.Seen, tshark.Seen]]) -> str:
    """A line a capture: TCP and UDP packets of tshark's and of edgemtl's, and why they differ."""
    reasons = {name: why for why, names in differences.TSHARK.items() for name in names}
    lines = [f"{'capture':60} {'tshark':>13} {'edgemtl':>13}  TCP and UDP packets"]
    for name, theirs, ours in rows:
        counts = (f"{seen.tcp}, {seen.udp}" for seen in (theirs, ours))
        why = "" if theirs == ours else f"  {reasons.get(name, 'UNEXPLAINED')}"
        lines.append("{:60} {:>13} {:>13}{}".format(name, *counts, why))
    return "\n".join(lines)


def test_packets_and_conversations_are_those_of_tshark(captures, tshark_counts):
    """Against what tshark said when oracle/tshark_counts.json was made. `pytest -s` shows the table
    of all captures."""
    assert set(captures) <= set(tshark_counts), "new captures: run tests/oracle/tshark_counts.py"
    rows = []
    for name, path in captures.items():
        flows, stats = read(path, Rules())
        rows.append(
            (name, tshark_counts[name], tshark.summary(stats.ip_packets, conversations(flows)))
        )
    print(table(rows))
    found = {
        name: f"tshark {theirs}\nedgemtl {ours}" for name, theirs, ours in rows if theirs != ours
    }
    judge(found, differences.TSHARK, captures)


def test_every_capture_is_read_to_its_end_or_refused_in_one_line(captures):
    for name, path in captures.items():
        try:
            _, stats = read_capture(path)
        except CaptureError as error:
            assert str(error).startswith(f"{path}: ") and "\n" not in str(error), name
            continue
        assert stats.packets == stats.flow_packets + sum(stats.skipped.values()), name
        said = stats.warning or ""
        if said and not said.startswith("no IP packet among "):
            assert ("the flows before it are kept" in said) == (stats.flow_packets > 0), name
        assert "\n" not in said, name


@pytest.mark.skipif(shutil.which("tshark") is None, reason="no tshark: `make system-deps`")
@pytest.mark.parametrize("name", LIVE)
def test_packets_and_conversations_are_those_of_the_tshark_here(name, captures):
    if name not in captures:
        pytest.skip(f"no {name} among the captures")
    flows, stats = read(captures[name], Rules())
    assert (stats.ip_packets, conversations(flows)) == tshark.look(captures[name])
