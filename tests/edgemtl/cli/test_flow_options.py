"""What ``edgemtl flows`` can be told: which packets, which limits, how many files, how private."""

import json
import subprocess
import sys

import numpy as np
import pytest

from edgemtl.cli.flow_options import flow_config
from edgemtl.datasets import read_flows
from edgemtl.errors import DataError
from tests.edgemtl.cli.test_flows import conversation, pcap_bytes, udp

KEYS = {"path", "packets", "ip_packets", "flow_packets", "flows", "evicted", "clock_back"}
KEYS |= {"tunnelled", "oversized", "split", "segments", "memory_bytes", "skipped", "warning"}


@pytest.fixture
def statistics(edgemtl):
    """Run ``edgemtl flows … --json`` well; give what it says of each capture."""

    def run(*words):
        done = edgemtl("flows", *words, "--json")
        assert done.returncode == 0, done.stderr
        document = json.loads(done.stdout)
        assert document["peak_rss_bytes"] > 10**6
        for facts in document["captures"]:
            assert set(facts) == KEYS
        return document["captures"]

    return run


@pytest.fixture
def write(tmp_path):
    def put(name, packets):
        path = tmp_path / name
        path.write_bytes(pcap_bytes(packets))
        return path

    return put


def vxlan(inner):
    """The frame in a VXLAN packet (RFC 7348) between two other addresses."""
    frame = bytearray(udp("192.0.2.1", 9999, "192.0.2.2", 4789, 8 + len(inner)))
    return bytes(frame[:42]) + bytes.fromhex("0800000000000100") + inner


def icmp():
    frame = bytearray(udp("10.0.0.1", 0x0800, "10.0.0.2", 0))
    frame[23] = 1
    return bytes(frame)


def test_tunnels(write, statistics, tmp_path):
    path, out = (
        write("a.pcap", [(1, vxlan(udp("10.0.0.1", 7, "10.0.0.2", 8)))]),
        tmp_path / "f.jsonl",
    )
    (facts,) = statistics(path, "-o", out)
    assert facts["tunnelled"] == 1
    assert read_flows([out])["src"].tolist() == ["10.0.0.1"]
    (facts,) = statistics(path, "-o", out, "--tunnels", "outer")
    assert facts["tunnelled"] == 0
    assert read_flows([out])["src"].tolist() == ["192.0.2.1"]


def test_protocols(write, statistics, edgemtl):
    path = write("a.pcap", [*conversation(), (1_000_000_002, icmp())])
    (facts,) = statistics(path)
    assert (facts["flows"], facts["skipped"]["icmp"]) == (1, 1)
    (facts,) = statistics(path, "--protocols", "udp, icmp")
    assert (facts["flows"], facts["skipped"]["icmp"]) == (2, 0)


def test_offload_is_told_and_split(write, statistics, edgemtl, tmp_path):
    path = write("a.pcap", [(1, udp("10.0.0.1", 7, "10.0.0.2", 8, 4000))])
    (facts,) = statistics(path)
    assert (facts["oversized"], facts["split"]) == (1, 0)
    words = "1 packet longer than the MTU: offload? edgemtl flows --split-offload"
    for command in ("flows", "inspect"):
        assert words in edgemtl(command, path).stdout
    assert json.loads(edgemtl("inspect", path, "--json").stdout)["oversized"] == 1
    (facts,) = statistics(path, "--split-offload", "1500")
    assert (facts["oversized"], facts["split"], facts["segments"]) == (0, 1, 3)


def test_limits_evict_and_say_so(write, statistics, edgemtl):
    packets = [(1 + i / 1000, udp("10.0.0.1", 1024 + i, "10.0.0.2", 53)) for i in range(2000)]
    path = write("a.pcap", packets)
    (facts,) = statistics(path, "--max-flows", "100")
    assert (facts["evicted"], facts["flows"]) == (1900, 2000)
    (facts,) = statistics(path, "--max-memory", "256k")
    assert facts["evicted"] > 1000
    assert 0 < facts["memory_bytes"] <= 256 << 10
    (facts,) = statistics(path)
    assert facts["evicted"] == 0
    assert "1900 flows ended for lack of room" in edgemtl("flows", path, "--max-flows", 100).stdout


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("70000", 70_000),
        ("256M", 256 << 20),
        ("256MiB", 256 << 20),
        ("2gb", 2 << 30),
        ("64K", 65536),
        ("256T", 1 << 48),
    ],
)
def test_sizes(text, size):
    assert flow_config(max_memory=text).max_memory == size


