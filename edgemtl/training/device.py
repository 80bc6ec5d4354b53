"""What training computes on, and that it does so alike each time.

This module imports torch: import it inside the functions that need it.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import torch

from edgemtl.errors import EdgemtlError

__all__ = ["deterministic", "training_device"]


def training_device() -> torch.device:
    """The GPU that torch finds (CUDA or ROCm), or the CPU."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


@contextmanager
def deterministic(seed: int) -> Iterator[None]:
    """Same seed, same bits on one machine; the caller's settings are left as they were.

    A GPU does what torch can: there max pooling and recurrent layers have no promise of it, and
    CUBLAS_WORKSPACE_CONFIG stays set, which cuBLAS reads once.

    One thread: sums don't depend on the number of cores then, and threads that wait for each other
    in layers this small lose more than they win as soon as the machine does something else too.

    Raises
    ------
    EdgemtlError
        If the GPU fails within.
    """
    on_gpu = training_device().type == "cuda"
    threads = torch.get_num_threads()
    before = torch.are_deterministic_algorithms_enabled()
    warned = torch.is_deterministic_algorithms_warn_only_enabled()
    with ExitStack() as settings:
        if on_gpu:
            settings.enter_context(_careful_gpu())
        gpus = [torch.cuda.current_device()] if on_gpu else []
        settings.enter_context(torch.random.fork_rng(devices=gpus))
        torch.manual_seed(seed)
        torch.use_deterministic_algorithms(True, warn_only=on_gpu)
        torch.set_num_threads(1)
        try:
            yield
        finally:
            torch.use_deterministic_algorithms(before, warn_only=warned)
            torch.set_num_threads(threads)


@contextmanager
def _careful_gpu() -> Iterator[None]:
    """No sums in any order, no multiplying by halves of the mantissa, and errors in one line."""
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":16:8")
    cudnn = torch.backends.cudnn
    with cudnn.flags(enabled=True, deterministic=True, allow_tf32=False), warnings.catch_warnings():
        # Windows of max pooling that overlap would add up in any order: here none do.
        warnings.filterwarnings("ignore", "max_pool2d_with_indices_backward_cuda")
        try:
            yield
        except RuntimeError as error:
            reason = str(error).partition("\n")[0]
            raise EdgemtlError(
                f"the GPU failed: {reason}: "
                "CUDA_VISIBLE_DEVICES= in front keeps training on the CPU"
            ) from error
