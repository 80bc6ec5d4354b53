"""Text columns are what a list of strings would be."""

import numpy as np

from edgemtl.flows import Text


def test_numbered():
    for first, n in ((0, 0), (0, 1), (0, 12), (8, 4), (99, 2), (123_456, 3)):
        want = [f"é.pcap:{i}" for i in range(first, first + n)]
        assert Text.numbered("é.pcap:", first, n).objects().tolist() == want


def test_repeat_and_choose():
    assert Text.repeat("ab", 3).objects().tolist() == ["ab"] * 3
    assert Text.repeat("ab", 0).objects().tolist() == []
    names, index = ("idle", "", "active"), np.array([2, 0, 1, 0], np.uint8)
    assert Text.choose(names, index).objects().tolist() == [names[i] for i in index]
    assert len(Text.choose(names, index[:0])) == 0


def test_concat():
    parts = [Text.numbered("a", 9, 2), Text.repeat("ü", 2), Text.repeat("", 1), Text.repeat("z", 0)]
    joined = Text.concat(parts)
    assert joined.objects().tolist() == ["a9", "a10", "ü", "ü", ""]
    assert len(joined) == 5
