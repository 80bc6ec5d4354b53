"""Packets a second: all peers in one run, one core, taking turns; equal answers first."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import mean, median

from benchmarks.featurizer.captures import Capture
from benchmarks.featurizer.peers import ANSWERS, Peer
from benchmarks.featurizer.run import BenchmarkError, one_cpu, run
from benchmarks.featurizer.settle import RESERVE, read_from_disk

__all__ = ["Timing", "ratio", "time_peers"]

Say = Callable[[str], None]


@dataclass
class Timing:
    """What the rounds of one peer on one capture took."""

    peer: str
    capture: str
    packets: int
    answers: tuple[str, ...]  # what was compared with the truth
    starts_s: list[float] = field(default_factory=list)  # by round, mean of before and behind it
    cpu_s: list[float] = field(default_factory=list)
    wall_s: list[float] = field(default_factory=list)

    @property
    def startup_s(self) -> float:
        """What to start took; 0 where that was not measured."""
        return median(self.starts_s or [0.0])

    @property
    def rates(self) -> list[float]:
        """Packets a second of CPU time, by round, less the starts that were measured beside it."""
        starts_s = self.starts_s or [0.0] * len(self.cpu_s)
        seconds = [s - start for s, start in zip(self.cpu_s, starts_s, strict=True)]
        return [self.packets / max(s, 1e-9) for s in seconds]

    @property
    def rate(self) -> float:
        return median(self.rates)

    def as_json(self) -> dict[str, object]:
        return {
            **{name: getattr(self, name) for name in ("peer", "capture", "packets", "answers")},
            **{name: getattr(self, name) for name in ("starts_s", "cpu_s", "wall_s")},
            "packets_per_s": {"median": self.rate, "min": min(self.rates), "max": max(self.rates)},
        }


def ratio(ours: Timing, theirs: Timing) -> tuple[float, float, float]:
    """Of the medians; and the least and the most of any round's."""
    each = [o / t for o, t in zip(ours.rates, theirs.rates, strict=True)]
    return ours.rate / theirs.rate, min(each), max(each)


def time_peers(
    captures: Sequence[Capture], peers: Sequence[Peer], folder: Path, rounds: int, say: Say
) -> list[Timing]:
    """Time each peer `rounds` times on one capture, in turns, each time another one first.

    `captures` are the whole, its first packets and its first packet. Before that each peer runs
    once for its answer: it must be the true one.
    """
    whole, first, one = captures
    cpus = one_cpu()
    plan: list[tuple[Peer, Capture, Timing]] = []
    for peer in peers:
        capture = whole if peer.limit is None or whole.packets <= peer.limit else first
        say(f"{capture.name}: {peer.name}: answers")
        timing = Timing(peer.name, capture.name, capture.packets, check(peer, capture, folder))
        plan.append((peer, capture, timing))
    for turn in range(rounds):
        for i in range(len(plan)):
            peer, capture, timing = plan[(turn + i) % len(plan)]
            say(f"{capture.name}: {peer.name}: round {turn + 1} of {rounds}")
            starts_s = [_seconds(peer, one, folder, cpus)[0]] if peer.starts else []
            read_from_disk(capture.path)  # what was not read for minutes may have left memory
            cpu_s, wall_s = _seconds(peer, capture, folder, cpus)
            timing.cpu_s.append(cpu_s)
            timing.wall_s.append(wall_s)
            if peer.starts:
                starts_s.append(_seconds(peer, one, folder, cpus)[0])
                timing.starts_s.append(mean(starts_s))
    return [timing for _, _, timing in plan]


def check(peer: Peer, capture: Capture, folder: Path) -> tuple[str, ...]:
    """Compare a peer's answer with the truth; return what was compared."""
    answer = peer.answer(run(peer.command(capture.path, folder), one_cpu()).output, folder)
    given = tuple(name for name in ANSWERS if name in answer)
    for name in given:
        if answer[name] != getattr(capture, name):
            raise BenchmarkError(
                f"{peer.name}: {capture.path}: {answer[name]} {name}, "
                f"the capture has {getattr(capture, name)}: a wrong answer has no speed"
            )
    return given


def _seconds(peer: Peer, capture: Capture, folder: Path, cpus: set[int]) -> tuple[float, float]:
    """CPU and wall time of one run: by its own clock, or of the whole process."""
    with RESERVE.lent():
        done = run(peer.command(capture.path, folder), cpus)
    if peer.is_command:
        return done.cpu_s, done.wall_s
    answer = peer.answer(done.output, folder)
    return answer["cpu_s"], answer["wall_s"]
