"""What training computes on, and that it does so alike each time.

This module imports torch: import it inside the functions that need it.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import torch

__all__ = ["deterministic", "training_device"]


def training_device() -> torch.device:
    """The GPU that torch finds (CUDA or ROCm), or the CPU."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


@contextmanager
def deterministic(seed: int) -> Iterator[None]:
    """Same seed, same bits on one machine; the caller's settings are left as they were.

    One thread: sums don't depend on the number of cores then, and threads that wait for each other
    in layers this small lose more than they win as soon as the machine does something else too.
    """
    threads = torch.get_num_threads()
    before = torch.are_deterministic_algorithms_enabled()
    warned = torch.is_deterministic_algorithms_warn_only_enabled()
    gpus = range(torch.cuda.device_count())
    if gpus:  # cuBLAS reads this when it starts, and sums in any order without
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    with torch.random.fork_rng(devices=gpus), warnings.catch_warnings():
        # torch warns of max pooling on a GPU, where windows that overlap add up in any order: here
        # none do
        warnings.filterwarnings("ignore", "max_pool2d_with_indices_backward_cuda")
        torch.manual_seed(seed)
        torch.use_deterministic_algorithms(True, warn_only=bool(gpus))
        torch.set_num_threads(1)
        try:
            yield
        finally:
            torch.use_deterministic_algorithms(before, warn_only=warned)
            torch.set_num_threads(threads)
