import numpy as np
import pytest

from edgemtl.card import Head
from edgemtl.datasets import LabelsFile, head_targets
from edgemtl.errors import DataError


@pytest.fixture
def flows(make_flows):
    flows = make_flows(3)
    flows["traffic_class"][:] = None
    flows.columns |= {
        "src": np.array(["10.0.0.1", "10.0.0.2", "2001:db8::1"], object),
        "dst": np.array(["10.0.0.9", "10.0.0.9", "2001:db8::9"], object),
        "src_port": np.array([1000, 2000, 3000]),
        "dst_port": np.array([443, 443, 443]),
        "protocol": np.array([17, 6, 17]),
    }
    return flows


def test_tuples_are_found_in_either_direction(tmp_path, flows):
    path = tmp_path / "labels.csv"
    path.write_text(
        "src,src_port,dst,dst_port,protocol,traffic_class\n"
        "10.0.0.9,443,10.0.0.1,1000,udp,video\n"
        "2001:DB8:0::1,3000,2001:db8::9,443,17,search\n"
        "10.0.0.2,2000,10.0.0.9,443,17,not TCP\n"
    )
    LabelsFile(path).apply(flows, "any.pcap")
    assert flows["traffic_class"].tolist() == ["video", None, "search"]


def test_capture_names_narrow_or_are_enough(tmp_path, flows):
    by_tuple = tmp_path / "a.csv"
    by_tuple.write_text(
        "capture,src,src_port,dst,dst_port,protocol,traffic_class\n"
        "one.pcap,10.0.0.1,1000,10.0.0.9,443,17,video\n"
    )
    LabelsFile(by_tuple).apply(flows, "two.pcap")
    assert flows["traffic_class"].tolist() == [None] * 3
    by_name = tmp_path / "b.csv"
    by_name.write_text("\ufeffcapture,traffic_class\ntwo.pcap,music\n")  # as Excel writes
    LabelsFile(by_name).apply(flows, "two.pcap")
    assert flows["traffic_class"].tolist() == ["music"] * 3


HEADER = "src,src_port,dst,dst_port,protocol,traffic_class\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "header must be capture,traffic_class or"),
        ("capture,class\n", "header must be capture,traffic_class or"),
        ("capture,traffic_class\na.pcap,\n", "line 2: has an empty field"),
        (f"{HEADER}x,1,::,2,17,a\n", "line 2: 'x' does"),
        ("capture,traffic_class\na.pcap,video, HD\n", "line 2: has a field too many"),
        ("capture,traffic_class\na,video\na,mail\n", "line 3: 'mail' was 'video' in a line before"),
        (
            f"{HEADER}::,1,::,z,17,a\n",
            "line 2: dst_port must be a whole number from 0 to 65535, got 'z'",
        ),
        (
            f"{HEADER}::,65536,::,1,17,a\n",
            "line 2: src_port must be a whole number from 0 to 65535, got '65536'",
        ),
        (f"{HEADER}::,1,::,-1,17,a\n", "line 2: dst_port must be"),
        (
            f"{HEADER}::,1,::,1,icmp,a\n",
            "protocol, if not tcp or udp, must be a whole number from 0 to 255, got 'icmp'",
        ),
    ],
)
def test_bad_labels_are_one_line(tmp_path, text, message):
    path = tmp_path / "labels.csv"
    path.write_text(text)
    with pytest.raises(DataError, match=r"^[^\n]*$") as refused:
        LabelsFile(path)
    assert message in str(refused.value)


def test_targets_are_unknown_where_the_label_is(flows):
    flows["duration_s"][:] = [5, 10, np.nan]
    duration = Head.divided("duration", [10, 30, 60])
    assert duration.classes == ("<10 s", "10-30 s", "30-60 s", ">=60 s")
    assert head_targets(flows, duration).tolist() == [0, 1, -1]
    flows["end_reason"][:2] = ["forced", "end_of_flow"]
    assert head_targets(flows, duration).tolist() == [-1, 1, -1]
    assert head_targets(flows, duration, keep_cut=True).tolist() == [0, 1, -1]
    flows["traffic_class"][:] = ["video", None, "mail"]
    assert head_targets(flows, Head("traffic_class", ("mail", "video"))).tolist() == [1, -1, 0]
