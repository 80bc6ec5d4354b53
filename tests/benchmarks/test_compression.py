"""What a smaller network costs: every flow answered once, and a table of it."""

import json

from benchmarks.compression import pruning
from benchmarks.learning import __main__ as learning
from tests.exported import service_flows


def counted(macs, right):
    return {
        "macs": macs, "parameters": macs / 2, "right": dict.fromkeys(pruning.HEADS, right),
        "labels": dict.fromkeys(pruning.HEADS, 200),
    }  # fmt: skip


def test_each_flow_is_answered_once_by_each_network(monkeypatch):
    monkeypatch.setattr(learning, "FOLDS", 2)
    monkeypatch.setattr(pruning, "FOLDS", 2)
    monkeypatch.setattr(pruning, "SHARES", (0.75,))
    done = pruning.measure(service_flows(40, seed=3), "paper", 1)
    assert json.loads(json.dumps(done)) == done
    assert list(done) == ["1.0", "0.75"]
    for row in done.values():
        assert row["labels"] == dict.fromkeys(pruning.HEADS, 40)
        assert all(0 <= right <= 40 for right in row["right"].values())
    assert done["0.75"]["macs"] <= 0.75 * done["1.0"]["macs"]


def test_the_table_tells_points_from_the_whole_network():
    def seed(*right):
        return dict(
            zip(("1.0", "0.25", "0.125"), map(counted, (800, 200, 100), right), strict=True)
        )

    text = pruning.table({"best": [seed(180, 178, 170), seed(182, 182, 176)]})
    lines = text.splitlines()
    assert lines[2].startswith("| counting network | 800 | 400 | 90.5 |")
    assert lines[3].startswith("| 4.0 times fewer | 200 | 100 | 90.0 (-0.5 ±6.4) |")
    assert lines[4].startswith("| 8.0 times fewer | 100 | 50 | 86.5 (-4.0 ±12.7) |")
