"""Runs a program on chosen CPUs, and tells what it answered and what it cost."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

from edgemtl.errors import EdgemtlError

__all__ = ["BenchmarkError", "Done", "one_cpu", "run"]


class BenchmarkError(EdgemtlError):
    """A program failed, or its answer is not the true one: there is nothing to compare."""


@dataclass(frozen=True)
class Done:
    """A program that ended well."""

    output: str
    wall_s: float
    cpu_s: float  # user and system, of it and of all that it waited for


def one_cpu() -> set[int]:
    """The last CPU that this process may use: the first tends to serve interrupts."""
    return {max(os.sched_getaffinity(0))}


def run(command: list[str], cpus: Iterable[int]) -> Done:
    """Run `command` to its end, pinned to `cpus`."""
    cpus = set(cpus)
    root = Path(__file__).parents[2]
    env = os.environ | {"PYTHONPATH": str(root)}
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
        start = perf_counter()
        try:
            process = subprocess.Popen(
                command,
                stdout=out,
                stderr=err,
                env=env,
                preexec_fn=lambda: os.sched_setaffinity(0, cpus),
            )
        except OSError as error:
            raise BenchmarkError(f"{command[0]}: {error.strerror}") from None
        with process:
            _, status, usage = os.wait4(process.pid, 0)
            wall_s = perf_counter() - start
            process.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        if process.returncode != 0:
            err.seek(0)
            lines = err.read().strip().splitlines()
            reason = lines[-1] if lines else "no message"
            raise BenchmarkError(f"{' '.join(command)}: exit {process.returncode}: {reason}")
        return Done(out.read(), wall_s, usage.ru_utime + usage.ru_stime)
