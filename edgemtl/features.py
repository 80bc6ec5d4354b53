"""FeatureSpec: one truth about the model's input, and the tensor that follows from it."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Any

import numpy as np

from edgemtl import _core

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = ["K_MAX", "FeatureSpec", "ppi_tensor"]

K_MAX = 1024  # EMTL_K_MAX in emtl.h
# What specs mean that were written before these fields were.
LATER_FIELDS: dict[str, Any] = {"length_kind": "ip", "skip_empty": False}


@dataclass(frozen=True)
class FeatureSpec:
    """How a PPI series becomes the model's input; part of every checkpoint and artefact.

    Parameters
    ----------
    k : int
        Packets that the model sees.
    iat : {"log", "clip"}
        ``log``: log2(1 + µs) / 27, clipped at 1 (2**27 µs is 134 s, just over the idle timeout),
        mapped to [-1, 1]. ``clip``: seconds, clipped at 1, mapped to [-1, 1], as the paper's
        authors do (arXiv:1906.05248). Negative times count as 0.
    length_scale : float
        Bytes that map to 1.
    signed : bool
        Length times direction: the paper's second channel. False for data of unknown direction.
    padding : {"post", "pre"}
        Where flows shorter than k are filled with 0.
    min_packets : int
        Flows with fewer packets are neither trained on nor classified.
    length_kind : {"ip", "payload"}
        ``ip``: bytes of the IP packet. ``payload``: those behind the transport header, as CESNET's
        data and ipfixprobe have it.
    skip_empty : bool
        Packets without payload don't count: the time before them is added to that before the next
        packet that does. k and `min_packets` are then of the packets that count.
    """

    k: int = 60
    iat: str = "log"
    length_scale: float = 1500.0
    signed: bool = True
    padding: str = "post"
    min_packets: int = 1
    length_kind: str = "ip"
    skip_empty: bool = False

    def __post_init__(self) -> None:
        scale = self.length_scale
        for name, fine, want in (
            ("k", type(self.k) is int and 1 <= self.k <= K_MAX, f"an int from 1 to {K_MAX}"),
            ("iat", self.iat in ("log", "clip"), "'log' or 'clip'"),
            (
                "length_scale",
                type(scale) in (int, float) and 1e-3 <= scale <= 1e9,
                "0.001 to 1e9 bytes",
            ),
            ("signed", type(self.signed) is bool, "true or false"),
            ("padding", self.padding in ("post", "pre"), "'post' or 'pre'"),
            (
                "min_packets",
                type(self.min_packets) is type(self.k) is int and 1 <= self.min_packets <= self.k,
                "an int from 1 to k",
            ),
            ("length_kind", self.length_kind in ("ip", "payload"), "'ip' or 'payload'"),
            ("skip_empty", type(self.skip_empty) is bool, "true or false"),
        ):
            if not fine:
                raise ValueError(f"FeatureSpec.{name}: must be {want}, got {getattr(self, name)!r}")

    @property
    def needs_payload(self) -> bool:
        """Whether the tensor depends on payload lengths."""
        return self.length_kind == "payload" or self.skip_empty

    def to_json(self) -> str:
        """Return JSON with sorted keys and no spaces: equal specs give equal bytes."""
        return json.dumps(asdict(self), sort_keys=True, separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str) -> FeatureSpec:
        """Read what `to_json` wrote: every field must be there but the later ones, and no other."""
        raw = json.loads(text)
        if not isinstance(raw, dict):
            raise ValueError(f"FeatureSpec: must be a JSON object, got {type(raw).__name__}")
        known = {field.name for field in fields(cls)}
        if wrong := known.symmetric_difference(LATER_FIELDS | raw):
            names = ", ".join(sorted(wrong)).encode("unicode_escape").decode()  # stays one line
            raise ValueError(f"FeatureSpec: missing or unknown: {names}")
        return cls(**LATER_FIELDS | raw)


def ppi_tensor(
    iat_us: ArrayLike,
    length: ArrayLike,
    direction: ArrayLike,
    offsets: ArrayLike,
    spec: FeatureSpec,
    payload: ArrayLike | None = None,
) -> NDArray[np.float32]:
    """Turn the PPI series of n flows into the tensor that the model reads.

    Parameters
    ----------
    iat_us : array of int64, shape (m,)
        Inter-arrival times in µs, one flow after the other; 0 for a flow's first packet.
    length, direction : arrays of int32 and int8, shape (m,)
        IP packet lengths in bytes, from the IP header; +1 forward, -1 reverse, 0 unknown.
    offsets : array of int64, shape (n + 1,)
        Flow i is the packets from ``offsets[i]`` up to, not including, ``offsets[i + 1]``.
    spec : FeatureSpec
        The one inside the artefact that will read the tensor.
    payload : array of int32, shape (m,), optional
        Bytes behind the transport header; needed where `spec.needs_payload`.

    Returns
    -------
    ndarray of float32, shape (n, 2, spec.k)
        Channel 0 inter-arrival time, channel 1 length. New and C-contiguous.

    Raises
    ------
    ValueError
        If the series differ in length, `offsets` decreases or passes m, or `payload` is needed and
        not given.

    References
    ----------
    .. [1] S. Rezaei, X. Liu, "Multitask Learning for Network Traffic Classification",
       arXiv:1906.05248. ``iat="clip"`` is theirs.
    """
    return _core.features_fill(
        np.ascontiguousarray(iat_us, np.int64),
        np.ascontiguousarray(length, np.int32),
        None if payload is None else np.ascontiguousarray(payload, np.int32),
        np.ascontiguousarray(direction, np.int8),
        np.ascontiguousarray(offsets, np.int64),
        spec,
    )
