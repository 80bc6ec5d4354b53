"""The benchmark's harness: programs are pinned and judged, readers timed, figures compared."""

import json
import os
import shutil
import sys

import pytest

from benchmarks.featurizer import __main__ as program
from benchmarks.featurizer import report
from benchmarks.featurizer.captures import FIRST, make
from benchmarks.featurizer.peers import PEERS, Peer, build
from benchmarks.featurizer.rates import Timing, check, ratio, time_peers
from benchmarks.featurizer.run import BenchmarkError, one_cpu, run
from tests.benchmarks.featurizer.test_captures import few


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("bench")


@pytest.fixture(scope="module")
def made(folder):
    return make("FEW", few, folder)


def python(text):
    return lambda capture, folder: [sys.executable, "-c", text]


def saying(**answer):
    """A reader that gives this answer at once."""
    return Peer("liar", python(f"print({json.dumps(answer)!r})"), lambda out, _: json.loads(out))


def silent(_):
    return None


def test_a_program_runs_on_the_cpus_it_is_given():
    shows = [sys.executable, "-c", "import os; print(sorted(os.sched_getaffinity(0)))"]
    assert json.loads(run(shows, one_cpu()).output) == [max(os.sched_getaffinity(0))]
    everywhere = os.sched_getaffinity(0)
    assert json.loads(run(shows, everywhere).output) == sorted(everywhere)


def test_cpu_time_is_that_of_a_program_and_its_children():
    burn = "import time\nwhile time.process_time() < 0.3: pass"
    waits = f"import subprocess, sys; subprocess.run([sys.executable, '-c', '''{burn}'''])"
    done = run([sys.executable, "-c", waits], one_cpu())
    assert 0.3 <= done.cpu_s <= done.wall_s + 0.05
    assert run([sys.executable, "-c", "import time; time.sleep(0.5)"], one_cpu()).cpu_s < 0.4


def test_a_program_that_fails_or_is_not_there_is_quoted():
    fails = "import sys; print('no such thing', file=sys.stderr); sys.exit(3)"
    with pytest.raises(BenchmarkError, match=r"exit 3: no such thing$"):
        run([sys.executable, "-c", fails], one_cpu())
    with pytest.raises(BenchmarkError, match=r"^no-such-program: No such file or directory$"):
        run(["no-such-program"], one_cpu())


@pytest.mark.parametrize("name", [peer.name for peer in PEERS])
def test_every_reader_gives_the_true_counts(name, folder, made):
    (peer,) = (peer for peer in PEERS if peer.name == name)
    if name in ("walk", "walk, by read()", "edgemtl, C core"):
        if not shutil.which("cc"):
            pytest.skip("no C compiler")
        build(folder)
    if how := peer.missing(folder):
        pytest.skip(f"{name} is not installed: {how}")
    given = check(peer, made[0], folder)
    assert "packets" in given
    assert name.startswith("walk") or "flows" in given


def test_a_wrong_answer_has_no_speed(folder, made):
    whole = made[0]
    true = {"packets": whole.packets, "flows": whole.flows}
    assert check(saying(**true), whole, folder) == ("packets", "flows")
    with pytest.raises(BenchmarkError, match="101 flows, the capture has 100"):
        check(saying(**true | {"flows": 101}), whole, folder)


def test_readers_take_turns_and_each_is_first_once(folder, made):
    log = folder / "log"

    def reader(name):
        text = f"open({str(log)!r}, 'a').write({name!r}); print('{{\"cpu_s\": 2, \"wall_s\": 3}}')"
        return Peer(name, python(text), lambda out, _: json.loads(out))

    timings = time_peers(made, [reader("a"), reader("b")], folder, 2, silent)
    assert log.read_text(encoding="utf-8") == "ab" + "ab" + "ba"  # the answers, then the rounds
    assert [each.cpu_s for each in timings] == [[2, 2], [2, 2]]
    assert timings[0].rate == made[0].packets / 2


def test_a_command_is_timed_from_outside_less_its_start(folder, made):
    burn = (
        "import sys, time\nwhile time.process_time() < (0.1 if 'one' in sys.argv[1] else 0.4): pass"
    )
    peer = Peer(
        "command",
        lambda capture, folder: [sys.executable, "-c", burn, str(capture)],
        lambda out, _: {},
        is_command=True,
        starts=True,
    )
    (timing,) = time_peers(made, [peer], folder, 1, silent)
    assert 0.1 <= timing.startup_s < 0.4 <= timing.cpu_s[0]
    assert timing.rate == pytest.approx(timing.packets / (timing.cpu_s[0] - timing.startup_s))


