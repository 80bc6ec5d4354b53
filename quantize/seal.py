"""The checksum inside an artefact; edgemtl.runtime.artefact tells how it is read."""

from __future__ import annotations

from edgemtl.runtime.artefact import SEAL, digest

__all__ = ["seal", "seal_text"]

_OPEN = SEAL + b"0" * 64


def seal_text() -> str:
    """The seal with zeros for digits: what `seal` replaces."""
    return _OPEN.decode()


def seal(data: bytes) -> bytes:
    """The same file with its checksum filled in; ValueError where there is not one open seal."""
    found, _ = digest(data)
    return data.replace(_OPEN, SEAL + found.encode())
