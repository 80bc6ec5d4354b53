"""``python -m benchmarks.compression DATA… -o FILE.json``: the tables of docs/compression.md.

Interrupted, the same command goes on where it was.
"""

import argparse
import json
from itertools import product
from pathlib import Path

from benchmarks.compression import quantising
from edgemtl.datasets import flow_files, read_flows


def main():
    parser = argparse.ArgumentParser(prog="python -m benchmarks.compression", description=__doc__)
    parser.add_argument("data", nargs="+", type=Path)
    parser.add_argument("-o", "--output", type=Path, required=True)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--recipes", default="best,paper")
    options = parser.parse_args()
    flows = read_flows(flow_files(options.data))
    done = json.loads(options.output.read_text()) if options.output.exists() else {}
    recipes, seeds = options.recipes.split(","), range(1, options.seeds + 1)
    for recipe, seed in product(recipes, seeds):
        key = f"quantising|{recipe}|{seed}"
        if key not in done:
            done[key] = quantising.measure(flows, recipe, seed)
            options.output.write_text(json.dumps(done, indent=1) + "\n")
            print(key, flush=True)
    exported = {recipe: [done[f"quantising|{recipe}|{s}"] for s in seeds] for recipe in recipes}
    print(quantising.table(exported))


if __name__ == "__main__":
    main()
