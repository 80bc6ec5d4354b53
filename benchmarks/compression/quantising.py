"""What each exported file costs each head, beside the float network.

Stratified five-fold cross-validation: a network that four fifths of the flows have trained is
exported as `edgemtl export` does it and answers the last fifth, which it has not seen. So a seed's
figures are of all flows.
"""

import tempfile
from collections import Counter
from pathlib import Path

import numpy as np

from benchmarks.learning.__main__ import FOLDS, folds
from edgemtl.models import head_classes
from edgemtl.quantize.convert import convert
from edgemtl.quantize.formats import EVERY_PRECISION, plan
from edgemtl.quantize.graph import Graph
from edgemtl.quantize.known import Known
from edgemtl.quantize.verify import compare
from edgemtl.runtime import load
from edgemtl.runtime.artefact import FORMATS
from edgemtl.training import TrainConfig, recipe_spec
from edgemtl.training.parts import Parts, find_heads
from edgemtl.training.train import train_parts

HEADS = ("bandwidth", "duration", "traffic_class")
NETWORKS = {"best": "counting network", "paper": "CNN of Table II"}


def measure(flows, recipe, seed):
    """Float and file to head to counts of flows, and how the int8 files were made."""
    told = {} if (flows.direction != 0).all() else {"signed": False}
    spec = recipe_spec(recipe, min_packets=1, **told)
    config = TrainConfig(spec=spec, recipe=recipe, seed=seed)
    fold = folds(flows, seed)
    counted, made = {}, Counter()
    for number in range(FOLDS):
        files, how = one_fold(flows, fold == number, config)
        made.update(how)
        for file, heads in files.items():
            for head, figures in heads.items():
                total = counted.setdefault(file, {}).setdefault(head, Counter(difference=0.0))
                most = max(total["difference"], figures.pop("difference"))
                total.update(figures)
                total["difference"] = most
    return {"files": counted, "made": made}


def one_fold(flows, tested, config):
    trains, tests = (flows.select(np.flatnonzero(mask)) for mask in (~tested, tested))
    heads, notes = find_heads(trains, config, "the flows")
    # temperatures come from the tested flows: no decision depends on them
    parts = {"train": trains, "validation": tests, "test": tests}
    trained = train_parts(Parts(parts, heads, notes), config)
    card, graph = trained.card, Graph(trained.network, trained.card)
    x, targets = tests.tensor(card.spec), head_classes(card, tests, "the flows")
    reference, ids = graph.answer(x), tests["flow_id"].astype(str)
    known = Known.of({"train": trains}, card, config.seed)
    wanted = plan(FORMATS, EVERY_PRECISION, "float")
    with tempfile.TemporaryDirectory() as folder:
        made = convert(trained.network, card, known, Path(folder, "x"), wanted, "float", print)
        answers = {f"{m.precision} {m.format}": load(m.file).predict(x) for m in made}
    files = {"float torch": reference} | answers
    how = Counter(
        f"{m.format}: {m.how['calibration']}" + ", tuned" * m.how["fine_tuned"]
        for m in made
        if m.how
    )
    compared = {name: compare(reference, p, targets, ids) for name, p in files.items()}
    return {name: counts(heads, len(tests)) for name, heads in compared.items()}, how


def counts(heads, flows):
    """Flows, those of known class, those answered right, and decisions other than the network's."""
    return {
        head: {
            "flows": flows,
            "labels": m["n"],
            "right": round(m["accuracy"] * m["n"]),
            "turned": m["turned"],
            "difference": m["max_difference"],
        }
        for head, m in heads.items()
    }


def table(done):
    """Markdown: mean over the seeds of points lost by head, and of decisions turned.

    Parameters
    ----------
    done : dict of recipe to list
        What `measure` gave for each seed.
    """
    lines = [
        f"| network | file | {' | '.join(HEADS)} | turned | largest difference |",
        "| --- | --- | ---: | ---: | ---: | ---: | ---: |",
    ]
    for recipe, seeds in done.items():
        for file in seeds[0]["files"]:
            lines.append(f"| {NETWORKS[recipe]} | {file} | {' | '.join(cells(seeds, file))} |")
    return "\n".join(lines)


def cells(seeds, file):
    rows = [(seed["files"]["float torch"], seed["files"][file]) for seed in seeds]
    yield from (f"{np.mean([points(*row, head) for row in rows]):+.2f}" for head in HEADS)
    heads = [heads[head] for _, heads in rows for head in HEADS]
    yield f"{100 * sum(h['turned'] for h in heads) / sum(h['flows'] for h in heads):.2f} %"
    yield f"{max(h['difference'] for h in heads):.1e}"


def points(reference, heads, head):
    """Accuracy that a file has more than the network, in points."""
    before, after = reference[head], heads[head]
    return 100 * (after["right"] - before["right"]) / before["labels"]
