"""The report, of figures that no export has to be made for."""

from edgemtl.quantize.page import report_page
from edgemtl.quantize.proof import Report
from tests.edgemtl.draw.reader import HOSTILE, Reader


def figures(turned=()):
    return {
        "n": 60, "accuracy": 0.9, "macro_f1": 0.8, "ece": 0.05, "drop": -1.5, "agreement": 0.98,
        "turned": len(turned), "turned_flows": list(turned), "max_difference": 0.03,
    }  # fmt: skip


def step(share, kept=True, n=60):
    heads = {"traffic_class": {"n": n, "accuracy": 0.9 if n else None, "drop": 0.25 if n else None}}
    return {
        "share": share, "macs": int(1000 * share), "parameters": 7, "kept": kept, "heads": heads,
    }  # fmt: skip


def report(name, turned=(), pruning=None):
    row = {
        "file": f"{name}.int8.onnx", "bytes": 1000, "macs": 500, "precision": "int8",
        "format": "onnx", "sha256": "0" * 64, "heads": {"traffic_class": figures(turned)},
        "made": {"calibration": "entropy", "fine_tuned": True},
        "io": "float",
    }  # fmt: skip
    reference = {"file": name, "bytes": 2500, "macs": 1000, "heads": {"traffic_class": figures()}}
    return Report(reference, [row], [], 65, reference if pruning else None, pruning)


def manifest(name):
    return {
        "name": name, "run": f"/runs/{name}", "command": ["edgemtl", "train", name],
        "data": [{"path": name, "sha256": "1" * 64}], "versions": {"torch": "2.13.0"},
    }  # fmt: skip


def steps(*rows, notes=()):
    return {
        "told": "auto",
        "steps": list(rows),
        "share": 0.5,
        "judged": "185 flows",
        "notes": list(notes),
    }


def test_a_page_tells_what_an_export_found():
    page = report_page(manifest("lab"), report("lab", ["a flow"]), 1.0)
    words = Reader(page).words
    for said in ("1,000", "2.5", "90.00 (+0.00)", "98.00", "1 of 65", "a flow", "0" * 64):
        assert said in words
    assert "int8 weights and values, calibrated by entropy, fine-tuned" in words
    assert "Pruning" not in words


def test_steps_of_a_pruning_are_pictured_and_listed():
    pruning = steps(step(1.0), step(0.5), step(0.25, kept=False), notes=["one is 0.5 points"])
    words = Reader(report_page(manifest("lab"), report("lab", pruning=pruning), 1.0)).words
    assert "One is 0.5 points." in words
    assert "500 multiply-adds: 90.00 (-0.25)" in words
    assert [word for word in words if word in ("yes", "no")] == ["yes", "yes", "no"]


def test_a_head_that_no_label_judges_has_no_line():
    pruning = steps(step(1.0, n=0), step(0.5, n=0))
    words = Reader(report_page(manifest("lab"), report("lab", pruning=pruning), 1.0)).words
    assert words.count("–") == 2
    assert not [word for word in words if "multiply-adds:" in (word or "")]


def test_hostile_names_are_text():
    harmless = Reader(report_page(manifest("lab"), report("lab", ["a flow"]), 1.0))
    for name in HOSTILE:
        page = Reader(report_page(manifest(name), report(name, [name]), 1.0))
        assert (page.tags, page.attributes) == (harmless.tags, harmless.attributes)
