"""What the core gives of ended flows, as Flows."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from edgemtl import _core
from edgemtl.flows.anonymise import Anonymiser
from edgemtl.flows.later import Later
from edgemtl.flows.table import Flows
from edgemtl.flows.text import Text
from edgemtl.printable import utf8

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["FlowNumbers"]

# IPFIX element 136 (RFC 5102), by number; 0: the flow goes on (FlowConfig.early).
END_REASONS = ("unknown", "idle", "active", "end_of_flow", "forced", "lack_of_resources")
WIDE = ("start_us", "packets", "bytes")  # of 64 bits, as Flows want them
NARROW = ("protocol", "src_port", "dst_port", "vlan")


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
        self._name = utf8(name)
        self._anonymiser = anonymiser
        self._next = 0

    def flows(self, raw: dict[str, NDArray[Any]]) -> Flows:
        """The flows of `Meter.take`, with the numbers that follow on those before."""
        n = len(raw["packets"])
        columns: dict[str, Any] = {
            "flow_id": Text.numbered(f"{self._name}:", self._next, n),
            "partition": Text.repeat(self._name, n),
            "duration_s": Later(n, partial(_seconds, raw["duration_us"])),
            "bytes_per_s": Later(n, partial(_rates, raw["bytes"], raw["duration_us"])),
            "end_reason": Text.choose(END_REASONS, raw["end_reason"]),
        }
        self._next += n
        if self._anonymiser:
            raw = self._anonymiser.apply(raw)
            columns["anonymised"] = Text.repeat(self._anonymiser.METHOD, n)
        columns |= {name: raw[name] for name in WIDE if name in raw}
        for name in NARROW:
            if name in raw:
                columns[name] = Later(n, partial(raw[name].astype, np.int64))
        for name in ("src", "dst"):
            columns[name] = Text(n, partial(_core.addresses_text, raw["version"], raw[name]))
        series = {name: raw[name] for name in ("offsets", *_core.SERIES) if name in raw}
        return Flows(columns=columns, **series)


def _seconds(duration_us: NDArray[np.int64]) -> NDArray[np.float64]:
    return duration_us / 1e6


def _rates(total: NDArray[np.int64], duration_us: NDArray[np.int64]) -> NDArray[np.float64]:
    """Of a whole flow, a second; NaN where that took no time."""
    known = duration_us > 0
    rates = np.full(len(total), np.nan)
    rates[known] = total[known] / _seconds(duration_us[known])
    return rates
