"""``python -m benchmarks.learning.scores DATA…``: which score tells flows of no known class?

AUROC of each score, of each traffic class left out of a training by the default recipe against the
test flows of the others; three splits. Of these only the probability can be had of every artefact.
"""

import argparse
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from scipy.special import logsumexp
from sklearn.metrics import roc_auc_score

from edgemtl.datasets import flow_files, read_flows
from edgemtl.models.calibration import softmax
from edgemtl.models.networks import answer
from edgemtl.training import RECIPES, TrainConfig, recipe_spec
from edgemtl.training.parts import split_parts
from edgemtl.training.train import train_parts

SEEDS = (1, 2, 3)
NEIGHBOURS = 5


def scores(trained, training, flows):
    """Score by name; the higher, the more the flow is like those of known classes."""
    seen, known = (torch.from_numpy(part.tensor(trained.card.spec)) for part in (flows, training))
    place = [head.name for head in trained.card.heads].index("traffic_class")
    z = answer(trained.network, seen)[place].double().numpy()
    histograms = trained.network.histograms(known)
    apart = torch.cdist(histograms(seen), histograms(known))
    return {
        "probability": softmax(z).max(1),
        "energy": logsumexp(z, 1),
        "distance": -apart.topk(NEIGHBOURS, largest=False).values.mean(1).numpy(),
    }


def left_out(flows, name, seed):
    told = {} if (flows.direction != 0).all() else {"signed": False}
    config = TrainConfig(spec=recipe_spec("best", **told), recipe="plain", seed=seed)
    of_it = flows["traffic_class"] == name
    parts = split_parts(flows.select(~of_it), config)
    trained = train_parts(parts, config)
    training = parts.flows["train"]
    known, strange = (
        scores(trained, training, part) for part in (parts.flows["test"], flows.select(of_it))
    )
    is_known = np.arange(len(flows.select(of_it)) + len(parts.flows["test"]))
    is_known = is_known < len(parts.flows["test"])
    return {s: roc_auc_score(is_known, np.concatenate([known[s], strange[s]])) for s in known}


def main():
    parser = argparse.ArgumentParser(prog="python -m benchmarks.learning.scores",
                                     description=__doc__)  # fmt: skip
    parser.add_argument("data", nargs="+", type=Path)
    flows = read_flows(flow_files(parser.parse_args().data))
    RECIPES["plain"] = replace(RECIPES["best"], cross_fit=False)
    each = []
    for name in sorted({c for c in flows["traffic_class"] if c is not None}):
        found = [left_out(flows, name, seed) for seed in SEEDS]
        each.append({s: 100 * np.mean([f[s] for f in found]) for s in found[0]})
        print(name, {s: round(float(v), 1) for s, v in each[-1].items()}, flush=True)
    print("mean", {s: round(float(np.mean([e[s] for e in each])), 1) for s in each[0]})


if __name__ == "__main__":
    main()
