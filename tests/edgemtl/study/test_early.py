"""The picture of early answers."""

import xml.etree.ElementTree as ElementTree

import pytest

from edgemtl.errors import DataError
from edgemtl.study.early import draw_early

MEASURED = {
    "n": 9,
    "prefixes": [{"packets": 10, "n": 9, "accuracy": 0.5}, {"packets": 60, "n": 0}],
    "early": [
        {"confidence": 0.5, "accuracy": 0.6, "packets_mean": 12.0},
        {"confidence": 0.975, "accuracy": 0.8, "packets_mean": 50.0},
    ],
}


def test_each_head_with_labels_is_drawn_and_the_command_stands_in_it(tmp_path):
    file = tmp_path / "early.svg"
    command = ["edgemtl", "evaluate", "a run", "--picture", "early.svg"]
    draw_early(file, {"bandwidth": MEASURED, "duration": {"n": 0}}, command)
    text = file.read_text()
    ElementTree.fromstring(text)
    for comment in ("bandwidth", "0.975", "as soon as it is sure"):
        assert f"<!-- {comment} -->" in text  # matplotlib's, of text that is drawn as paths
    assert "<!-- duration -->" not in text
    assert "edgemtl evaluate 'a run' --picture early.svg" in text


def test_nothing_to_draw_is_said(tmp_path):
    with pytest.raises(DataError, match=r"early\.svg: nothing to draw: no flow has a label"):
        draw_early(tmp_path / "early.svg", {"duration": {"n": 0}}, [])