@pytest.mark.parametrize("text", ["", "M", "-1M", "1P", "1.5G", "٣M", "1" * 99])
def test_what_is_no_size(text):
    with pytest.raises(DataError, match=r"^--max-memory: must be a whole number of bytes, "):
        flow_config(max_memory=text)


def test_capitals():
    config = flow_config(protocols="TCP, Udp-Lite", tunnels="Outer")
    assert (config.protocols, config.tunnels) == (("tcp", "udp-lite"), "outer")


@pytest.mark.parametrize("suffix", ["parquet", "jsonl"])
def test_payload(write, statistics, tmp_path, suffix):
    path, out = write("a.pcap", conversation()), tmp_path / f"flows.{suffix}"
    statistics(path, "-o", out)
    assert read_flows([out]).payload is None
    statistics(path, "-o", out, "--payload")
    flows = read_flows([out])
    assert flows.payload.tolist() == [100, 60, 100]
    assert flows.payload.dtype == np.int32


def test_rotated_files_are_one_stream(write, statistics, tmp_path):
    packets = [p for port in range(2000, 2050) for p in conversation(port=port)]
    packets.sort(key=lambda packet: packet[0])
    whole, out, parts = write("all.pcap", packets), tmp_path / "flows.parquet", []
    for i in range(0, len(packets), 40):
        parts.append(write(f"part{i}.pcap", packets[i : i + 40]))
    statistics(whole, "-o", out)
    want = read_flows([out])
    (facts,) = statistics(*parts, "--concat", "-o", out)
    assert (facts["packets"], facts["path"]) == (150, ", ".join(map(str, parts)))
    got = read_flows([out])
    order = [flows["src_port"].argsort() for flows in (want, got)]
    for name in ("src_port", "packets", "duration_s", "start_us"):
        np.testing.assert_array_equal(got[name][order[1]], want[name][order[0]])
    assert got["partition"].tolist() == ["part0.pcap"] * 50


def test_rotated_files_in_the_wrong_order_are_said(write, edgemtl, tmp_path):
    hours = [write(f"{hour}.pcap", conversation(hour * 3600)) for hour in range(1, 5)]
    done = edgemtl("flows", *hours, "--concat", "--json", "-o", tmp_path / "f.jsonl")
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["captures"][0]["warning"] is None
    done = edgemtl("flows", *hours[::-1], "--concat", "--json", "-o", tmp_path / "f.jsonl")
    line = (
        f"{hours[2]}: begins 3601.500 s before {hours[3]}, given ahead of it, ends "
        "(so do 2 others): give files in the order of time, or join those that overlap "
        "with mergecap"
    )
    assert (done.returncode, done.stderr) == (0, f"edgemtl flows: {line}\n")
    assert json.loads(done.stdout)["captures"][0]["warning"] == line
    assert read_flows([tmp_path / "f.jsonl"])["packets"].tolist() == [12]  # time never passed


def test_a_cut_file_of_several_is_named_once(write, edgemtl):
    first, second = write("a.pcap", conversation()), write("b.pcap", conversation(2_000_000_000))
    second.write_bytes(second.read_bytes()[:-1])
    done = edgemtl("flows", first, second, "--concat")
    assert done.returncode == 0
    line = f"edgemtl flows: {second}: cut at byte "
    assert done.stderr.startswith(line)
    assert len(done.stderr.splitlines()) == 1


