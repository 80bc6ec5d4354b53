"""The tensor of csrc/features, against an oracle written from DESIGN.md; and the FeatureSpec."""

import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgemtl import FeatureSpec, ppi_tensor

PACKET = st.tuples(  # µs, bytes, direction, bytes of payload
    st.one_of(st.integers(-(2**63), 2**63 - 1), st.integers(0, 3_000_000)),
    st.integers(0, 2**31 - 1),
    st.sampled_from([1, -1, 0]),
    st.one_of(st.just(0), st.integers(0, 2**31 - 1)),
)
FLOWS = st.lists(st.lists(PACKET, max_size=12), max_size=4)


def oracle(flows, spec):
    """Slow and obvious: one packet at a time, in Python's own floats."""
    rows = []
    for flow in flows:
        kept = []
        for us, length, direction in counted(flow, spec)[: spec.k]:
            us = max(us, 0)
            time = min(us / 1e6, 1.0) if spec.iat == "clip" else min(math.log2(1 + us) / 27, 1.0)
            way = -1 if spec.signed and direction == -1 else 1
            kept.append((2 * time - 1, way * length / spec.length_scale))
        pad = [(0.0, 0.0)] * (spec.k - len(kept))
        rows.append(list(zip(*(kept + pad if spec.padding == "post" else pad + kept), strict=True)))
    return np.array(rows, np.float32).reshape(len(flows), 2, spec.k)


def counted(flow, spec):
    """The packets that count; sums of times stay within int64 at every step."""
    packets, waited = [], 0
    for us, length, direction, payload in flow:
        waited = max(-(2**63), min(2**63 - 1, waited + us))
        if spec.skip_empty and payload == 0:
            continue
        packets.append((waited, payload if spec.length_kind == "payload" else length, direction))
        waited = 0
    return packets


def columns(flows):
    series = [[packet[c] for flow in flows for packet in flow] for c in range(3)]
    return *series, np.cumsum([0] + [len(flow) for flow in flows])


def payloads(flows):
    return [packet[3] for flow in flows for packet in flow]


@pytest.mark.parametrize("signed", [True, False])
@pytest.mark.parametrize("padding", ["post", "pre"])
@pytest.mark.parametrize("k", [1, 7, 60])
@given(flows=FLOWS, scale=st.sampled_from([1500, 0.3, 65535.0]))
def test_clip_is_the_oracles(k, padding, signed, flows, scale):
    spec = FeatureSpec(k=k, iat="clip", padding=padding, signed=signed, length_scale=scale)
    got = ppi_tensor(*columns(flows), spec)
    np.testing.assert_array_equal(got, oracle(flows, spec))  # same bits, no tolerance


@pytest.mark.parametrize("padding", ["post", "pre"])
@given(flows=FLOWS)
def test_log_is_the_oracles(padding, flows):
    """Two libraries may round a logarithm differently in its last bit: one float apart is equal."""
    spec = FeatureSpec(k=9, iat="log", padding=padding)
    got = ppi_tensor(*columns(flows), spec)
    assert got.shape == (len(flows), 2, 9)
    np.testing.assert_array_max_ulp(got, oracle(flows, spec), maxulp=1)


@pytest.mark.parametrize("length_kind", ["ip", "payload"])
@pytest.mark.parametrize("skip_empty", [True, False])
@pytest.mark.parametrize("padding", ["post", "pre"])
@given(flows=FLOWS, k=st.integers(1, 13))
def test_payload_is_the_oracles(padding, skip_empty, length_kind, flows, k):
    spec = FeatureSpec(
        k=k, iat="clip", padding=padding, length_kind=length_kind, skip_empty=skip_empty
    )
    got = ppi_tensor(*columns(flows), spec, payloads(flows))
    np.testing.assert_array_equal(got, oracle(flows, spec))


def test_time_before_packets_that_do_not_count_is_kept():
    """A handshake of 30 ms, then a request: its first packet comes 30 ms after the flow's."""
    spec = FeatureSpec(k=3, iat="clip", length_kind="payload", skip_empty=True)
    series = [0, 20_000, 10_000, 500_000], [60, 60, 552, 1552], [1, -1, 1, -1]
    got = ppi_tensor(*series, [0, 4], spec, [0, 0, 500, 1500])
    want = [[[2 * 0.03 - 1, 0, 0], [1 / 3, -1, 0]]]
    np.testing.assert_array_equal(got, np.array(want, np.float32))


@pytest.mark.parametrize("change", [{"length_kind": "payload"}, {"skip_empty": True}])
def test_payload_is_asked_for_where_it_is_needed(change):
    spec = FeatureSpec(k=4, **change)
    with pytest.raises(ValueError, match=r"^ppi_tensor: the FeatureSpec needs payload lengths"):
        ppi_tensor([0, 1], [1, 2], [1, 1], [0, 2], spec)
    with pytest.raises(ValueError, match=r"2 times and 1 payload lengths$"):
        ppi_tensor([0, 1], [1, 2], [1, 1], [0, 2], spec, [1])


