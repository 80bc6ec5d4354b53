"""Text columns are what a list of strings would be."""

import pickle

import numpy as np

from edgemtl.flows import Text


def test_numbered():
    for first, n in ((0, 0), (0, 1), (0, 12), (8, 4), (99, 2), (123_456, 3)):
        want = [f"é.pcap:{i}" for i in range(first, first + n)]
        assert Text.numbered("é.pcap:", first, n).array().tolist() == want


def test_repeat_and_choose():
    assert Text.repeat("ab", 3).array().tolist() == ["ab"] * 3
    assert Text.repeat("ab", 0).array().tolist() == []
    names, index = ("idle", "", "active"), np.array([2, 0, 1, 0], np.uint8)
    assert Text.choose(names, index).array().tolist() == [names[i] for i in index]
    assert len(Text.choose(names, index[:0])) == 0


def test_concat():
    parts = [Text.numbered("a", 9, 2), Text.repeat("ü", 2), Text.repeat("", 1), Text.repeat("z", 0)]
    joined = Text.concat(parts)
    assert joined.array().tolist() == ["a9", "a10", "ü", "ü", ""]
    assert len(joined) == 5


def test_pickled():
    """Engines that map captures over machines send flows about."""
    for text in (
        Text.numbered("a", 9, 2),
        Text.repeat("ü", 2),
        Text.choose("xy", np.array([1, 0])),
    ):
        for sent in (text, Text.concat([text, text])):
            assert pickle.loads(pickle.dumps(sent)).array().tolist() == sent.array().tolist()