def test_threads_change_nothing(write, edgemtl, tmp_path):
    """As many captures as would keep eight threads busy, against one core."""
    captures = [
        write(
            f"{i}.pcap", [p for port in range(2000, 2000 + 70 * i) for p in conversation(port=port)]
        )
        for i in range(1, 12)
    ]
    script = (
        "import os, sys\n"
        "cores = int(sys.argv.pop(1))\n"
        "os.sched_getaffinity = lambda pid: range(cores)\n"
        "from edgemtl.cli import main\n"
        "main()"
    )
    files = [tmp_path / f"{cores}.parquet" for cores in (1, 8)]
    for cores, file in zip((1, 8), files, strict=True):
        command = [sys.executable, "-c", script, cores, "flows", *captures, "-o", file]
        subprocess.run(list(map(str, command)), check=True, capture_output=True)
    assert files[0].read_bytes() == files[1].read_bytes()
    flows = read_flows([files[0]])
    names = list(dict.fromkeys(flows["partition"]))
    assert names == [path.name for path in captures]


def test_anonymise(write, edgemtl, tmp_path):
    pytest.importorskip("cryptography")
    key, out = tmp_path / "key", tmp_path / "flows.parquet"
    key.write_bytes(bytes(range(32)))
    path = write("a.pcap", [*conversation(), *conversation(port=6000)])
    done = edgemtl("flows", path, "-o", out, "--anonymise", key)
    assert done.returncode == 0, done.stderr
    flows = read_flows([out])
    assert {"start_us", "vlan"}.isdisjoint(flows.columns)
    assert set(flows["anonymised"]) == {"crypto-pan"}
    assert flows["src_port"].tolist() == [0, 0]
    assert flows["dst_port"].tolist() == [443, 443]
    src, dst = flows["src"][0], flows["dst"][0]
    assert "10.0.0.1" != src != dst
    assert src.split(".")[:3] == dst.split(".")[:3]  # 10.0.0.1 and 10.0.0.2
    assert json.loads(edgemtl("inspect", out, "--json").stdout)["anonymised"] == ["crypto-pan"]
    again = edgemtl("flows", path, "-o", "-", "--anonymise", bytes(range(32)).hex())
    assert json.loads(again.stdout.splitlines()[0])["src"] == src


@pytest.mark.parametrize(
    ("words", "part"),
    [
        (["--tunnels", "Both"], "--tunnels: must be 'inner' or 'outer', got 'Both'"),
        (
            ["--protocols", "tcp,OSPF"],
            "--protocols: must be one or more of tcp, udp, sctp, udp-lite, icmp, got 'tcp,OSPF'",
        ),
        (["--protocols", "tcp,"], "udp-lite, icmp, got 'tcp,'"),
        (
            ["--split-offload", "100"],
            "--split-offload: must be a whole number from 576 to 65535, got 100",
        ),
        (["--split-offload", "mtu"], "--split-offload: must be a whole number, got 'mtu'"),
        (["--packets", "1.5"], "edgemtl flows: --packets: must be a whole number, got '1.5'"),
        (["--max-memory", "lots"], "K, M, G or T, as 256M or 2G, got 'lots'"),
        (["--max-memory", "1K"], "--max-memory: must be a whole number from 65536"),
        (["--idle-timeout", "0"], "--idle-timeout: must be a whole number from 1"),
        (
            ["-o", "f.csv", "--format", "xml"],
            "edgemtl flows: --format: must be one of parquet, jsonl, csv, got 'xml'",
        ),
        (
            ["--max-memory", "64K", "--packets", "65535"],
            "65536 bytes hold no flow of 65535 packets",
        ),
        (
            ["--anonymise", "12" * 31],
            "edgemtl flows: --anonymise: must be a file of 32 random bytes",
        ),
    ],
)
def test_bad_usage_is_one_line(refusal, write, words, part):
    assert part in refusal("flows", write("a.pcap", conversation()), *words)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("classify m --threads 0", "edgemtl classify: --threads: must be at least 1, got '0'"),
        ("classify m --early 2", "edgemtl classify: --early: must be at most 1.0, got '2'"),
        ("train t -o r --test some", "edgemtl train: --test: must be a number, got 'some'"),
        (
            "import csv c -o f.jsonl --packets few",
            "edgemtl import csv: --packets: must be a whole number, got 'few'",
        ),
    ],
)
def test_what_is_no_number_is_said_alike_by_all_commands(refusal, words, said):
    assert refusal(*words.split()) == said
