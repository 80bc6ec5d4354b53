"""What the core gives of ended flows, as Flows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from edgemtl import _core
from edgemtl.flows.anonymise import Anonymiser
from edgemtl.flows.table import Flows
from edgemtl.flows.text import Text

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["FlowNumbers"]

# IPFIX element 136 (RFC 5102), by number; 0: the flow goes on (FlowConfig.early).
END_REASONS = ("unknown", "idle", "active", "end_of_flow", "forced", "lack_of_resources")
NUMBERS = ("start_us", "packets", "bytes", "protocol", "src_port", "dst_port", "vlan")


class FlowNumbers:
    """Makes Flows of what a meter gives, and numbers them.

    Parameters
    ----------
    name : str
        The flows' `partition`, and the front of their `flow_id`.
    anonymiser : Anonymiser, optional
        What makes the flows unfit to tell who took part.
    """

    def __init__(self, name: str, anonymiser: Anonymiser | None = None) -> None:
        self._name = name.encode("utf-8", "replace").decode()  # file names may be any bytes
        self._anonymiser = anonymiser
        self._next = 0

    def flows(self, raw: dict[str, NDArray[Any]]) -> Flows:
        """The flows of `Meter.take`, with the numbers that follow on those before."""
        n = len(raw["packets"])
        columns: dict[str, Any] = {
            "flow_id": Text.numbered(f"{self._name}:", self._next, n),
            "partition": Text.repeat(self._name, n),
            "duration_s": raw["duration_us"] / 1e6,
            "end_reason": Text.choose(END_REASONS, raw["end_reason"]),
        }
        columns["bytes_per_s"] = np.divide(
            raw["bytes"],
            columns["duration_s"],
            out=np.full(n, np.nan),
            where=raw["duration_us"] > 0,
        )
        self._next += n
        if self._anonymiser:
            raw = self._anonymiser.apply(raw)
            columns["anonymised"] = Text.repeat(self._anonymiser.METHOD, n)
        for name in NUMBERS:
            if name in raw:
                columns[name] = raw[name].astype(np.int64, copy=False)
        for name in ("src", "dst"):
            columns[name] = Text(*_core.addresses_text(raw["version"], raw[name]))
        series = {name: raw[name] for name in ("offsets", *_core.SERIES) if name in raw}
        return Flows(columns=columns, **series)
