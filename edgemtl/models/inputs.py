"""Which flows a model can read, and why others can't be."""

from __future__ import annotations

import numpy as np

from edgemtl.datasets.checks import check_values
from edgemtl.errors import DataError
from edgemtl.features import FeatureSpec
from edgemtl.flows import Flows

__all__ = ["usable"]


def usable(flows: Flows, spec: FeatureSpec, data: str, model: str = "the model") -> Flows:
    """The flows of at least `spec.min_packets` packets that count.

    Parameters
    ----------
    data, model : str
        Their names in messages.

    Raises
    ------
    DataError
        If a value is out of range, a series holds fewer packets than both the flow and the model
        have, lengths or a direction that the model needs are not known, or no flow is left.
    """
    check_values(flows, data)
    if spec.needs_payload and flows.payload is None:
        raise DataError(
            f"{model}: needs payload lengths, {data} has no column payload: "
            "extract again with --payload"
        )
    lacking = flows.lacks_ip_length()
    if spec.length_kind == "ip" and lacking.any():
        raise DataError(
            f"{model}: needs lengths of IP packets, in {data} {lacking.sum()} of {len(flows)} "
            "flows have those of payloads alone: give --length-kind payload, "
            "and to train --skip-empty"
        )
    kept = flows.kept_packets()
    cut = (kept < spec.k) & (kept < flows["packets"])
    # such sources leave packets without payload out: a list that others outgrow is whole, also the
    # empty one of a flow that had no other
    cut &= ~lacking | (kept == kept[lacking].max(initial=0))
    cut &= (kept > 0) | (kept.max(initial=0) == 0)
    if cut.any():
        most = kept[cut].max()
        raise DataError(
            f"{model}: wants {spec.k} packets per flow, {data} keeps {most}: "
            f"extract again with --packets {spec.k}, or train with --k {most}"
        )
    long_enough = flows.counted_packets(spec) >= spec.min_packets
    if not long_enough.any():
        raise DataError(
            f"{data}: no flow of {spec.min_packets} or more packets among {len(flows)} flows"
        )
    flows = flows if long_enough.all() else flows.select(long_enough)
    if spec.signed and (flows.direction == 0).any():
        lost = np.logical_or.reduceat(flows.direction == 0, flows.offsets[:-1]).sum()
        raise DataError(
            f"{data}: direction is unknown in {lost} of {len(flows)} flows and {model} needs it: "
            "train with --unsigned"
        )
    return flows
