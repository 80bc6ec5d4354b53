"""Data sets: flow tables on disk, labels, and published formats."""

from edgemtl.datasets.atomic import whole_file, whole_folder
from edgemtl.datasets.cesnet import CESNET
from edgemtl.datasets.files import flow_files, read_flows, sha256
from edgemtl.datasets.ipfixprobe import ipfixprobe
from edgemtl.datasets.labels import CUT_OFF, LabelsFile, head_targets
from edgemtl.datasets.listed import import_rows
from edgemtl.datasets.nfstream import nfstream
from edgemtl.datasets.npy import import_npy
from edgemtl.datasets.packets_csv import import_csv
from edgemtl.datasets.rolling import RollingWriter, Rotation
from edgemtl.datasets.tcbench import TCBENCH
from edgemtl.datasets.ucdavis import import_ucdavis
from edgemtl.datasets.writer import FORMATS, FlowWriter

__all__ = [
    "CESNET",
    "CUT_OFF",
    "FORMATS",
    "TCBENCH",
    "FlowWriter",
    "LabelsFile",
    "RollingWriter",
    "Rotation",
    "flow_files",
    "head_targets",
    "import_csv",
    "import_npy",
    "import_rows",
    "import_ucdavis",
    "ipfixprobe",
    "nfstream",
    "read_flows",
    "sha256",
    "whole_file",
    "whole_folder",
]
