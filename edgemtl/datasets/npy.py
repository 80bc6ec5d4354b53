"""The splits of the authors' code, shrezaei/MultitaskTrafficClassification: ``trainData.npy`` …

dataProcessQuic.py writes them: a row is a flow's first 120 packets, inter-arrival time and length
in turns. The time is in seconds, clipped at 1, mapped to [-1, 1]; the length is of the Ethernet
frame, over 1434; zeros stand in front of short flows. A row of labels is bytes of frames a second,
seconds, and the class from 1.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from edgemtl.datasets.listed import Listed, flows_of_listed
from edgemtl.datasets.sources import ROWS, Seen, ignore
from edgemtl.datasets.values import ETHERNET, ip_lengths
from edgemtl.errors import DataError
from edgemtl.flows import NULL, Flows

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["import_npy", "npy_splits"]

SCALE = 1434  # bytes that are 1
CLASSES = ("Google Drive", "Youtube", "Google Doc", "Google Search", "Google Music")
GAP_MIN = -1e6  # clocks step back a little
NEAR = 1e-3  # bytes that a length may be off a whole number


def npy_splits(folder: Path) -> list[Path]:
    """The ``…Data.npy`` of a folder, also those that are missing beside their labels.

    DataError where there is none.
    """
    names = {
        path.name.removesuffix(kind)
        for kind in ("Data.npy", "Label.npy")
        for path in folder.glob(f"*{kind}")
    }
    if not names:
        raise DataError(f"{folder}: no trainData.npy, valData.npy or testData.npy in it")
    return [folder / f"{name}Data.npy" for name in sorted(names)]


def import_npy(
    path: Path,
    name: str | None = None,
    partition: str | None = None,
    packets: int = 256,
    seen: Seen = ignore,
) -> Iterator[Flows]:
    """Read one split: ``NAMEData.npy``, with ``NAMELabel.npy`` beside it.

    Directions are known where lengths are negative in the file, which the published code meant to
    write; else they are 0. How many packets a flow had is known where zeros tell its end. Bandwidth
    stays as published, of frames: 14 bytes a packet more than that of IP packets.

    Parameters
    ----------
    path : Path
    name : str, optional
        Goes into `flow_id`; the file's unless told.
    partition : str, optional
        Its name in the flow table; NAME unless told.
    packets : int
        How many packets of each flow the series keep.
    seen : callable

    Raises
    ------
    DataError
        Naming the row that is not so, or the file that is missing.
    """
    split = path.name.removesuffix("Data.npy")
    data, labels = _load(path), _load(path.with_name(f"{split}Label.npy"))
    if data.shape[1] % 2 or not data.shape[1]:
        raise DataError(f"{path}: must have two columns a packet, has {data.shape[1]} columns")
    if labels.shape != (len(data), 3):
        raise DataError(f"{path}: {len(data)} rows need {len(data)} × 3 labels, got {labels.shape}")
    signed = any((block[:, 1::2] < 0).any() for block in _blocks(data))
    for first in range(0, len(data), ROWS):
        flows = []
        rows = zip(data[first : first + ROWS], labels[first : first + ROWS], strict=True)
        for row, (series, label) in enumerate(rows, first):
            try:
                flows.append(_parse(series.astype(np.float64), label.astype(np.float64), signed))
            except ValueError as error:
                raise DataError(f"{path}: row {row}: {error}") from None
        yield flows_of_listed(flows, name or path.name, first, partition or split, packets)
        seen((first + len(flows)) / len(data))


def _load(path: Path) -> NDArray[Any]:
    """An array of numbers, mapped, not read; pickled objects, which may run code, are refused."""
    try:
        array: NDArray[Any] = np.load(path, mmap_mode="r", allow_pickle=False)
    except FileNotFoundError:
        raise DataError(
            f"{path}: is missing: a split is two files, such as valData.npy and valLabel.npy"
        ) from None
    except (ValueError, EOFError) as error:
        raise DataError(f"{path}: is no .npy of numbers: {error}") from None
    if array.ndim != 2 or array.dtype.kind not in "fiu" or not len(array):
        raise DataError(f"{path}: must be rows of numbers, is {array.dtype} {array.shape}")
    return array


def _blocks(data: NDArray[Any]) -> Iterator[NDArray[Any]]:
    for first in range(0, len(data), ROWS):
        yield data[first : first + ROWS]


def _parse(series: NDArray[np.float64], label: NDArray[np.float64], signed: bool) -> Listed:
    gaps, scaled = series[0::2], series[1::2]
    if not np.isfinite(series).all():
        raise ValueError("has a number that is not finite")
    there = scaled != 0
    places = np.flatnonzero(there)
    if not len(places) or np.ptp(places) + 1 > len(places):
        raise ValueError("must be packets in a row, with zeros in front or behind")
    if (gaps > 1).any() or (gaps < GAP_MIN).any():
        raise ValueError("inter-arrival times must be clipped at 1 s and mapped to [-1, 1]")
    frames = np.round(np.abs(scaled[there]) * SCALE)
    if (np.abs(np.abs(scaled[there]) * SCALE - frames) > NEAR).any():
        raise ValueError(f"lengths must be whole bytes over {SCALE}")
    lengths = ip_lengths(frames, "length", ETHERNET)
    us = np.round((gaps[there] + 1) / 2 * 1e6).astype(np.int64)
    us[0] = 0
    return Listed(
        us,
        lengths,
        np.sign(scaled[there]).astype(np.int64) if signed else np.zeros(len(us), np.int64),
        "ip",
        {
            "traffic_class": _class(label[2]),
            "packets": NULL if there.all() else len(us),
            "bytes": NULL,
            "duration_s": _measure(label[1], "duration"),
            "bytes_per_s": _measure(label[0], "bandwidth") if label[1] > 0 else np.nan,
        },
    )


def _class(number: float) -> str:
    if number not in range(1, len(CLASSES) + 1):
        raise ValueError(f"class must be 1 to {len(CLASSES)}, got {number:g}")
    return CLASSES[int(number) - 1]


def _measure(value: float, name: str) -> float:
    if not (np.isfinite(value) and value >= 0):
        raise ValueError(f"{name} must be finite and not negative, got {value:g}")
    return float(value)
