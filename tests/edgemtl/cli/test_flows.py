"""``edgemtl flows``, ``import`` and ``inspect`` as a user runs them."""

import gzip
import io
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time

import dpkt
import pytest

from edgemtl.datasets import read_flows


def pcap_bytes(packets):
    """A pcap of Ethernet frames: ``(seconds, frame)`` each."""
    out = io.BytesIO()
    writer = dpkt.pcap.Writer(out)
    for seconds, frame in packets:
        writer.writepkt(frame, ts=seconds)
    return out.getvalue()


def udp(src, sport, dst, dport, size=100):
    """An Ethernet frame with a UDP packet of `size` bytes of payload."""
    datagram = dpkt.udp.UDP(sport=sport, dport=dport, data=bytes(size), ulen=8 + size)
    packet = dpkt.ip.IP(src=socket.inet_aton(src), dst=socket.inet_aton(dst), p=17, data=datagram)
    packet.len = len(packet)
    return bytes(dpkt.ethernet.Ethernet(src=b"\2" * 6, dst=b"\4" * 6, data=packet))


def arp():
    return bytes(dpkt.ethernet.Ethernet(src=b"\2" * 6, type=0x0806, data=dpkt.arp.ARP()))


def conversation(first=1_000_000_000, port=5000):
    there, back = udp("10.0.0.1", port, "10.0.0.2", 443), udp("10.0.0.2", 443, "10.0.0.1", port, 60)
    return [(first, there), (first + 0.25, back), (first + 1.5, there)]


@pytest.fixture
def capture(tmp_path):
    path = tmp_path / "one.pcap"
    path.write_bytes(pcap_bytes([*conversation(), (1_000_000_002, arp())]))
    return path


