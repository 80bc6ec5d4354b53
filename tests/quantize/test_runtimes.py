"""Every exported file answers in the oldest and the newest runtimes, each in a venv of its own."""

import os
import subprocess
import venv
from pathlib import Path

import numpy as np
import pytest

from edgemtl.runtime import load

ROOT = Path(__file__).resolve().parents[2]
LIMITS = {"fp32": 1e-4, "fp16": 1e-2, "dynamic": 0.15, "int8": 0.15}
RUNTIMES = {
    "onnxruntime-1.16": ("onnxruntime", "onnx", ["onnxruntime==1.16.3", "numpy<2"]),
    "onnxruntime-newest": ("onnxruntime", "onnx", ["onnxruntime"]),
    "tflite-runtime-2.14": ("tflite-runtime", "tflite", ["tflite-runtime==2.14.0", "numpy<2"]),
    "ai-edge-litert-newest": ("ai-edge-litert", "tflite", ["ai-edge-litert"]),
}
SCRIPT = """
import sys
import numpy as np
import edgemtl
runtime, inputs, outputs, *files = sys.argv[1:]
x = np.load(inputs)
for i, file in enumerate(files):
    np.savez(f"{outputs}/{i}.npz", **edgemtl.load(file, runtime).predict(x))
"""


def python_with(name, packages):
    """The interpreter of build/runtimes/NAME, made once; a loud skip where PyPI is not reached."""
    folder = ROOT / "build" / "runtimes" / name
    python = folder / "bin" / "python"
    if not (folder / "ready").exists():
        venv.create(folder, with_pip=True, clear=True)
        install = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        done = subprocess.run(
            [*install, "--only-binary=:all:", *packages], capture_output=True, text=True
        )
        if done.returncode:
            reason = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
            pytest.skip(f"NOT TESTED: {name} could not be installed from PyPI: {reason}")
        (folder / "ready").touch()
    return python


@pytest.mark.slow
@pytest.mark.parametrize("name", RUNTIMES)
def test_files_answer_as_the_run_does(name, dist, trained_run, best, held_out, tmp_path):
    runtime, kind, packages = RUNTIMES[name]
    python = python_with(name, packages)
    counting = best[1]
    for run, folder in ((trained_run, dist), (counting.parent / "tiny", counting)):
        model = load(run)
        want = model.predict(held_out)
        np.save(tmp_path / "x.npy", held_out.tensor(model.card.spec))
        files = sorted(folder.glob(f"*.{kind}"))
        assert len(files) == {"onnx": 2, "tflite": 4}[kind]
        command = [python, "-c", SCRIPT, runtime, tmp_path / "x.npy", tmp_path, *files]
        environment = os.environ | {"PYTHONPATH": str(ROOT)}
        done = subprocess.run(command, capture_output=True, text=True, env=environment)
        assert done.returncode == 0, done.stderr
        for i, file in enumerate(files):
            limit = LIMITS[file.name.split(".")[1]]
            with np.load(tmp_path / f"{i}.npz") as got:
                for head, p in want.items():
                    np.testing.assert_allclose(got[head], p, rtol=0, atol=limit, err_msg=file.name)