def test_a_slow_reader_gets_the_first_packets(folder, made):
    whole, first, one = made
    slow = Peer("slow", saying().command, lambda out, _: {"cpu_s": 1, "wall_s": 1}, limit=FIRST)
    slower = Peer("slower", saying().command, slow.answer, limit=whole.packets - 1)
    timings = time_peers((whole, first, one), [slow, slower], folder, 1, silent)
    assert [each.capture for each in timings] == ["FEW", "FEW-first"]


def timing(peer, capture, seconds, packets=1_000_000):
    return Timing(peer, capture, packets, ("packets",), cpu_s=list(seconds), wall_s=list(seconds))


def test_a_ratio_is_that_of_the_medians_with_its_range():
    ours, theirs = timing("a", "BIG", [1, 2, 4]), timing("b", "BIG", [4, 4, 4])
    assert ratio(ours, theirs) == (2, 1, 4)


DOCUMENT = {
    "about": {"machine": "M", "system": "S", "python": "3", "commit": "c"},
    "bounds": [
        {"capture": "MANY", "max_flows": 9, "open_flows": 10, "evicted": 0, "memory_bytes": 2000,
         "grown_bytes": 2500, "steps": 3, "p50_us": [1], "p999_us": [2], "longest_us": [4, 5000]},
    ],
    "flood": [
        {"capture": "SYN-FLOOD", "max_flows": 9, "packets": 10, "established": 8, "whole": 8,
         "newcomers": 5, "newcomers_whole": 4,
         "flows": 9, "evicted": 1, "memory_bytes": 1, "grown_bytes": 1, "cpu_s": [1.0]},
    ],
    "cores": {
        "files": 8,
        "rows": [{"cpus": n, "wall_s": [2], "startup_s": [1], "cpu_s": [2]} for n in (1, 2)],
        "speedup": 1.8,
    },
}  # fmt: skip
TIMINGS = [
    timing("walk", "BIG", [1.2]),
    timing("edgemtl, into memory", "BIG", [1.0]),
    timing("edgemtl flows, into Parquet", "BIG", [2.0]),
    timing("NFStream", "BIG", [80.0]),
    timing("ipfixprobe", "BIG", [10.0]),
    timing("edgemtl, into memory", "MANY", [1.0 / 0.6]),
]


def test_what_is_wanted_is_met_just_at_the_border_and_not_behind_it():
    met = {row["aim"]: row["met"] for row in report.aims(DOCUMENT, TIMINGS)}
    other = ("MANY-IPV6:", "SYN-FLOOD: longest", "UDP-FLOOD:", "ANSWERED-FLOOD:")
    assert set(met) == {aim for aim in report.AIMS if not aim.startswith(other)}
    assert all(met.values())
    slower = [timing("edgemtl, into memory", "BIG", [1.01]), *TIMINGS[:1], *TIMINGS[3:5]]
    longer = json.loads(json.dumps(DOCUMENT))
    longer["bounds"][0] |= {"longest_us": [4, 5001, 4], "memory_bytes": 2001}
    longer["flood"][0]["whole"] = 7
    longer["cores"]["speedup"] = 1.79
    missed = report.aims(longer, slower)
    assert len(missed) == 7
    assert not any(row["met"] for row in missed)


def test_the_report_shows_every_reader_and_every_missed_aim(capsys):
    document = {**DOCUMENT, "aims": report.aims(DOCUMENT, TIMINGS)}
    document["aims"][0]["met"] = False
    report.print_report(document, TIMINGS)
    shown = capsys.readouterr().out
    for each in TIMINGS:
        assert each.peer in shown
    assert sum(line.rstrip().endswith("NO") for line in shown.splitlines()) == 1


def test_a_part_that_is_none_is_refused_and_help_has_examples(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["featurizer", "speed"])
    with pytest.raises(SystemExit) as refused:
        program.main()
    assert refused.value.code == 2
    assert "must be one of rates, bounds, flood, cores, got 'speed'" in capsys.readouterr().err
    monkeypatch.setattr(sys, "argv", ["featurizer", "--help"])
    with pytest.raises(SystemExit):
        program.main()
    assert "python -m benchmarks.featurizer --quick" in capsys.readouterr().out


def test_a_wrong_answer_is_exit_1(monkeypatch, capsys, folder):
    def lies(args):
        raise BenchmarkError("x: 1 flows, the capture has 2: a wrong answer has no speed")

    monkeypatch.setattr(program, "measure", lies)
    monkeypatch.setattr(sys, "argv", ["featurizer", "--folder", str(folder)])
    assert program.main() == 1
    assert "a wrong answer has no speed" in capsys.readouterr().err
