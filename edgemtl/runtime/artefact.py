"""Artefacts on disk: a checksum over every byte, and the model card, read without any library.

Both formats keep two texts in their own metadata: ``edgemtl``, the card as JSON, and
``edgemtl_sha256``, the seal: `SEAL` and 64 hex digits, the SHA-256 of the whole file with these
digits written as 0. So one search finds the seal in any format, and no byte can change unseen.
"""

from __future__ import annotations

import hashlib
import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from edgemtl.card import ModelCard
from edgemtl.errors import ModelError

__all__ = [
    "CARD_KEY", "FORMATS", "SEAL", "SEAL_KEY", "Artefact", "digest", "read_artefact", "read_card",
]  # fmt: skip

FORMATS = ("onnx", "tflite")
CARD_KEY = "edgemtl"
SEAL_KEY = "edgemtl_sha256"
SEAL = b"edgemtl-sha256:"
BYTES_MAX = 1 << 26  # the network of Table II has 1.2 MB
ENTRIES_MAX = 64  # metadata of a TFLite file; ours has five
_SEALED = re.compile(SEAL + rb"([0-9a-f]{64})")


@dataclass(frozen=True)
class Artefact:
    """One exported model file, checked.

    Parameters
    ----------
    path : Path
    data : bytes
        The whole file: what a runtime is given, so that it can't change after the check.
    card : ModelCard
    """

    path: Path
    data: bytes
    card: ModelCard

    @property
    def format(self) -> str:
        """One of `FORMATS`."""
        return self.path.suffix.lstrip(".")


def digest(data: bytes) -> tuple[str, str]:
    """Checksum of an artefact's bytes, and the one it states; ValueError when it states none."""
    seals = list(_SEALED.finditer(data))
    if len(seals) != 1:
        raise ValueError(f"{len(seals)} seals, must be 1")
    start, end = seals[0].span(1)
    found = hashlib.sha256(data[:start])
    found.update(b"0" * (end - start))
    found.update(data[end:])
    return found.hexdigest(), seals[0][1].decode()


def read_artefact(path: Path) -> Artefact:
    """Read an .onnx or .tflite file that `edgemtl export` made.

    Raises
    ------
    ModelError
        In one line, when it is missing, empty, too large, changed, or made by something else.
    """
    if path.suffix.lstrip(".") not in FORMATS:
        raise ModelError(f"{path}: must be a run folder, .onnx or .tflite")
    try:
        with path.open("rb") as file:
            data = file.read(BYTES_MAX + 1)
    except FileNotFoundError:
        raise ModelError(f"{path}: no such file: make it with edgemtl export") from None
    if not data:
        raise ModelError(f"{path}: is empty: copy it again")
    if len(data) > BYTES_MAX:
        raise ModelError(f"{path}: has over {BYTES_MAX} bytes: not made by edgemtl export")
    try:
        found, stated = digest(data)
    except ValueError:
        raise ModelError(
            f"{path}: carries no checksum of edgemtl: not made by edgemtl export, or damaged"
        ) from None
    if found != stated:
        raise ModelError(
            f"{path}: checksum is {found}, file says {stated}: cut or changed, copy it again"
        )
    metadata = _onnx_metadata if path.suffix == ".onnx" else _tflite_metadata
    try:
        text = metadata(data, CARD_KEY.encode()).decode()
    except (KeyError, IndexError, ValueError, struct.error):
        raise ModelError(f"{path}: carries no model card: not made by edgemtl export") from None
    try:
        return Artefact(path, data, ModelCard.from_json(text))
    except ModelError as error:
        raise ModelError(f"{path}: {error}") from None


def read_card(path: Path | str) -> ModelCard:
    """The card of a run folder or an artefact; no runtime is needed.

    Raises
    ------
    ModelError
        In one line, as `read_artefact` does.
    """
    path = Path(path)
    if path.is_dir():
        from edgemtl.models import load_run

        return load_run(path)[0]
    return read_artefact(path).card


def _onnx_metadata(data: bytes, key: bytes) -> bytes:
    """ModelProto.metadata_props (field 14 in ONNX's onnx.proto), each with key 1 and value 2."""
    for number, value in _protobuf_fields(data):
        if number == 14 and (entry := dict(_protobuf_fields(value)))[1] == key:
            return entry[2]
    raise KeyError(key)


def _protobuf_fields(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Number and bytes of each field that has a length (protobuf.dev, Encoding); skips the rest."""
    place = 0

    def varint() -> int:
        nonlocal place
        value = 0
        for shift in range(0, 70, 7):
            byte = data[place]  # IndexError behind the end
            place += 1
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                return value
        raise ValueError("varint of more than ten bytes")

    while place < len(data):
        tag = varint()
        if tag & 7 == 2:
            size = varint()
            if size > len(data) - place:
                raise ValueError("field passes the end")
            yield tag >> 3, data[place : place + size]
            place += size
        elif tag & 7 == 0:
            varint()
        elif tag & 7 in (1, 5):
            place += 8 if tag & 7 == 1 else 4
        else:
            raise ValueError("a wire type that ONNX does not use")


def _tflite_metadata(data: bytes, key: bytes) -> bytes:
    """Model.metadata (TensorFlow's schema.fbs), each a name and the number of a buffer."""
    if data[4:8] != b"TFL3":
        raise ValueError("no TFLite file")
    model = _Table(data, _follow(data, 0))
    buffers = model.vector(4)
    for place in model.vector(6)[:ENTRIES_MAX]:
        entry = _Table(data, _follow(data, place))
        if entry.bytes(0) == key:
            return _Table(data, _follow(data, buffers[entry.uint32(1)])).bytes(0)
    raise KeyError(key)


def _unpack(data: bytes, kind: str, place: int) -> int:
    if place < 0:  # to struct that would mean: from the end
        raise ValueError("before the start")
    return int(struct.unpack_from(kind, data, place)[0])


def _follow(data: bytes, place: int) -> int:
    return place + _unpack(data, "<I", place)


class _Table:
    """A flatbuffer's table (flatbuffers.dev, Internals); every read is checked by struct."""

    def __init__(self, data: bytes, place: int) -> None:
        self._data, self._place = data, place
        self._vtable = place - _unpack(data, "<i", place)

    def _field(self, number: int) -> int:
        """Where field `number` lies, or 0 when it is left out."""
        entry = 4 + 2 * number
        if entry + 2 > _unpack(self._data, "<H", self._vtable):
            return 0
        offset = _unpack(self._data, "<H", self._vtable + entry)
        return self._place + offset if offset else 0

    def uint32(self, number: int) -> int:
        field = self._field(number)
        return _unpack(self._data, "<I", field) if field else 0

    def bytes(self, number: int) -> bytes:
        start, size = self._span(number, 1)
        return self._data[start : start + size]

    def vector(self, number: int) -> range:
        """Where the offsets of a vector of tables lie."""
        start, size = self._span(number, 4)
        return range(start, start + 4 * size, 4)

    def _span(self, number: int, width: int) -> tuple[int, int]:
        field = self._field(number)
        if not field:
            return 0, 0
        start = _follow(self._data, field)
        size = _unpack(self._data, "<I", start)
        if size * width > len(self._data) - start - 4:
            raise ValueError("vector passes the end")
        return start + 4, size
