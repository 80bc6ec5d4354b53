"""Flows that don't tell who took part: Crypto-PAn addresses, and no port but the service's.

Crypto-PAn keeps prefixes: two addresses that share their first n bits, and no more, still do so
afterwards. J. Xu, J. Fan, M. Ammar, S. Moon, "Prefix-Preserving IP Address Anonymization", ICNP
2002. The packages on PyPI that do it encrypt one bit of one address a call; here a batch is one.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from edgemtl.errors import DataError, MissingDependency

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Anonymiser", "read_key"]

KEY = 32  # bytes: an AES-128 key, and the block that the padding is made from
SYSTEM_PORTS = 1024  # RFC 6335, section 6: those below name services
ADDRESSES = 2048  # at a time: 8 MiB of AES blocks where they are of IPv6


def read_key(text: str) -> bytes:
    """The key that a command line names: 64 hex digits, or a file of these or of 32 bytes."""
    where = "--anonymise"  # and not the text: that may be a key with a slip in it
    if os.path.exists(text):  # noqa: PTH110 (Path.exists fails, and tells the text, if it is long)
        where = f"--anonymise {text}"
        with Path(text).open("rb") as file:
            raw = file.read(4 * KEY)  # more is no key, and some files have no end
        if len(raw) == KEY:
            return raw
    else:
        raw = text.encode()
    try:
        key = bytes.fromhex(raw.decode())
    except ValueError:
        key = b""
    if len(key) != KEY:
        raise DataError(
            f"{where}: must be a file of {KEY} random bytes, or {2 * KEY} hex digits: "
            f"make one by head -c {KEY} /dev/urandom > FILE"
        )
    return key


class Anonymiser:
    """Makes flows unfit to tell who took part; the same key gives the same addresses.

    Parameters
    ----------
    key : bytes
        32 bytes; whoever has them can undo it.
    """

    METHOD = "crypto-pan"

    def __init__(self, key: bytes) -> None:
        try:
            from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
        except ImportError:
            raise MissingDependency("--anonymise", "cryptography", "anonymise") from None
        if len(key) != KEY:
            raise ValueError(f"Anonymiser: key must be {KEY} bytes, got {len(key)}")
        self._cipher = Cipher(algorithms.AES(key[:16]), modes.ECB())
        self._pad = np.frombuffer(self._encrypt(key[16:]), np.uint8)

    def _encrypt(self, blocks: bytes) -> bytes:
        return self._cipher.encryptor().update(blocks)

    def apply(self, raw: dict[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
        """What `Meter.take` gave, with other addresses, and without time and VLAN of each flow."""
        kept = {name: raw[name] for name in raw if name not in ("start_us", "vlan")}
        for name in ("src", "dst"):
            kept[name] = self.addresses(raw["version"], raw[name])
        lower = np.minimum(raw["src_port"], raw["dst_port"])
        service = np.where(lower < SYSTEM_PORTS, lower, 0)  # a client's may be under, too
        for name in ("src_port", "dst_port"):
            kept[name] = np.where(raw[name] == service, service, 0)
        return kept

    def addresses(
        self, version: NDArray[np.uint8], addresses: NDArray[np.uint8]
    ) -> NDArray[np.uint8]:
        """Other addresses, shape (n, 16), of the same versions (4 or 6) and with like prefixes."""
        changed = np.zeros_like(addresses)
        for number, width in ((4, 4), (6, 16)):
            rows = version == number
            each = np.ascontiguousarray(addresses[rows, :width]).view(f"S{width}")[:, 0]
            old, place = np.unique(each, return_inverse=True)
            new = old.view(np.uint8).reshape(-1, width).copy()
            for start in range(0, len(new), ADDRESSES):
                part = slice(start, start + ADDRESSES)
                new[part] = self._change(new[part])
            changed[rows, :width] = new[place]
        return changed

    def _change(self, addresses: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Bit i is flipped by the first bit of AES(the i bits before it, then padding)."""
        n, width = addresses.shape
        bits = 8 * width
        before = np.packbits(np.tri(bits, 128, -1, dtype=np.uint8), axis=1)  # i ones in row i
        blocks = np.zeros((n, 1, 16), np.uint8)
        blocks[:, 0, :width] = addresses
        blocks = blocks & before | self._pad & ~before
        secret = np.frombuffer(self._encrypt(blocks.tobytes()), np.uint8)
        flips = secret.reshape(n, bits, 16)[:, :, 0] >> 7
        return addresses ^ np.packbits(flips, axis=1)