def test_tensor_is_new_and_contiguous():
    tensor = ppi_tensor([0, 10], [100, 200], [1, -1], [0, 2], FeatureSpec(k=3))
    assert tensor.dtype == np.float32 and tensor.flags.c_contiguous and tensor.flags.writeable
    tensor = ppi_tensor([], [], [], [0], FeatureSpec())
    assert tensor.shape == (0, 2, 60)


def test_transforms_are_monotone_and_in_range():
    """What lets the exporter find the steps of the quantised input by bisection."""
    us = np.unique(np.geomspace(1, 2**40, 5000).astype(np.int64))
    ones = np.ones(len(us))
    for iat in ("log", "clip"):
        spec = FeatureSpec(k=1024, iat=iat)
        for start in range(0, len(us), 1000):
            part = slice(start, start + 1000)
            n = len(us[part])
            got = ppi_tensor(us[part], ones[part], ones[part], [0, n], spec)[0, 0, :n]
            assert (np.diff(got) >= 0).all()
            assert got.min() >= -1 and got.max() <= 1


@pytest.mark.parametrize(
    ("series", "offsets", "message"),
    [
        (([0, 1], [1, 2], [1, 1]), [0, 3], "offsets must rise from 0 or more to at most 2"),
        (([0, 1], [1, 2], [1, 1]), [2, 1], "offsets must rise"),
        (([0, 1], [1, 2], [1, 1]), [-1, 1], "offsets must rise"),
        (([0, 1], [1, 2], [1, 1]), [0, 2**62, 2], "offsets must rise"),
        (([0, 1], [1, 2], [1, 1]), [], "offsets must hold n \\+ 1 values, got none"),
        (([0, 1], [1], [1, 1]), [0, 1], "got 2 times, 1 lengths and 2 directions"),
        (([0, 1], [1, 2], [1]), [0, 1], "got 2 times, 2 lengths and 1 directions"),
    ],
)
def test_bad_series(series, offsets, message):
    with pytest.raises(ValueError, match=f"^ppi_tensor: .*{message}"):
        ppi_tensor(*series, offsets, FeatureSpec(k=4))


@given(
    st.builds(
        FeatureSpec,
        k=st.integers(1, 1024),
        iat=st.sampled_from(["log", "clip"]),
        length_scale=st.floats(1e-3, 1e9),
        signed=st.booleans(),
        padding=st.sampled_from(["post", "pre"]),
        min_packets=st.just(1),
        length_kind=st.sampled_from(["ip", "payload"]),
        skip_empty=st.booleans(),
    )
)
def test_json_round_trip(spec):
    assert FeatureSpec.from_json(spec.to_json()) == spec
    assert FeatureSpec.from_json(spec.to_json()).to_json() == spec.to_json()


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("k", 0, "must be an int from 1 to 1024, got 0"),
        ("k", "60", "must be an int from 1 to 1024, got '60'"),
        ("k", True, "must be an int from 1 to 1024, got True"),
        ("iat", "linear", "must be 'log' or 'clip', got 'linear'"),
        ("length_scale", math.nan, "must be 0.001 to 1e9 bytes, got nan"),
        ("length_scale", math.inf, "must be 0.001 to 1e9 bytes, got inf"),
        ("signed", 1, "must be true or false, got 1"),
        ("padding", "mid", "must be 'post' or 'pre', got 'mid'"),
        ("min_packets", 61, "must be an int from 1 to k, got 61"),
        ("length_kind", "wire", "must be 'ip' or 'payload', got 'wire'"),
        ("skip_empty", 1, "must be true or false, got 1"),
    ],
)
def test_bad_spec(field, value, message):
    with pytest.raises(ValueError) as caught:
        FeatureSpec(**{field: value})
    assert str(caught.value) == f"FeatureSpec.{field}: {message}"


def test_json_is_strict():
    raw = json.loads(FeatureSpec().to_json())
    with pytest.raises(ValueError, match="missing or unknown: windows"):
        FeatureSpec.from_json(json.dumps(raw | {"windows": 1}))
    with pytest.raises(ValueError, match=r"missing or unknown: a\\nb$"):  # still one line
        FeatureSpec.from_json(json.dumps(raw | {"a\nb": 1}))
    with pytest.raises(ValueError, match="missing or unknown: k"):
        FeatureSpec.from_json(json.dumps({name: raw[name] for name in raw if name != "k"}))
    with pytest.raises(ValueError, match="must be a JSON object"):
        FeatureSpec.from_json("[]")


def test_json_of_before_there_was_payload_is_read():
    old = (
        '{"iat":"clip","k":30,"length_scale":1500.0,"min_packets":2,"padding":"pre","signed":false}'
    )
    spec = FeatureSpec(k=30, iat="clip", min_packets=2, padding="pre", signed=False)
    assert FeatureSpec.from_json(old) == spec
    assert (spec.length_kind, spec.skip_empty) == ("ip", False)
