"""What pruning costs each head, at a quarter and at an eighth of the multiply-adds.

Stratified five-fold cross-validation: each flow is answered once by a network that four fifths of
the flows have trained, whole and pruned. So a seed's figures are of all flows.
"""

import numpy as np
import torch

from benchmarks.learning.__main__ import FOLDS, folds, mean_and_interval
from edgemtl.features import FeatureSpec
from edgemtl.models.networks import answer, cost
from edgemtl.quantize.prune.steps import shares_down_to, smaller
from edgemtl.training import TrainConfig, recipe_spec
from edgemtl.training.device import deterministic
from edgemtl.training.parts import Parts, find_heads
from edgemtl.training.seen import drawn, examples
from edgemtl.training.train import train_parts

SHARES = (1 / 4, 1 / 8)  # of the multiply-adds are kept
HEADS = ("bandwidth", "duration", "traffic_class")
NETWORKS = {"best": "counting network", "paper": "CNN of Table II"}


def measure(flows, recipe, seed):
    """By share: macs and parameters, means of all folds, and right answers and labels by head."""
    config = TrainConfig(spec=spec(flows, recipe), recipe=recipe, seed=seed)
    fold = folds(flows, seed)
    each = [one_fold(flows, fold == number, config) for number in range(FOLDS)]
    total = {share: np.sum([rows[share] for rows in each], 0) for share in each[0]}
    return {
        str(share): {
            "macs": sums[0] / FOLDS, "parameters": sums[1] / FOLDS,
            "right": dict(zip(HEADS, sums[2:5], strict=True)),
            "labels": dict(zip(HEADS, sums[5:], strict=True)),
        }
        for share, sums in ((share, row.tolist()) for share, row in total.items())
    }  # fmt: skip


def spec(flows, recipe) -> FeatureSpec:
    """The recipe's, for flows of any length; lengths without direction where that is not known."""
    told = {} if (flows.direction != 0).all() else {"signed": False}
    return recipe_spec(recipe, min_packets=1, **told)


def one_fold(flows, tested, config):
    """By share: multiply-adds, parameters, right answers and labels of the heads, in one array."""
    trains, tests = flows.select(np.flatnonzero(~tested)), flows.select(np.flatnonzero(tested))
    nothing = flows.select(np.empty(0, np.int64))
    heads, _ = find_heads(trains, config, "the flows")
    # the tested flows calibrate, which no accuracy depends on
    parts = Parts({"train": trains, "validation": tests, "test": nothing}, heads, [])
    trained = train_parts(parts, config)
    card, held = trained.card, examples(tests, trained.card)
    assert tuple(head.name for head in card.heads) == HEADS
    rows = {1.0: row(trained.network, held)}
    path = shares_down_to(min(SHARES))  # the other is on the way
    with deterministic(config.seed):
        training = drawn(examples(trains, card), trains, card, config, middles=False)
        networks = smaller(trained.network, card, training, path, config)
        rows |= {round(share, 4): row(n, held) for share, n in zip(path, networks, strict=True)}
    return rows


def row(network, held):
    parameters, macs = cost(network, held.x.shape[2])
    answers = torch.stack([z.argmax(1) for z in answer(network, held.x)], 1)
    counts = (answers == held.y).sum(0), (held.y >= 0).sum(0)
    return np.array([macs, parameters, *torch.cat(counts).tolist()])


def table(done):
    """Markdown of {recipe: [what `measure` gave, a seed each]}: points are lost or won by seed."""
    lines = [f"| network | multiply-adds | parameters | {' | '.join(HEADS)} |",
             "| --- | ---: | ---: | ---: | ---: | ---: |"]  # fmt: skip
    for recipe, seeds in done.items():
        for share in ("1.0", *map(str, SHARES)):
            rows = [seed[share] for seed in seeds]
            macs, parameters = (np.mean([r[n] for r in rows]) for n in ("macs", "parameters"))
            times = np.mean([seed["1.0"]["macs"] for seed in seeds]) / macs
            title = NETWORKS[recipe] if share == "1.0" else f"{times:.1f} times fewer"
            cells = [cell(seeds, share, head) for head in HEADS]
            lines.append(f"| {title} | {macs:,.0f} | {parameters:,.0f} | {' | '.join(cells)} |")
    return "\n".join(lines)


def cell(seeds, share, head):
    """Accuracy in %, and how many points that is off the whole network's."""
    accuracy, whole = (
        np.array([seed[s]["right"][head] / seed[s]["labels"][head] for seed in seeds])
        for s in (share, "1.0")
    )
    if share == "1.0":
        return f"{100 * accuracy.mean():.1f}"
    return f"{100 * accuracy.mean():.1f} ({mean_and_interval(accuracy - whole)})"
