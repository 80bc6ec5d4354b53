"""Data sets: flow tables on disk, labels, and published formats."""

from edgemtl.datasets.atomic import whole_file, whole_folder
from edgemtl.datasets.files import flow_files, read_flows, sha256
from edgemtl.datasets.labels import CUT_OFF, LabelsFile, head_targets
from edgemtl.datasets.packets_csv import import_csv
from edgemtl.datasets.rolling import RollingWriter, Rotation
from edgemtl.datasets.ucdavis import import_ucdavis
from edgemtl.datasets.writer import FORMATS, FlowWriter

__all__ = [
    "CUT_OFF",
    "FORMATS",
    "FlowWriter",
    "LabelsFile",
    "RollingWriter",
    "Rotation",
    "flow_files",
    "head_targets",
    "import_csv",
    "import_ucdavis",
    "read_flows",
    "sha256",
    "whole_file",
    "whole_folder",
]
