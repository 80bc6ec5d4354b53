"""How it ends, and how flows do in a silent network."""

import os
import signal
import time

import pytest

from edgemtl.datasets import read_flows
from tests.edgemtl.cli.live.far_end import end, facts, listen, next_line, udp


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_it_with_the_flows_so_far(cable, folder, number):
    live = listen(cable, "-o", folder / "f.parquet", "--json")
    with cable.sender() as sock:
        for port in range(1, 11):
            sock.send(udp("10.1.0.1", port, "10.2.0.2", 443))
    out, error = end(live, number)
    flows = read_flows([folder / "f.parquet"])
    assert sorted(flows["src_port"].tolist()) == list(range(1, 11))
    assert set(flows["end_reason"].tolist()) == {"forced"}
    assert facts(out)["flows"] == 10
    assert error == ""
    assert [path.name for path in folder.iterdir()] == ["f.parquet"]


def test_sigint_ends_what_a_script_started_in_its_background(cable, folder):
    script = 'trap "" INT; exec "$@"'  # what a shell does for: COMMAND &
    live = listen(cable, "-o", folder / "f.jsonl", before=("sh", "-c", script, "sh"))
    end(live, signal.SIGINT)
    assert [path.name for path in folder.iterdir()] == ["f.jsonl"]


def test_a_second_signal_ends_it_at_once(cable, folder):
    fifo = folder / "full"
    os.mkfifo(fifo)
    fifo.chmod(0o666)
    reader = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)  # and never reads: the writer hangs
    live = listen(cable, "-o", fifo, "--format", "jsonl", "--idle-timeout", "1")
    with cable.sender() as sock:
        for port in range(1, 2001):
            sock.send(udp("10.1.0.1", port, "10.2.0.2", 443))
    time.sleep(2.5)
    live.send_signal(signal.SIGTERM)
    time.sleep(1.2)
    assert live.poll() is None
    live.send_signal(signal.SIGTERM)
    assert live.wait(timeout=5) == 128 + signal.SIGTERM
    os.close(reader)


def test_an_interface_that_goes_away_ends_it_and_one_that_is_down_does_not(cable, folder):
    live = listen(cable, "-o", folder / "f.parquet", "--json")
    with cable.sender() as sock:
        sock.send(udp("10.1.0.1", 1, "10.2.0.2", 443))
        cable.run(cable.far, "ip", "link", "set", "v", "down")
        assert live.stderr.readline() == "edgemtl flows: v: is down: waiting for it\n"
        cable.run(cable.far, "ip", "link", "set", "v", "up")
        time.sleep(0.2)
        sock.send(udp("10.1.0.1", 2, "10.2.0.2", 443))
        time.sleep(0.5)
    cable.run(cable.far, "ip", "link", "del", "v")
    out, error = live.communicate(timeout=10)
    assert live.returncode == 1, error
    line = "edgemtl flows: v: was removed while in use: the flows before it are kept"
    assert error.splitlines()[-1] == line
    assert facts(out)["warning"] == line.removeprefix("edgemtl flows: ")
    assert sorted(read_flows([folder / "f.parquet"])["src_port"].tolist()) == [1, 2]


def test_an_interface_that_is_removed_while_it_is_down_ends_it(cable, folder):
    live = listen(cable, "-o", folder / "f.jsonl", "--json")
    cable.run(cable.far, "ip", "link", "set", "v", "down")
    assert live.stderr.readline() == "edgemtl flows: v: is down: waiting for it\n"
    time.sleep(0.5)
    assert live.poll() is None
    cable.run(cable.far, "ip", "link", "del", "v")
    _, error = live.communicate(timeout=5)
    assert live.returncode == 1
    line = "edgemtl flows: v: was removed while in use: the flows before it are kept"
    assert error.splitlines()[-1] == line


def test_flows_end_by_the_wall_clock_in_a_silent_network(cable):
    live = listen(cable, "-o", "-", "--idle-timeout", "2", "--active-timeout", "3")
    with cable.sender() as sock:
        sock.send(udp("10.1.0.1", 1, "10.2.0.2", 443))
        sent = time.time()
        line, came = next_line(live, 4)
        assert line["end_reason"] == "idle"
        assert 2 <= came - sent < 3
        begun, packets = time.time(), 0
        while time.time() - begun < 2.5:  # so that the flow is not idle
            sock.send(udp("10.1.0.1", 2, "10.2.0.2", 443))
            packets += 1
            time.sleep(0.1)
        line, came = next_line(live, 2)
        assert (line["end_reason"], line["packets"]) == ("active", packets)
        assert 3 <= came - begun < 4
    end(live)
