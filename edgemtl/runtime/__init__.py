"""Runtimes: run folders and artefacts, loaded and asked in one way. numpy and one runtime do."""

from edgemtl.runtime.artefact import read_card
from edgemtl.runtime.classify import EarlyAnswers, classify, packets_for
from edgemtl.runtime.find import load, runtimes_for
from edgemtl.runtime.model import Model

__all__ = ["EarlyAnswers", "Model", "classify", "load", "packets_for", "read_card", "runtimes_for"]
