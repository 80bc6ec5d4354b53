"""Whether a run is what its training left: what it gets right says so."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from edgemtl.card import ModelCard
from edgemtl.errors import ModelError
from edgemtl.flows import Flows
from edgemtl.models import head_classes, head_metrics

if TYPE_CHECKING:
    from edgemtl.models.networks import Network

__all__ = ["check_figures"]

POINTS = 1.0  # of accuracy, or one flow: another machine's sums may turn one, not many


def check_figures(
    run: Path, loaded: tuple[ModelCard, Network, dict[str, Any]], test: Flows
) -> None:
    """ModelError unless the network answers, and as many test flows rightly as run.json says.

    Each part of a run may be sound and the whole of no use: a card with another k, weights of
    another run, data with other labels. All files would be proved against such a network.

    Parameters
    ----------
    loaded : tuple
        What `load_network` gives of the run.
    """
    from edgemtl.models.networks import probabilities

    card, network, meta = loaded
    p = probabilities(card, network, test.tensor(card.spec))
    if not all(np.isfinite(answers).all() for answers in p.values()):
        raise ModelError(f"{run}: its network answers with NaN: train it again")
    for head, y in head_classes(card, test, "the test flows").items():
        found = head_metrics(p[head], y)
        try:
            told = meta["metrics"]["test"][head]
            same, before = told["n"] == found["n"], float(told["accuracy"] or 0)
        except (KeyError, TypeError, ValueError):
            raise ModelError(f"{run / 'run.json'}: does not say what it gets right") from None
        allowed = max(POINTS / 100, 1 / found["n"]) + 1e-9
        if same and abs(found["accuracy"] - before) > allowed:
            raise ModelError(
                f"{run}: {head}: gets {100 * found['accuracy']:.1f} % of the test flows right, "
                f"{100 * before:.1f} % when it was trained: card, checkpoint or flows were changed"
            )
