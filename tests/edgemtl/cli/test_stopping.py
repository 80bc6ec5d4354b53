"""Signals that end what has no end of its own."""

import signal
import subprocess
import sys
import time

import pytest

# A job that does not heed the request to stop, with a half-written file.
JOB = """
import sys, time
from pathlib import Path
from edgemtl.cli.stopping import leave_on_signal, stop_on_signal
from edgemtl.datasets.atomic import whole_file

leave_on_signal()
if sys.argv[2] == "stops":
    stop_on_signal(lambda: print("stop", flush=True))
with whole_file(Path(sys.argv[1])) as temporary:
    temporary.write_text("half")
    print("begun", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def start(tmp_path):
    started = []

    def start(kind, **options):
        command = [sys.executable, "-c", JOB, str(tmp_path / "flows.jsonl"), kind]
        job = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, **options)
        started.append(job)
        assert job.stdout.readline() == "begun\n"
        assert len(list(tmp_path.iterdir())) == 1
        return job

    yield start
    for job in started:
        job.kill()
        job.communicate()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_second_signal_leaves_no_half_file(start, tmp_path, number):
    job = start("stops")
    job.send_signal(number)
    assert job.stdout.readline() == "stop\n"
    time.sleep(0.2)
    job.send_signal(number)  # a terminal that closes says it twice
    time.sleep(1)
    assert job.poll() is None
    job.send_signal(number)
    assert job.wait(timeout=10) == 128 + number
    assert list(tmp_path.iterdir()) == []


def test_another_signal_is_a_second_one_at_once(start, tmp_path):
    job = start("stops")
    job.send_signal(signal.SIGHUP)
    assert job.stdout.readline() == "stop\n"
    job.send_signal(signal.SIGTERM)
    assert job.wait(timeout=10) == 128 + signal.SIGTERM
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_what_ends_by_itself_leaves_at_the_first(start, tmp_path, number):
    job = start("ends")
    job.send_signal(number)
    assert job.wait(timeout=10) == 128 + number
    assert list(tmp_path.iterdir()) == []


def ignoring(number):
    """Options of a program that starts with a signal ignored."""
    return {"preexec_fn": lambda: signal.signal(number, signal.SIG_IGN)}


@pytest.mark.parametrize("kind", ["stops", "ends"])
def test_nohup(start, kind):
    job = start(kind, **ignoring(signal.SIGHUP))
    job.send_signal(signal.SIGHUP)
    time.sleep(0.3)
    assert job.poll() is None


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_what_has_no_end_of_its_own_stops_however_it_was_started(start, tmp_path, number):
    job = start("stops", **ignoring(number))
    job.send_signal(number)
    assert job.stdout.readline() == "stop\n"
    time.sleep(1.1)
    job.send_signal(number)
    assert job.wait(timeout=10) == 128 + number
    assert list(tmp_path.iterdir()) == []


def test_ctrl_c_does_not_reach_what_a_script_runs_in_the_background(start):
    job = start("ends", **ignoring(signal.SIGINT))
    job.send_signal(signal.SIGINT)
    time.sleep(0.3)
    assert job.poll() is None
