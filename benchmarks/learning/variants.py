"""Recipes that differ in one thing: what helped, and what did not."""

from dataclasses import replace
from typing import Any

from edgemtl.training.recipe import RECIPES, Recipe

# accuracy needs no calibration, which trains three more networks
BEST = replace(RECIPES["best"], cross_fit=False)
PAPER = RECIPES["paper"]


def sized(**sizes: Any) -> Recipe:
    return replace(BEST, network=BEST.network | sizes)


# as it was before slanted bins, the teacher and middles
PLAIN = replace(sized(slanted=False), taught=False, middles=0.0, steps=600)
LONGER = replace(PAPER, steps=600)
LOGARITHM = replace(LONGER, features={})

# One change each to the recipe.
CHANGES = {
    "best": BEST,
    "changed copies (stretch, jitter, loss, start, length)": replace(
        BEST, augment=True, middles=0.0
    ),
    "whole flows alone": replace(BEST, prefixes=0.0),
    "first packets of half the flows": replace(BEST, prefixes=0.5),
    "no middles": replace(BEST, middles=0.0),
    "no middles, 600 steps": replace(BEST, middles=0.0, steps=600),
    "no teacher": replace(BEST, taught=False),
    "no slanted bins": sized(slanted=False),
    "plain": PLAIN,
    "plain, 1200 steps": replace(PLAIN, steps=1200),
    "plain, whole flows": replace(PLAIN, prefixes=0.0),
    "no dropout": replace(BEST, dropout=0.0),
    "dropout 0.3": replace(BEST, dropout=0.3),
    "no label smoothing": replace(BEST, smoothing=0.0),
    "calibrated": replace(BEST, cross_fit=True),
    "12 bins": sized(bins=12),
    "48 bins": sized(bins=48),
    "one stretch": sized(stretches=1),
    "12 stretches": sized(stretches=12),
    "dense layers of 256 and 128": sized(dense=(256, 128)),
}

# On the way from the paper's recipe to ours.
STEPS = {
    "the paper's recipe": PAPER,
    "… at least 600 steps": LONGER,
    "… logarithm of IAT, post padding": LOGARITHM,
    "… one cycle, AdamW, smoothing, dropout": replace(
        BEST, network={"kind": "cnn"}, clip_norm=1.0, prefixes=0.0, middles=0.0, taught=False
    ),
}
