"""Learning the three heads from a flow table."""

from edgemtl.training.config import METHODS, TrainConfig
from edgemtl.training.recipe import RECIPES, recipe_spec
from edgemtl.training.run import DataFile, write_run
from edgemtl.training.train import Trained, train

__all__ = [
    "METHODS",
    "RECIPES",
    "DataFile",
    "TrainConfig",
    "Trained",
    "recipe_spec",
    "train",
    "write_run",
]
