"""Which flows a model takes, and the line that says why not."""

import numpy as np
import pytest

from edgemtl.errors import DataError
from edgemtl.features import FeatureSpec
from edgemtl.flows import Flows
from edgemtl.models import usable


def test_flows_that_fit_are_taken_as_they_are(make_flows):
    flows = make_flows(20)
    assert usable(flows, FeatureSpec(), "x.parquet") is flows


def test_flows_of_few_packets_are_left_out(make_flows):
    flows = make_flows(50)
    kept = usable(flows, FeatureSpec(min_packets=20), "x.parquet")
    want = [i for i, n in zip(flows["flow_id"], flows.kept_packets(), strict=True) if n >= 20]
    assert list(kept["flow_id"]) == want
    assert 0 < len(want) < 50


def test_no_flow_left_is_said(make_flows):
    flows = make_flows(50).select(slice(0, 0))
    with pytest.raises(DataError, match="x: no flow of 5 or more packets among 0 flows"):
        usable(flows, FeatureSpec(min_packets=5), "x")


def test_a_table_that_keeps_fewer_packets_than_the_model_reads_is_refused(make_flows):
    flows = make_flows(3)
    flows["packets"][:] = 1000
    at_most = flows.kept_packets()[flows.kept_packets() < 60].max()
    with pytest.raises(DataError) as caught:
        usable(flows, FeatureSpec(), "x.parquet", "model.onnx")
    assert str(caught.value) == (
        f"model.onnx: wants 60 packets per flow, x.parquet keeps {at_most}: "
        f"extract again with --packets 60, or train with --k {at_most}"
    )


def test_a_flow_without_any_packet_kept_is_too_short(make_flows):
    """As of sources that leave packets without payload out, where a flow had no other."""
    flows = make_flows(3)
    offsets = np.insert(flows.offsets, 2, flows.offsets[2])
    columns = {"packets": np.insert(flows["packets"], 2, 5)}
    with_empty = Flows(**flows.series(), offsets=offsets, columns=columns)
    kept = usable(with_empty, FeatureSpec(), "x.parquet")
    assert kept.kept_packets().tolist() == flows.kept_packets().tolist()
    none = Flows(*(values[:0] for values in flows.series().values()), np.zeros(4, int), {
        "packets": flows["packets"]})  # fmt: skip
    with pytest.raises(DataError, match=r"x.parquet keeps 0: extract again with --packets 60"):
        usable(none, FeatureSpec(), "x.parquet")


def test_signed_lengths_need_directions(make_flows):
    flows = make_flows(10)
    flows.direction[0] = 0
    with pytest.raises(DataError, match=r"direction is unknown in 1 of 10 flows.*--unsigned"):
        usable(flows, FeatureSpec(), "x")
    assert usable(flows, FeatureSpec(signed=False), "x") is flows


@pytest.mark.parametrize("column", ["duration_s", "bytes_per_s"])
def test_infinity_is_refused_and_nan_is_unknown(make_flows, column):
    flows = make_flows(10)
    flows[column][3] = np.nan
    assert usable(flows, FeatureSpec(), "x") is flows
    flows[column][3] = np.inf
    with pytest.raises(DataError, match=f"x: row 3: {column}"):
        usable(flows, FeatureSpec(), "x")


@pytest.mark.parametrize("change", [{"length_kind": "payload"}, {"skip_empty": True}])
def test_a_table_without_payload_lengths_is_refused(make_flows, change):
    with pytest.raises(DataError) as caught:
        usable(make_flows(3), FeatureSpec(**change), "x.parquet", "model.onnx")
    assert str(caught.value) == (
        "model.onnx: needs payload lengths, x.parquet has no column payload: "
        "extract again with --payload"
    )
    with pytest.raises(DataError, match=r"which these flows lack: extract again with --payload"):
        make_flows(3).tensor(FeatureSpec(**change))


def test_packets_that_do_not_count_make_no_flow_long_enough(make_flows):
    flows = make_flows(50)
    flows.payload = np.random.default_rng(1).integers(0, 2, len(flows.length)).astype(np.int32)
    ends = zip(flows.offsets[:-1], flows.offsets[1:], strict=True)
    counted = [int((flows.payload[low:high] > 0).sum()) for low, high in ends]
    spec = FeatureSpec(min_packets=20, skip_empty=True)
    assert flows.counted_packets(spec).tolist() == counted
    kept = usable(flows, spec, "x.parquet")
    assert len(kept) == sum(n >= 20 for n in counted)
    assert 0 < len(kept) < len(usable(flows, FeatureSpec(min_packets=20), "x.parquet"))
    assert kept.tensor(spec).shape == (len(kept), 2, 60)
