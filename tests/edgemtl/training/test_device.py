"""Training on a GPU, without one: a stand-in must be given all that it is to compute."""

import json
import os
import subprocess
import sys
from contextlib import nullcontext
from pathlib import Path

import pytest
import torch
from torch.utils import backend_registration

from edgemtl.errors import EdgemtlError
from edgemtl.training import TrainConfig, train
from edgemtl.training.device import deterministic, training_device

FLOWS = Path(__file__).parents[3] / "edgemtl" / "carried" / "quic-lab.parquet"
SCRIPT = Path(__file__).with_name("stand_in_gpu.py")


@pytest.mark.skipif(
    not hasattr(backend_registration, "_setup_privateuseone_for_python_backend"),
    reason="this torch has no devices written in Python: training on a GPU is not tested",
)
def test_a_network_is_trained_on_the_gpu_and_ends_on_the_cpu():
    command = [sys.executable, str(SCRIPT), str(FLOWS)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    for answer in json.loads(done.stdout).values():
        assert answer.pop("calls") > 10_000
        assert "trained on a GPU" in answer.pop("notes")[-1]
        assert answer == {"ends_on_cpu": True, "differ": []}


def test_without_a_gpu_the_cpu_trains(monkeypatch, learnable):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert training_device() == torch.device("cpu")
    notes = train(learnable(60), TrainConfig(epochs=1)).notes
    assert not any("GPU" in note for note in notes)


def test_a_gpu_sums_in_one_order_and_its_failure_is_told_in_one_line(monkeypatch):
    monkeypatch.setenv("CUBLAS_WORKSPACE_CONFIG", "")  # so that it is as before in the end
    monkeypatch.delenv("CUBLAS_WORKSPACE_CONFIG")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "current_device", lambda: 0)
    monkeypatch.setattr(torch.random, "fork_rng", lambda devices: nullcontext())
    told = "the GPU failed: out of memory: CUDA_VISIBLE_DEVICES= in front keeps training on the CPU"
    with pytest.raises(EdgemtlError, match=f"^{told}$"), deterministic(1):
        assert os.environ["CUBLAS_WORKSPACE_CONFIG"] == ":16:8"
        assert torch.are_deterministic_algorithms_enabled()
        assert not torch.backends.cudnn.allow_tf32
        raise torch.OutOfMemoryError("out of memory\nand where")
    assert torch.backends.cudnn.allow_tf32
    assert not torch.are_deterministic_algorithms_enabled()
    assert not torch.is_deterministic_algorithms_warn_only_enabled()
