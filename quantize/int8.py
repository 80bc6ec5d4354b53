"""int8 files: made in more than one way; validation flows tell which one is kept.

This module imports torch: import it inside the functions that need it.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from edgemtl.card import ModelCard
from edgemtl.quantize.formats import Format, exported_card
from edgemtl.quantize.graph import Graph
from edgemtl.quantize.known import Known
from edgemtl.quantize.native import run_converter
from edgemtl.quantize.ranges import CALIBRATIONS, value_range
from edgemtl.quantize.tuning import fine_tuned
from edgemtl.quantize.verify import points_lost
from edgemtl.runtime import load

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from edgemtl.quantize.verify import Answers

__all__ = ["write_int8"]


@dataclass(frozen=True)
class _Task:
    card: ModelCard
    known: Known
    form: Format
    file: Path  # to make
    reference: Answers  # of the float network to the validation flows


@dataclass(frozen=True)
class _Candidate:
    data: bytes
    how: dict[str, Any]
    divergence: float  # from the reference, mean of heads
    lost: float  # points, on the head that loses most


def write_int8(
    graph: Graph,
    card: ModelCard,
    known: Known,
    form: Format,
    source: Path,
    levels: Graph,
    file: Path,
) -> dict[str, Any]:
    """Write the int8 file that answers the validation flows most like the float network.

    Each of `CALIBRATIONS` makes one of the rounded network, and another one of that network
    fine-tuned with fake quantisation.

    Parameters
    ----------
    graph, levels : Graph
        The float network, and what `rounded` made of it.
    source : Path
        Float file of `levels`; other files are made beside it.

    Returns
    -------
    dict
        How it was made: ``calibration`` and ``fine_tuned``, which the file's card has too, and
        ``validation``: ``divergence`` (Kullback-Leibler, mean of heads) and ``drop`` (points on
        the head that loses most).
    """
    task = _Task(card, known, form, file, graph.answer(known.held))
    found = _candidates(task, levels, source, False)
    tuned = fine_tuned(levels, graph, torch.from_numpy(known.x), form.most, known.seed)
    run_converter(file, form.to_float, tuned, card.spec.k, source)
    found += _candidates(task, tuned, source, True)
    best = min(found, key=lambda candidate: candidate.divergence)
    file.write_bytes(best.data)
    return best.how | {"validation": {"divergence": best.divergence, "drop": best.lost}}


def _candidates(task: _Task, graph: Graph, source: Path, tuned: bool) -> list[_Candidate]:
    """A file of each calibration; `source` is the graph's float file."""
    known, form = task.known, task.form
    seen: dict[str, NDArray[np.float32]] = {}
    run_converter(task.file, lambda: seen.update(form.observe(source, known.x)))
    one = source.with_name(f"int8.{form.name}")
    found = []
    for calibration in CALIBRATIONS:
        ranges = {name: value_range(values, calibration) for name, values in seen.items()}
        how = {"calibration": calibration, "fine_tuned": tuned}
        run_converter(task.file, form.to_int8, source, ranges, one, graph.counts)
        run_converter(task.file, form.seal, one, exported_card(task.card, form, "int8", **how))
        answers = load(one).predict(known.held)
        lost = points_lost(task.reference, answers, known.targets)
        divergence = _divergence(task.reference, answers)
        found.append(_Candidate(one.read_bytes(), how, divergence, max(lost.values(), default=0)))
    return found


def _divergence(reference: Answers, answers: Answers) -> float:
    """Kullback-Leibler divergence of the answers from the reference, mean of flows and heads."""
    heads = []
    for head, p in reference.items():
        p, q = (np.maximum(values.astype(np.float64), 1e-9) for values in (p, answers[head]))
        heads.append((p * np.log(p / q)).sum(1).mean())
    return float(np.mean(heads))
