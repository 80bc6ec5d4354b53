"""``python -m benchmarks.compression DATA… -o FILE.json``: the tables of docs/compression.md.

Interrupted, the same command goes on where it was.
"""

import argparse
import json
from itertools import product
from pathlib import Path

from benchmarks.compression import pruning, quantising
from edgemtl.datasets import flow_files, read_flows

PARTS = {"pruning": pruning, "quantising": quantising}


def main():
    parser = argparse.ArgumentParser(prog="python -m benchmarks.compression", description=__doc__)
    parser.add_argument("data", nargs="+", type=Path)
    parser.add_argument("-o", "--output", type=Path, required=True)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--recipes", default="best,paper")
    parser.add_argument("--parts", default=",".join(PARTS))
    options = parser.parse_args()
    flows = read_flows(flow_files(options.data))
    done = json.loads(options.output.read_text()) if options.output.exists() else {}
    recipes, seeds = options.recipes.split(","), range(1, options.seeds + 1)
    chosen = options.parts.split(",")
    for part, recipe, seed in product(chosen, recipes, seeds):
        key = f"{part}|{recipe}|{seed}"
        if key not in done:
            done[key] = PARTS[part].measure(flows, recipe, seed)
            options.output.write_text(json.dumps(done, indent=1) + "\n")
            print(key, flush=True)
    for part in chosen:
        print(PARTS[part].table({r: [done[f"{part}|{r}|{s}"] for s in seeds] for r in recipes}))


if __name__ == "__main__":
    main()