def test_capture_to_parquet_and_statistics(edgemtl, tmp_path, capture):
    out = tmp_path / "flows.parquet"
    done = edgemtl("flows", capture, "-o", out, "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["refused"] == []
    (facts,) = json.loads(done.stdout)["captures"]
    assert (facts["path"], facts["packets"], facts["flows"]) == (str(capture), 4, 1)
    assert facts["flow_packets"] == 3
    assert {k: v for k, v in facts["skipped"].items() if v} == {"not_ip": 1}
    assert json.loads(done.stdout)["peak_rss_bytes"] > 10**6
    flows = read_flows([out])
    assert flows["flow_id"].tolist() == ["one.pcap:0"]
    assert flows.iat_us.tolist() == [0, 250_000, 1_250_000]
    assert flows.length.tolist() == [128, 88, 128]
    assert flows.direction.tolist() == [1, -1, 1]
    assert (flows["src"][0], flows["dst_port"][0], flows["bytes"][0]) == ("10.0.0.1", 443, 344)
    assert flows["end_reason"].tolist() == ["forced"]


def test_json_lines_on_standard_output(edgemtl, capture):
    done = edgemtl("flows", capture, "-o", "-")
    assert done.returncode == 0, done.stderr
    (line,) = done.stdout.splitlines()
    assert json.loads(line)["length"] == [128, 88, 128]


def test_statistics_alone(edgemtl, capture):
    done = edgemtl("flows", capture)
    assert done.returncode == 0, done.stderr
    assert "1 not_ip" in done.stdout


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_standard_input(edgemtl, capture, pack):
    done = edgemtl("flows", "-", "-o", "-", stdin=pack(capture.read_bytes()))
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["length"] == [128, 88, 128]


def test_labels_by_file_and_by_folder(edgemtl, tmp_path, capture):
    labels = tmp_path / "labels.csv"
    labels.write_text("capture,traffic_class\none.pcap,video\n")
    out = tmp_path / "flows.jsonl"
    done = edgemtl("flows", capture, "-o", out, "--labels", labels)
    assert (done.returncode, "named there" in done.stderr) == (0, False)
    assert read_flows([out])["traffic_class"].tolist() == ["video"]
    labels.write_text("capture,traffic_class\ntwo.pcap,video\n")
    done = edgemtl("flows", capture, "-o", out, "--labels", labels)
    assert done.returncode == 0
    assert done.stderr.endswith(f"edgemtl flows: {labels}: none of these flows is named there\n")
    assert edgemtl("flows", capture, "-o", out, "--label-by-folder").returncode == 0
    assert read_flows([out])["traffic_class"].tolist() == [tmp_path.name]


def test_captures_of_the_same_name_stay_apart(edgemtl, tmp_path, capture):
    other = tmp_path / "more" / "one.pcap"
    other.parent.mkdir()
    other.write_bytes(pcap_bytes(conversation(port=6000)))
    out = tmp_path / "flows.jsonl"
    done = edgemtl("flows", capture, other, "-o", out)
    assert done.returncode == 0, done.stderr
    assert sorted(read_flows([out])["partition"]) == sorted([str(capture), str(other)])


def test_one_bad_capture_does_not_cost_the_others(edgemtl, tmp_path, capture):
    bad = tmp_path / "bad.pcap"
    bad.write_bytes(b"no capture at all, whatever its name says")
    out = tmp_path / "flows.jsonl"
    done = edgemtl("flows", bad, capture, "-o", out)
    assert done.returncode == 2
    assert done.stderr.splitlines()[0].startswith(f"edgemtl flows: {bad}: neither pcap nor pcapng")
    assert len(read_flows([out])) == 1


def test_captures_that_are_refused_are_in_the_json_too(edgemtl, tmp_path, capture):
    bad, gone = tmp_path / "bad.pcap", tmp_path / "gone.pcap"
    bad.write_bytes(b"no capture at all, whatever its name says")
    done = edgemtl("flows", bad, capture, gone, "--json")
    assert done.returncode == 2
    document = json.loads(done.stdout)
    assert [facts["path"] for facts in document["captures"]] == [str(capture)]
    assert document["refused"] == [
        {"path": str(bad), "reason": "neither pcap nor pcapng: first bytes 0x6e6f2063"},
        {"path": str(gone), "reason": "no such file"},
    ]
    pieces = [gone, capture, bad]
    joined = edgemtl("flows", *pieces, "--json", "--concat")
    assert (joined.returncode, len(joined.stderr.splitlines())) == (2, 1)
    for piece in (gone, bad):
        assert f"{piece}: " in joined.stderr
    (facts,) = json.loads(joined.stdout)["captures"]
    alone = json.loads(edgemtl("flows", capture, "--json").stdout)["captures"][0]
    assert {**facts, "path": 0, "warning": 0} == {**alone, "path": 0, "warning": 0}
    assert json.loads(joined.stdout)["refused"] == document["refused"][::-1]
    joined = edgemtl("flows", gone, bad, "--json", "--concat")
    assert (joined.returncode, json.loads(joined.stdout)["captures"]) == (2, [])


def test_a_batch_that_fills_up_with_the_last_byte(edgemtl, tmp_path):
    path = tmp_path / "full.pcap"
    ends = [(i // 50_000, 1 + i % 50_000) for i in range(16_385)]
    packets = [(1, udp(f"10.{net}.0.1", port, "10.9.9.9", 53, 0)) for net, port in ends]
    path.write_bytes(pcap_bytes([*packets, (1000, udp("10.0.0.1", 9, "10.9.9.9", 9, 0))]))
    done = edgemtl("flows", path, "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["captures"][0]["flows"] == 16_386


def write_cases(folder):
    """Bad captures by name, with a part of the line that each must give."""
    whole = pcap_bytes(conversation())
    files = {
        "empty.pcap": (b"", "empty"),
        "garbage.pcap": (b"\x00garbage" * 50, "neither pcap nor pcapng"),
        "head-only.pcap": (whole[:10], ""),
        "bad-section.pcapng": (bytes.fromhex("0a0d0d0a040000004d3c2b1a") + bytes(16), "shorter"),
        "no-ip.pcap": (pcap_bytes([(1, arp())]), "IP"),
        "bad.pcap.gz": (gzip.compress(whole)[:-20][:20], ""),
    }
    for name, (content, part) in files.items():
        (folder / name).write_bytes(content)
        yield folder / name, part
    yield folder / "not-there.pcap", "o such file"
    (folder / "empty").mkdir()
    yield folder / "empty", "no capture in this folder"


def test_bad_captures_are_one_line_and_no_file(refusal, tmp_path):
    out = tmp_path / "out.parquet"
    for path, part in write_cases(tmp_path):
        line = refusal("flows", path, "-o", out)
        assert line.startswith(f"edgemtl flows: {path}: "), line
        assert part in line
        assert not out.exists()


def test_unreadable_capture_is_one_line(refusal, capture):
    if os.geteuid() == 0:  # root may read every file, but nobody reads the memory at address 0
        assert "nput/output error" in refusal("flows", "/proc/self/mem")
    else:
        capture.chmod(0)
        assert "permission" in refusal("flows", capture)


def test_cut_capture_gives_the_flows_before_the_cut(edgemtl, tmp_path, capture):
    cut = tmp_path / "cut.pcap"
    cut.write_bytes(pcap_bytes(conversation())[:-5])
    out = tmp_path / "flows.jsonl"
    done = edgemtl("flows", cut, "-o", out)
    assert done.returncode == 0
    assert done.stderr.startswith(f"edgemtl flows: {cut}: cut at byte ")
    assert read_flows([out]).length.tolist() == [128, 88]


@pytest.mark.parametrize(
    ("words", "part"),
    [
        (["-o", "out.txt"], "must end in .parquet, .jsonl, .csv"),
        (["-o", "no/such/folder.parquet"], "the folder no/such is not there"),
        (["-o", "-", "--json"], "both want standard output"),
        (["--packets", "0"], "--packets: must be"),
        (["--idle-timeout", "-1"], "--idle-timeout: must be"),
        (["--labels", "nowhere.csv"], "nowhere.csv: No such file"),
        (["--colour"], "No such option"),
    ],
)
def test_bad_usage_is_one_line(refusal, capture, words, part):
    assert part in refusal("flows", capture, *words)


@pytest.mark.parametrize("kind", ["same", "symlink", "hard link", "other spelling"])
def test_a_capture_is_not_written_over(refusal, tmp_path, capture, kind):
    output, before = tmp_path / "out.pcap", capture.read_bytes()
    if kind == "same":
        output = capture
    elif kind == "symlink":
        output.symlink_to(capture)
    elif kind == "hard link":
        output.hardlink_to(capture)
    else:
        output = f"{tmp_path}/../{tmp_path.name}/{capture.name}"
    line = refusal("flows", capture, "-o", output, "--format", "jsonl")
    assert f"-o {output}: is {capture}, which is to be read: give another name" in line
    assert capture.read_bytes() == before


def test_a_file_that_is_imported_is_not_written_over(refusal, tmp_path):
    path = tmp_path / "packets.csv"
    path.write_text("flow_id,timestamp,length,direction\na,1.5,100,1\n")
    assert "which is to be read: give another name" in refusal("import", "csv", path, "-o", path)


@pytest.mark.parametrize("words", [[], ["--concat"]])
def test_a_capture_by_two_spellings_is_named_twice(refusal, tmp_path, capture, words):
    link = tmp_path / "link.pcap"
    link.symlink_to(capture)
    for other in (f"{tmp_path}/../{tmp_path.name}/{capture.name}", link):
        assert "a file is named twice" in refusal("flows", capture, other, *words)


def test_full_disk_is_one_line_and_leaves_nothing(refusal, tmp_path):
    if os.geteuid() != 0:
        pytest.skip("mounting a small tmpfs needs root")
    small = tmp_path / "small"
    small.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=4k", "tmpfs", small]
    if subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("this machine lets nobody mount a tmpfs")
    try:
        big = tmp_path / "big.pcap"
        packets = [p for port in range(2000, 6000) for p in conversation(port=port)]
        big.write_bytes(pcap_bytes(packets))
        for name in ("flows.parquet", "flows.jsonl"):
            assert "o space left on device" in refusal("flows", big, "-o", small / name)
            assert list(small.iterdir()) == []
    finally:
        subprocess.run(["umount", small], check=True)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_interrupted_leaves_no_half_file(tmp_path, number):
    fifo = tmp_path / "endless.pcap"
    os.mkfifo(fifo)
    command = [sys.executable, "-m", "edgemtl", "flows", fifo, "-o", tmp_path / "flows.jsonl"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as run:
        with fifo.open("wb", buffering=0) as pipe:  # opens when the command reads it
            pipe.write(pcap_bytes(conversation()))
            time.sleep(0.3)
            run.send_signal(number)
            if number == signal.SIGINT:  # may have ended the writer of a pipe, see below
                assert b"reads on to the end of its input" in run.stderr.readline()
                run.send_signal(number)
            assert run.wait(10) == 128 + number
        assert b"Traceback" not in run.stderr.read()
    assert [p.name for p in tmp_path.iterdir()] == [fifo.name]


def test_ctrl_c_in_a_pipeline_keeps_the_flows(tmp_path):
    """It ends `tcpdump -w -` first, which closes the pipe."""
    out = tmp_path / "flows.jsonl"
    command = [sys.executable, "-m", "edgemtl", "flows", "-", "-o", out]
    pipes = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
    with subprocess.Popen(command, **pipes, bufsize=0) as run:
        run.stdin.write(pcap_bytes(conversation()))
        time.sleep(2)  # until it reads
        run.send_signal(signal.SIGINT)
        assert b"reads on to the end of its input" in run.stderr.readline()
        run.stdin.close()
        assert run.wait(10) == 0
    assert len(read_flows([out])) == 1


@pytest.mark.parametrize("words", [[""], ["capture", "--anonymise", ""], ["capture", "--labels="]])
def test_an_argument_that_a_script_left_empty(refusal, capture, words):
    words = [capture if word == "capture" else word for word in words]
    assert "is empty: is a variable not set?" in refusal("flows", *words)


def test_the_key_is_not_written_over(refusal, tmp_path, capture):
    key = tmp_path / "key.jsonl"
    key.write_text("ab" * 32)
    assert "which is to be read" in refusal("flows", capture, "--anonymise", key, "-o", key)
    assert key.read_text() == "ab" * 32


def test_names_that_are_no_utf8(edgemtl, tmp_path, capture):
    folder = tmp_path / os.fsdecode(b"a\xff")
    folder.mkdir()
    for name in (b"a\xfe.pcap", b"a\xff.pcap"):
        shutil.copy(capture, folder / os.fsdecode(name))
    out = folder / os.fsdecode(b"\xfe.parquet")
    done = edgemtl("flows", folder, "--label-by-folder", "-o", out)
    assert done.returncode == 0, done.stderr
    flows = read_flows([out])
    assert flows["flow_id"].tolist() == [r"a\udcfe.pcap:0", r"a\udcff.pcap:0"]
    assert set(flows["traffic_class"]) == {r"a\udcff"}


def test_a_link_is_labelled_by_the_folder_that_it_lies_in(edgemtl, refusal, tmp_path, capture):
    (tmp_path / "video").mkdir()
    (tmp_path / "video" / "one.pcap").symlink_to(capture)
    out = tmp_path / "flows.jsonl"
    edgemtl("flows", tmp_path / "video", "--label-by-folder", "-o", out)
    assert set(read_flows([out])["traffic_class"]) == {"video"}
    assert "lies in no folder" in refusal("flows", "-", "--label-by-folder")


def test_streams_that_are_closed_or_full(tmp_path, capture):
    out = tmp_path / "flows.jsonl"
    command = f"{sys.executable} -m edgemtl flows {capture}"

    def run(words):
        return subprocess.run(f"{command} {words}", shell=True, capture_output=True, text=True)

    for words, status in (
        (f"-o {out} >&-", 0), (f"-o {out} 2>/dev/full", 0), (f"{tmp_path}/gone 2>/dev/full", 2)
    ):  # fmt: skip
        done = run(words)
        assert (done.returncode, "Traceback" in done.stderr) == (status, False)
        assert out.exists()
    assert len(run("-o - 2>&-").stdout.splitlines()) == 1
    reads_nothing = f"set -o pipefail; {command} | true"  # whose table is no failure then
    assert subprocess.run(["bash", "-c", reads_nothing], stderr=subprocess.PIPE).returncode == 0


def test_a_long_name(edgemtl, tmp_path, capture):
    out = tmp_path / ("a" * 249 + ".jsonl")
    assert edgemtl("flows", capture, "-o", out).returncode == 0
    assert out.exists()


def test_import_and_inspect(edgemtl, tmp_path):
    source = tmp_path / "mine.csv"
    source.write_text(
        "flow_id,timestamp,length,direction,traffic_class\na,1,100,1,video\na,2,60,-1,video\n"
    )
    out = tmp_path / "flows.parquet"
    done = edgemtl("import", "csv", source, "-o", out)
    assert done.returncode == 0, done.stderr
    facts = json.loads(edgemtl("inspect", out, "--json").stdout)
    assert facts["kind"] == "flow table"
    assert facts["traffic_class"] == {"video": 1}
    assert facts["quantiles"]["duration_s"] == [1, 1, 1, 1, 1]


def test_inspect_a_capture(edgemtl, capture):
    facts = json.loads(edgemtl("inspect", capture, "--json").stdout)
    assert (facts["kind"], facts["packets"], facts["flows"]) == ("capture", 4, 1)
    assert facts["skipped"] == {"not_ip": 1}
    assert "not_ip: 1" in edgemtl("inspect", capture).stdout


@pytest.mark.parametrize(
    ("frames", "kept", "skipped", "warning"),
    [
        (2, None, {"not_ip": 2}, "no IP packet among 2 (link type 1, 2 not_ip)"),
        (0, None, {}, "no IP packet among 0 (link type none)"),
        (2, -1, {"not_ip": 1}, "cut at byte "),
    ],
)
def test_inspect_a_capture_without_ip(edgemtl, tmp_path, frames, kept, skipped, warning):
    path = tmp_path / "arp.pcap"
    path.write_bytes(pcap_bytes([(1 + i, arp()) for i in range(frames)])[:kept])
    done = edgemtl("inspect", path, "--json")
    assert done.returncode == 0
    assert done.stderr.startswith(f"edgemtl inspect: {path}: {warning}")
    assert len(done.stderr.splitlines()) == 1
    facts = json.loads(done.stdout)
    assert (facts["packets"], facts["ip_packets"], facts["flows"]) == (sum(skipped.values()), 0, 0)
    assert facts["skipped"] == skipped
    assert facts["link_types"] == ([1] if skipped else [])
    assert "median" not in edgemtl("inspect", path).stdout


@pytest.mark.parametrize("name", ["empty.pcap", "garbage.pcap", "head-only.pcap"])
def test_inspect_what_is_no_capture_is_one_line(refusal, tmp_path, name):
    paths = {path.name: path for path, _ in write_cases(tmp_path)}
    assert f"edgemtl inspect: {paths[name]}: " in refusal("inspect", paths[name])


@pytest.mark.parametrize("command", ["inspect", "flows"])
def test_missing_file_is_one_line(refusal, command, tmp_path):
    assert str(tmp_path / "x.pcap") in refusal(command, tmp_path / "x.pcap")


def test_help_has_an_example_for_every_command(edgemtl):
    listed = edgemtl("--help").stdout
    for command in ("demo", "flows", "inspect", "train", "evaluate", "export", "bench", "classify"):
        assert command in listed
        assert "Example" in edgemtl(command, "--help").stdout


def test_import_edgemtl_is_light():
    code = (
        "import sys, edgemtl\n"
        "heavy = {'torch', 'onnx', 'onnxruntime', 'pyarrow', 'matplotlib'} & set(sys.modules)\n"
        "sys.exit(f'imports {heavy}' if heavy else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("manifest", ["{", "[]", "{}", '{"files": [1]}', "[" * 100_000])
def test_inspect_a_damaged_manifest_is_one_line(refusal, tmp_path, manifest):
    (tmp_path / "manifest.json").write_text(manifest)
    assert "manifest.json: " in refusal("inspect", tmp_path)
