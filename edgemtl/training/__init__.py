"""Learning the three heads from a flow table."""

from edgemtl.training.config import METHODS, TrainConfig
from edgemtl.training.run import DataFile, write_run
from edgemtl.training.train import Trained, train

__all__ = ["METHODS", "DataFile", "TrainConfig", "Trained", "train", "write_run"]
