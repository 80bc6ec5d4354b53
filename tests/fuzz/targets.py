"""The Python edge under any bytes. Each target takes them, and lets through the one line that
edgemtl promises to raise; anything else is a finding: another exception, a crash, a broken
invariant."""

import tempfile
from collections.abc import Callable
from contextlib import contextmanager, suppress
from pathlib import Path

import numpy as np

from edgemtl.card import ModelCard
from edgemtl.datasets import read_flows
from edgemtl.errors import CaptureError, DataError, ModelError
from edgemtl.features import FeatureSpec
from edgemtl.flows import FlowConfig, Flows, read_capture
from edgemtl.quantize.seal import seal
from edgemtl.runtime.artefact import read_artefact
from tests.fuzz import packing


@contextmanager
def refusing(kind: type[Exception]):
    """Lets one line of the promised error through."""
    try:
        yield
    except kind as error:
        assert str(error).strip() and "\n" not in str(error), repr(error)


@contextmanager
def file_of(data: bytes, suffix: str):
    with tempfile.NamedTemporaryFile(suffix=suffix) as file:
        file.write(data)
        file.flush()
        yield Path(file.name)


def capture(data: bytes) -> None:
    """The first byte packs the rest: not at all, with gzip or zstd, and damages it behind that."""
    config = FlowConfig(packets=7, idle_timeout_s=10, active_timeout_s=60, max_flows=9)
    with file_of(packing.pack(data), ".pcap") as path, refusing(CaptureError):
        flows, stats = read_capture(path, config)
        assert stats.packets == stats.flow_packets + sum(stats.skipped.values())
        assert len(flows) == stats.flows and flows["packets"].sum() == stats.flow_packets
        assert (flows.kept_packets() <= flows["packets"]).all()
        assert "\n" not in (stats.warning or "")


def spec(data: bytes) -> None:
    text = data.decode("utf-8", "surrogateescape")
    with refusing(ValueError):
        read = FeatureSpec.from_json(text)
        assert FeatureSpec.from_json(read.to_json()) == read
        tensor = Flows(
            np.array([0, 10**6]), np.array([40, 1500], np.int32), np.array([1, -1], np.int8),
            np.array([0, 2]),
        ).tensor(read)  # fmt: skip
        assert tensor.shape == (1, 2, read.k) and np.isfinite(tensor).all()
    with refusing(ModelError):
        card = ModelCard.from_json(text)
        assert ModelCard.from_json(card.to_json()) == card


def artefact(data: bytes) -> None:
    """Sealed anew where that can be done, or only the seal would ever be read."""
    with suppress(ValueError):
        data = seal(data)
    for suffix in (".onnx", ".tflite"):
        with file_of(data, suffix) as path, refusing(ModelError):
            read_artefact(path)


def flow_table(data: bytes) -> None:
    suffix = ".parquet" if data.startswith(b"PAR1") else ".jsonl"
    with file_of(data, suffix) as path, refusing(DataError):
        flows = read_flows([path])
        assert len(flows.iat_us) == len(flows.length) == len(flows.direction) == flows.offsets[-1]


TARGETS: dict[str, Callable[[bytes], None]] = {
    target.__name__: target for target in (capture, spec, artefact, flow_table)
}
