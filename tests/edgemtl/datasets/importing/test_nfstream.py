"""NFStream's CSV."""

import numpy as np
import pytest

from edgemtl.datasets import nfstream
from edgemtl.flows import read_capture
from tests.edgemtl.datasets.importing.rows import CARRIED, DATA, UDP, imported, refused, write_csv


@pytest.mark.parametrize(("accounting", "kind"), [(0, "frame"), (1, "ip"), (3, "payload")])
def test_nfstream_sees_what_edgemtl_sees(accounting, kind):
    """NFStream 6.6.0 wrote the files, of a carried capture: tests/data/README.md."""
    theirs = imported(DATA / "nfstream" / f"accounting-{accounting}.csv", nfstream(kind))
    ours, _ = read_capture(CARRIED / "four-flows.pcap")
    place = {port: i for i, port in enumerate(ours["src_port"])}
    ours = ours.select([place[port] for port in theirs["src_port"]])
    for name in ("src", "dst", "dst_port", "protocol", "packets"):
        assert theirs[name].tolist() == ours[name].tolist()
    assert np.abs(theirs["duration_s"] - ours["duration_s"]).max() < 1e-3
    assert np.abs(theirs["start_us"] - ours["start_us"]).max() < 1000
    if kind == "payload":
        assert (theirs["bytes"] == -1).all()  # of payloads, not of IP packets: not known
        assert np.isnan(theirs["bytes_per_s"]).all()
    else:
        assert theirs["bytes"].tolist() == ours["bytes"].tolist()
    for i in range(len(ours)):
        k = theirs.kept_packets()[i]
        assert k == min(60, ours["packets"][i])
        a, b = ours.offsets[i], theirs.offsets[i]
        lengths = theirs.length if kind != "payload" else theirs.payload + UDP
        np.testing.assert_array_equal(lengths[b : b + k], ours.length[a : a + k])
        np.testing.assert_array_equal(theirs.direction[b : b + k], ours.direction[a : a + k])
        # theirs is the difference of two times in whole ms
        assert np.abs(theirs.iat_us[b : b + k] - ours.iat_us[a : a + k]).max() < 1000


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"splt_ps": "[60, 60]"}, "differ in length"),
        ({"splt_direction": "[0, -1, 1]", "splt_ps": "[60, 60, 60]", "splt_piat_ms": "[0, 1, 2]"},
         "-1 between packets"),
        ({"splt_direction": "[0]", "splt_ps": "[20]", "splt_piat_ms": "[0]"},
         "splt_ps must be whole numbers from 34"),
        ({"splt_direction": "[2]"}, "splt_direction must be whole numbers from -1 to 1"),
        ({"splt_piat_ms": "zero"}, "splt_piat_ms must be a list of numbers, got 'zero'"),
        ({"bidirectional_first_seen_ms": ""}, "bidirectional_first_seen_ms is empty"),
    ],
)  # fmt: skip
def test_nfstream_refuses_in_one_line(tmp_path, nfstream_row, changed, message):
    path = write_csv(tmp_path / "n.csv", [nfstream_row | changed])
    assert message in refused(path, nfstream("frame"))


def test_nfstream_active_timeout_vlan_and_padding(tmp_path, nfstream_row):
    changed = {
        "splt_direction": "[0, 1, -1]", "splt_ps": "[100, 90, -1]", "splt_piat_ms": "[3, 5, -1]",
        "bidirectional_packets": "2", "bidirectional_bytes": "190", "expiration_id": "1",
        "vlan_id": "7", "traffic_class": "video",
    }  # fmt: skip
    path = write_csv(tmp_path / "n.csv", [nfstream_row | changed])
    flows = imported(path, nfstream("frame"))
    assert flows.length.tolist() == [82, 72]
    assert flows.iat_us.tolist() == [0, 5000]  # nothing comes before the first packet
    assert (flows["bytes"][0], flows["vlan"][0]) == (154, 7)
    assert flows["end_reason"].tolist() == ["active"]
    assert flows["traffic_class"].tolist() == ["video"]
    path = write_csv(tmp_path / "n.csv", [nfstream_row | {"expiration_id": "-1"}])
    assert imported(path, nfstream("frame"))["end_reason"].tolist() == ["unknown"]
