"""Weights rounded to int8 levels so that the errors of one layer's weights make up for each other.

This module imports torch: import it inside the functions that need it.
"""

from __future__ import annotations

import copy

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from edgemtl.quantize.graph import Graph

__all__ = ["int8_layers", "rounded"]

DAMPING = 1e-3  # of the mean square of the inputs, added to each: directions that x hardly has


def rounded(graph: Graph, x: Tensor, most: int, dense_per_output: bool = True) -> Graph:
    """A copy of the graph whose weights are whole multiples, up to `most`, of a scale per output.

    Rounding to nearest wastes what is known of a layer's inputs: they go together, so the error of
    one weight can be taken back by the next ones. Each weight's error, as these flows feel it, is
    put onto the weights that are still to be rounded [1]_. The largest weight of a scale keeps its
    value, so any quantiser of symmetric weights finds the same scales and the same levels.

    Parameters
    ----------
    x : Tensor, shape (n, 2, k)
        Flows to calibrate with.
    most : int
        Largest level: 64 in ONNX files, 127 in TFLite files.
    dense_per_output : bool
        Give each output of a dense layer its own scale; otherwise the layer has one.

    References
    ----------
    .. [1] E. Frantar et al., "GPTQ: Accurate Post-Training Quantization for Generative
       Pre-trained Transformers", arXiv:2210.17323; after B. Hassibi, D. Stork, "Second order
       derivatives for network pruning: Optimal Brain Surgeon", NIPS 1992.
    """
    result = copy.deepcopy(graph)
    for layer in int8_layers(result):
        weight = layer.weight.detach().flatten(1).numpy().astype(np.float64)
        scale = np.abs(weight).max(1)
        if isinstance(layer, nn.Linear) and not dense_per_output:
            scale[:] = scale.max()
        scale = np.maximum(scale, 1e-12) / most
        levels = _levels(weight, _products(result, layer, x), scale, most)
        with torch.no_grad():
            layer.weight.copy_(torch.from_numpy(levels).reshape(layer.weight.shape))
    return result


def int8_layers(graph: Graph) -> list[nn.Conv2d | nn.Linear]:
    """Layers of int8 weights, in order: not the heads' own, and not those that are fixed."""
    heads = set(graph.network.heads.values())
    layers = [m for m in graph.modules() if isinstance(m, nn.Conv2d | nn.Linear)]
    return [m for m in layers if m not in heads and m.weight.requires_grad]


def _products(graph: Graph, layer: nn.Module, x: Tensor) -> NDArray[np.float64]:
    """Mean product of each two inputs of a layer's outputs, shape (inputs, inputs)."""
    total = torch.zeros(())
    rows = 0

    def add(layer: nn.Module, inputs: tuple[Tensor]) -> None:
        nonlocal total, rows
        seen = inputs[0].double()
        if isinstance(layer, nn.Conv2d):
            seen = functional.unfold(seen, layer.kernel_size).transpose(1, 2).flatten(0, 1)
        total = total + seen.T @ seen
        rows += len(seen)

    hook = layer.register_forward_pre_hook(add)
    with torch.inference_mode():
        graph(x)
    hook.remove()
    return np.asarray((total / rows).numpy())


def _levels(
    weight: NDArray[np.float64],
    products: NDArray[np.float64],
    scale: NDArray[np.float64],
    most: int,
) -> NDArray[np.float64]:
    """Weights (outputs, inputs) on the levels of scale (outputs,), rounded input by input."""
    largest = np.abs(weight) >= scale[:, None] * most * (1 - 1e-9)
    damped = products + np.eye(len(products)) * max(DAMPING * np.diag(products).mean(), 1e-12)
    # row j: how an error in input j is best spread over the inputs behind it
    spread = np.linalg.cholesky(np.linalg.inv(damped)).T
    left = weight.copy()
    result: NDArray[np.float64] = weight.copy()
    for j in range(weight.shape[1]):
        level = np.clip(np.rint(left[:, j] / scale), -most, most)
        result[:, j] = np.where(largest[:, j], weight[:, j], level * scale)
        error = (left[:, j] - result[:, j]) / spread[j, j]
        left[:, j:] -= np.outer(error, spread[j, j:])
    return result
