"""Loading by any runtime, and what predict takes and refuses."""

import os
import subprocess
import sys
import warnings
from types import ModuleType

import numpy as np
import pytest

from edgemtl.errors import DataError, MissingDependency, ModelError
from edgemtl.flows import Flows
from edgemtl.runtime import find, load, runtimes_for
from edgemtl.runtime.quiet import quiet

FILES = ["tiny.fp32.onnx", "tiny.int8.onnx", "tiny.fp32.tflite", "tiny.int8.tflite"]
RUNTIMES = dict(zip(FILES, ["onnxruntime"] * 2 + ["ai-edge-litert"] * 2, strict=True))


@pytest.fixture(params=["run", *FILES])
def model(request, dist, trained_run):
    return load(trained_run if request.param == "run" else dist / request.param)


def test_runtime_goes_with_the_file(dist, trained_run):
    assert {name: load(dist / name).runtime for name in FILES} == RUNTIMES
    assert load(trained_run).runtime == "torch"


def test_onnxruntime_leaves_nothing_behind(dist, tmp_path):
    code = f"from edgemtl import load; load({str(dist / FILES[0])!r})"
    env = {name: value for name, value in os.environ.items() if name != "ORT_DISABLE_TELEMETRY"}
    env |= {"HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path)}
    subprocess.run([sys.executable, "-c", code], env=env, check=True, timeout=120)
    assert list(tmp_path.rglob("*")) == []


def test_flows_and_their_tensor_get_the_same_answers(model, held_out):
    by_flows, by_tensor = model.predict(held_out), model.predict(held_out.tensor(model.card.spec))
    assert list(by_flows) == [head.name for head in model.card.heads]
    for head in model.card.heads:
        p = by_flows[head.name]
        assert (p.dtype, p.shape) == (np.float32, (len(held_out), len(head.classes)))
        np.testing.assert_array_equal(p, by_tensor[head.name])
        np.testing.assert_allclose(p.sum(1), 1, atol=1e-5)


def test_one_flow_is_answered_as_among_many(model, held_out):
    x = held_out.tensor(model.card.spec)
    many = model.predict(np.concatenate([x] * 22))  # over a batch of 1024
    one = model.predict(x[5:6])
    for head in one:
        np.testing.assert_allclose(many[head][-len(x) + 5], one[head][0], atol=1e-5)


def test_answers_stay_what_they_were(model, held_out):
    x = held_out.tensor(model.card.spec)
    first = model.predict(x[:1])
    kept = {head: p.copy() for head, p in first.items()}
    model.predict(x[1:])
    for head in kept:
        np.testing.assert_array_equal(first[head], kept[head])


def test_no_flows_no_answers(model):
    for p in (model.predict(Flows.empty()), model.predict(np.empty((0, 2, 60), np.float32))):
        assert [len(p[head]) for head in p] == [0, 0, 0]


X = np.zeros((3, 2, 60), np.float32)


@pytest.mark.parametrize(
    ("x", "said"),
    [
        (X.astype(float), r"wants float32 \(n, 2, 60\), got float64 \(3, 2, 60\)"),
        (X[:, :, :59], r"wants float32 \(n, 2, 60\), got float32 \(3, 2, 59\)"),
        (X[0], r"wants float32 \(n, 2, 60\), got float32 \(2, 60\)"),
        (X.tolist(), r"wants float32 \(n, 2, 60\), got list"),
        ([[[0.0]]], "wants float32"),
        (np.where(np.arange(3)[:, None, None] == 1, np.float32(np.nan), X), "flow 1 has NaN"),
        (np.where(np.arange(3)[:, None, None] == 2, np.float32(np.inf), X), "flow 2 has NaN"),
    ],
)
def test_other_arrays_are_refused(model, x, said):
    with pytest.raises(DataError, match=said):
        model.predict(x)


def test_a_flow_table_that_keeps_too_few_packets(model, held_out):
    first = np.minimum(held_out.kept_packets(), 30)
    offsets = np.concatenate([[0], np.cumsum(first)])
    keep = np.concatenate(
        [np.arange(n) + start for n, start in zip(first, held_out.offsets, strict=False)]
    )
    series = (held_out.iat_us[keep], held_out.length[keep], held_out.direction[keep])
    with pytest.raises(DataError, match="wants 60 packets per flow, the flow table keeps 30: "):
        model.predict(Flows(*series, offsets, held_out.columns))


def test_a_flow_table_without_directions(model, held_out):
    series = (held_out.iat_us, held_out.length, 0 * held_out.direction)
    with pytest.raises(DataError, match="direction is unknown in 80 of 80 flows"):
        model.predict(Flows(*series, held_out.offsets, held_out.columns))


def test_missing_runtimes_are_named(dist, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(
        MissingDependency, match=r"needs onnxruntime: pip install 'edgemtl\[onnx\]'"
    ):
        load(dist / FILES[0])
    monkeypatch.setitem(sys.modules, "ai_edge_litert", None)
    monkeypatch.setitem(sys.modules, "ai_edge_litert.interpreter", None)
    monkeypatch.setitem(sys.modules, "tflite_runtime", None)
    with pytest.raises(MissingDependency, match=r"needs ai-edge-litert: pip install .*\[tflite\]"):
        load(dist / FILES[2])
    assert runtimes_for(dist / FILES[2], installed=True) == []


def test_tflite_runtime_on_numpy_2_is_explained_not_tried(dist, monkeypatch):
    package, interpreter = ModuleType("tflite_runtime"), ModuleType("tflite_runtime.interpreter")
    monkeypatch.setitem(sys.modules, "tflite_runtime", package)
    monkeypatch.setitem(sys.modules, "tflite_runtime.interpreter", interpreter)
    monkeypatch.setattr(np, "__version__", "2.1.0")
    with pytest.raises(
        ModelError, match=r"built for numpy 1, numpy 2\.1\.0 is installed: pip inst"
    ):
        load(dist / FILES[2], "tflite-runtime")


def test_a_runtime_for_other_files_is_refused(dist):
    with pytest.raises(ModelError, match="runs with onnxruntime, not with ai-edge-litert"):
        load(dist / FILES[0], "ai-edge-litert")


def test_a_carried_model_goes_by_its_name(dist, monkeypatch):
    monkeypatch.setattr(find, "carried_models", lambda name: [dist / FILES[1], dist / FILES[3]])
    assert load("tiny").runtime == "onnxruntime"
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    assert load("tiny").runtime == "ai-edge-litert"


def test_an_exported_folder_is_no_model(dist):
    with pytest.raises(ModelError, match="is an exported folder: give one of the files in it"):
        load(dist)


def test_a_name_that_is_nothing():
    with pytest.raises(ModelError, match=r"^nothing: neither a run folder nor an artefact, and no"):
        load("nothing")


def test_loading_is_silent(dist, capfd):
    for name in FILES:
        load(dist / name)
    assert capfd.readouterr() == ("", "")


def test_quiet_lets_errors_through_and_gives_the_streams_back(capfd):
    with pytest.raises(ValueError, match="told"), quiet():
        print("hidden")
        print("hidden", file=sys.stderr)
        os.write(1, b"hidden")
        os.write(2, b"hidden")
        warnings.warn("hidden", stacklevel=1)
        raise ValueError("told")
    print("seen")
    assert capfd.readouterr() == ("seen\n", "")
