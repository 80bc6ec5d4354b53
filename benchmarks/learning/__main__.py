"""``python -m benchmarks.learning DATA… -o FILE.json``: the ablation table of docs/learning.md.

Stratified cross-validation, repeated: each seed deals the flows of each class and partition out
to five folds, and each fold is tested once by a network trained on the others. Interrupted, the
same command goes on where it was.
"""

import argparse
import json
from dataclasses import replace
from functools import partial
from itertools import product
from pathlib import Path

import numpy as np
from scipy.stats import t

from benchmarks.learning.variants import CHANGES, STEPS
from edgemtl.datasets import flow_files, read_flows
from edgemtl.models import head_classes, head_metrics
from edgemtl.models.early import prefix_answers, prefixes
from edgemtl.models.networks import probabilities
from edgemtl.training import RECIPES, TrainConfig, recipe_spec
from edgemtl.training.parts import Parts, find_heads
from edgemtl.training.split import hide_labels
from edgemtl.training.train import train_parts

FOLDS = 5
VARIANTS = CHANGES | STEPS
HEADS = ("traffic_class", "bandwidth", "duration")
SEEDS_TELL = 0.975  # of Student's distribution: 95 %, both sides


def folds(flows, seed):
    """The fold of each flow; classes and partitions are dealt out evenly."""
    rng = np.random.default_rng(seed)
    keys = [f"{c}/{p}" for c, p in zip(flows["traffic_class"], flows["partition"], strict=True)]
    order = rng.permutation(len(keys))
    order = order[np.argsort(np.array(keys)[order], kind="stable")]
    fold = np.empty(len(keys), int)
    fold[order] = np.arange(len(keys)) % FOLDS
    return fold


def measured(flows, recipe, labels, seed):
    """Accuracy by head, and after first packets also each head's calibration error.

    Each flow is answered by a network that has not seen it; all answers of a seed count together.
    """
    told = {} if (flows.direction != 0).all() else {"signed": False}
    spec = replace(recipe_spec(recipe, **told), min_packets=1)
    config = TrainConfig(spec=spec, recipe=recipe, seed=seed)
    fold = folds(flows, seed)
    parts = [one_fold(flows, fold == number, config, labels) for number in range(FOLDS)]
    found = {}
    for head in HEADS:
        taught = [(p[head], y[head]) for p, y in parts if head in p]  # a fold may teach it nothing
        p, y = np.concatenate([p for p, _ in taught], 1), np.concatenate([y for _, y in taught])
        for packets, answers in zip(prefixes(spec), p, strict=True):
            m = head_metrics(answers, y)
            found |= {f"{head}@{packets}": m["accuracy"], f"{head}@{packets} ece": m["ece"]}
        found[head] = m["accuracy"]
    return found


def one_fold(flows, tested, config, labels):
    """Probabilities after first packets, and classes, of the flows that are tested."""
    split = {"train": np.flatnonzero(~tested), "validation": np.empty(0, int),
             "test": np.flatnonzero(tested)}  # fmt: skip
    seen = flows["traffic_class"]
    if labels is not None:
        seen = hide_labels(seen, split, labels, config.seed, "the flows")
    flows = replace(flows, columns=flows.columns | {"traffic_class": seen})
    parts = {part: flows.select(chosen) for part, chosen in split.items()}
    heads, notes = find_heads(parts["train"], config, "the flows")
    trained = train_parts(Parts(parts, heads, notes), config)
    predict = partial(probabilities, trained.card, trained.network)
    p = prefix_answers(predict, parts["test"], config.spec)
    return p, head_classes(trained.card, parts["test"], "the flows")


def mean_and_interval(values, sign=""):
    values = 100 * np.array(values)
    half = t.ppf(SEEDS_TELL, len(values) - 1) * values.std(ddof=1) / len(values) ** 0.5
    return f"{values.mean():{sign}.1f} ±{half:.1f}"


def table(done, labels, seeds):
    """Markdown: a line a variant, and its difference from the first one, seed by seed.

    Bandwidth and duration are means over the label counts.
    """
    names = [str(n or "all") for n in labels]
    lines = [f"| recipe | {' | '.join(f'class, {n}' for n in names)} | bandwidth | duration |",
             f"| --- |{' ---: |' * (len(names) + 2)}"]  # fmt: skip
    first = None
    for variant in VARIANTS:
        cells = [[done.get(f"{variant}|{n}|{s}") for s in range(1, seeds + 1)] for n in names]
        if not all(all(row) for row in cells):
            continue
        figures = [[m["traffic_class"] for m in row] for row in cells]
        figures += [
            np.mean([[m[head] for m in row] for row in cells], axis=0)
            for head in ("bandwidth", "duration")
        ]
        said = list(map(mean_and_interval, figures))
        if first is None:
            first = figures
        else:
            gains = np.array(figures) - np.array(first)
            said = [f"{s} ({mean_and_interval(g, '+')})" for s, g in zip(said, gains, strict=True)]
        lines.append(f"| {variant} | {' | '.join(said)} |")
    return "\n".join(lines)


def prefix_table(done, labels, seeds):
    """Markdown: accuracy and calibration error after first packets, means over the label counts."""
    every = [[f"{n or 'all'}|{s}" for n in labels] for s in range(1, seeds + 1)]
    packets = sorted({int(name.partition("@")[2]) for cell in done.values() for name in cell
                      if "@" in name and not name.endswith("ece")})  # fmt: skip
    lines = [f"| recipe | head | {' | '.join(f'{n} packets | error' for n in packets)} |",
             f"| --- | --- |{' ---: |' * 2 * len(packets)}"]  # fmt: skip
    for variant, head in product(VARIANTS, HEADS):
        cells = [[done.get(f"{variant}|{key}") for key in keys] for keys in every]
        if all(all(row) for row in cells):
            names = [f"{head}@{n}{what}" for n in packets for what in ("", " ece")]
            means = [[np.mean([cell[name] for cell in row]) for row in cells] for name in names]
            lines.append(f"| {variant} | {head} | {' | '.join(map(mean_and_interval, means))} |")
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(prog="python -m benchmarks.learning", description=__doc__)
    parser.add_argument("data", nargs="+", type=Path)
    parser.add_argument("-o", "--output", type=Path, required=True)
    parser.add_argument("--labels", default="10,20,all")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--variant", action="append", choices=VARIANTS, help="only this one")
    options = parser.parse_args()
    labels = [None if n == "all" else int(n) for n in options.labels.split(",")]
    flows = read_flows(flow_files(options.data))
    done = json.loads(options.output.read_text()) if options.output.exists() else {}
    chosen = options.variant or VARIANTS
    RECIPES.update(VARIANTS)
    for variant, seed, n in product(chosen, range(1, options.seeds + 1), labels):
        key = f"{variant}|{n or 'all'}|{seed}"
        if key not in done:
            done[key] = measured(flows, variant, n, seed)
            options.output.write_text(json.dumps(done, indent=1) + "\n")
            print(key, {h: round(100 * done[key][h], 1) for h in HEADS}, flush=True)
    print(table(done, labels, options.seeds))
    print(prefix_table(done, labels, options.seeds))


if __name__ == "__main__":
    main()
