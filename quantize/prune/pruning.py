"""A run to a smaller run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from math import inf
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edgemtl.card import ModelCard
from edgemtl.errors import DataError, MissingDependency
from edgemtl.flows import Flows
from edgemtl.models import load_split
from edgemtl.models.calibration import fit_temperature
from edgemtl.models.run import PARTS
from edgemtl.quantize.prune.source import as_seen, how_long, how_trained, trained_on
from edgemtl.training.run import DataFile, write_run
from edgemtl.training.seen import drawn, examples
from edgemtl.training.train import Trained, measured

if TYPE_CHECKING:
    from edgemtl.models.networks import Network
    from edgemtl.training.fit import Examples

__all__ = ["AUTO", "Pruning", "checked_share", "prune_run", "write_pruned_run"]

AUTO = "auto"
# Of the multiply-adds: where --prune auto ends if nothing else ends it. It was measured no further
# (docs/compression.md), and of many steps, each judged by chance too, the last to pass is lucky.
AUTO_LEAST = 1 / 8


@dataclass(frozen=True)
class Pruning:
    """What pruning left of a run.

    Parameters
    ----------
    trained : Trained
        The smaller network, its card, and what it gets right, as training leaves them.
    data : list of DataFile
        Those of the run.
    told : float or AUTO
        What was asked for.
    share : float
        Of the multiply-adds that are left.
    steps : list of dict
        See `edgemtl.quantize.prune.walk.walk`.
    judged : str
        Which flows the steps' accuracies are of.
    notes : list of str
        What the user should know.
    """

    trained: Trained
    data: list[DataFile]
    told: str | float
    share: float
    steps: list[dict[str, Any]]
    judged: str
    notes: list[str]

    def record(self) -> dict[str, Any]:
        """For a manifest."""
        names = ("told", "share", "judged", "steps", "notes")
        return {name: getattr(self, name) for name in names}


def checked_share(told: str | float) -> float | str:
    """`AUTO` or the share; DataError for anything else, MissingDependency without torch-pruning."""
    try:
        share = told if told == AUTO else float(told)
    except ValueError:
        share = 0.0
    if share != AUTO and not 0 < float(share) <= 1:
        raise DataError(
            f"--prune: must be {AUTO} or the share of multiply-adds to keep, over 0 and up to 1, "
            f"got {told!r}"
        )
    try:
        import torch_pruning  # noqa: F401
    except ImportError:
        raise MissingDependency("--prune", "torch-pruning", "train") from None
    return share


def prune_run(
    run: Path,
    loaded: tuple[ModelCard, Network, dict[str, Any]],
    parts: dict[str, Flows],
    told: str | float,
    max_drop: float,
    step: Callable[[str], None] = lambda what: None,
) -> Pruning:
    """Leave out of a run's network what its answers need least.

    Parameters
    ----------
    run : Path
    loaded : tuple
        What `load_network` gives of it.
    parts : dict
        Its flows, see `edgemtl.quantize.parts.read_parts`.
    told : float or AUTO
        Share of the multiply-adds to keep; or down to the last step at which no head has lost more
        than `max_drop` points.
    step : callable
        Told what is being done.

    Raises
    ------
    DataError, ModelError
        In one line, when the share can't be had, or the run does not say how it was trained.
    """
    from edgemtl.quantize.prune.judge import choose_judge
    from edgemtl.quantize.prune.steps import least_share, shares_down_to
    from edgemtl.quantize.prune.walk import walk
    from edgemtl.training.device import deterministic

    card, network, meta = loaded
    config, data = how_trained(run, card, meta), trained_on(run, meta)
    parts = as_seen(parts, config)
    bound = max_drop if told == AUTO else inf
    with deterministic(config.seed):
        known = {part: examples(parts[part], card) for part in PARTS}
        training = drawn(known["train"], parts["train"], card, config, middles=False)
        least = least_share(network, card, training.x)
        if told != AUTO and float(told) < least:
            raise DataError(
                f"--prune: must be {least:.3g} or more, that is one channel a layer, got {told}"
            )
        shares = shares_down_to(max(AUTO_LEAST, least) if told == AUTO else float(told))
        judge, judged, notes = choose_judge(card, network, parts, shares, bound, config, step)
        network, steps = walk(network, card, training, shares, judge, bound, config, step)
        left = [row for row in steps if row["kept"]][-1]
        if left is steps[0]:
            notes.append(f"no step down was within {max_drop:g} points: the network is whole")
        card = _calibrated_again(card, network, known["validation"])
        origin = card.origin | {"pruned": {"macs": left["macs"], "of": steps[0]["macs"]}}
        card = replace(card, origin=origin)
        metrics = {p: measured(card, network, known[p], parts[p]) for p in PARTS[1:]}
    history = [_flat(number, row) for number, row in enumerate(steps)]
    trained = Trained(
        config, card, network, load_split(run), history, metrics, [*meta.get("notes", ()), *notes],
        how_long(run, meta),  # not how long this took: the same export is to give the same bytes
    )  # fmt: skip
    return Pruning(trained, data, told, left["share"], steps, judged, notes)


def write_pruned_run(folder: Path, run: Path, pruning: Pruning) -> None:
    """Write a run folder, like any other, of what is left of `run`."""
    folder.mkdir()
    command = ["edgemtl", "export", str(run), "--prune", str(pruning.told)]
    write_run(folder, pruning.trained, command, pruning.data)


def _calibrated_again(card: ModelCard, network: Network, validation: Examples) -> ModelCard:
    """The card with new temperatures of the heads that have labels to fit them on.

    The others keep theirs: the network was taught the logits that these are for.
    """
    from edgemtl.models.networks import answer

    heads = []
    for head, z, y in zip(card.heads, answer(network, validation.x), validation.y.T, strict=True):
        known = bool((y >= 0).any())
        fitted = fit_temperature(z.numpy(), y.numpy()) if known else head.temperature
        heads.append(replace(head, temperature=fitted))
    return replace(card, heads=tuple(heads))


def _flat(number: int, row: dict[str, Any]) -> dict[str, Any]:
    """A step as a row of training.csv."""
    plain = {name: value for name, value in row.items() if name not in ("heads", "kept")}
    accuracies = {f"{head}_accuracy": h["accuracy"] for head, h in row["heads"].items()}
    return {"epoch": number, **plain, **accuracies, "best": row["kept"]}
