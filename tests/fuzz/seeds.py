"""What the targets start from: a good input of each kind."""

import json
import struct
import tempfile
from pathlib import Path

import numpy as np
from ai_edge_litert import schema_py_generated as schema
from ai_edge_litert.tools import flatbuffer_utils

from edgemtl.card import Head, ModelCard
from edgemtl.datasets import FlowWriter
from edgemtl.features import FeatureSpec
from edgemtl.flows import Flows, read_capture
from edgemtl.quantize.seal import seal_text
from edgemtl.runtime.artefact import CARD_KEY
from tests.oracle import build

CAPTURE = build.pcap(
    "<", False, 101,
    [(10**12 + i * 1000, build.ipv4(bytes([10, 0, 0, 1]), bytes([10, 0, 0, 2]), 6,
                                    build.tcp((1000, 443), 0x18, bytes(i))), 999)
     for i in range(6)],
)  # fmt: skip
CARD = ModelCard(FeatureSpec(k=7), (Head.divided("duration", [1, 10]),)).to_json()


def protobuf(number: int, data: bytes) -> bytes:
    """A field that has a length; up to 127 bytes in one byte, more in two."""
    size = len(data)
    return bytes([number << 3 | 2, size & 127 | 128, size >> 7]) + data


def onnx() -> bytes:
    entry = protobuf(1, CARD_KEY.encode()) + protobuf(2, CARD.encode())
    return struct.pack("BB", 1 << 3, 8) + protobuf(14, entry) + protobuf(2, seal_text().encode())


def tflite() -> bytes:
    model = schema.ModelT()
    model.version, model.subgraphs, model.buffers, model.metadata = 3, [], [], []
    for name, text in ((CARD_KEY, CARD), ("seal", seal_text())):
        entry, buffer = schema.MetadataT(), schema.BufferT()
        entry.name, entry.buffer = name, len(model.buffers)
        buffer.data = np.frombuffer(text.encode(), np.uint8)
        model.metadata.append(entry)
        model.buffers.append(buffer)
    return bytes(flatbuffer_utils.convert_object_to_bytearray(model))


def tables(flows: Flows) -> list[bytes]:
    found = []
    with tempfile.TemporaryDirectory() as folder:
        for kind in ("parquet", "jsonl"):
            path = Path(folder, f"flows.{kind}")
            with FlowWriter(path) as writer:
                writer.write(flows)
            found.append(path.read_bytes())
    return found


def flows() -> Flows:
    with tempfile.NamedTemporaryFile() as file:
        Path(file.name).write_bytes(CAPTURE)
        return read_capture(file.name)[0]


def seeds() -> dict[str, list[bytes]]:
    """By target."""
    return {
        "capture": [bytes([kind, 0, 0, 0]) + CAPTURE for kind in range(3)],
        "spec": [FeatureSpec().to_json().encode(), CARD.encode(), json.dumps([]).encode()],
        "artefact": [onnx(), tflite()],
        "flow_table": tables(flows()),
    }
