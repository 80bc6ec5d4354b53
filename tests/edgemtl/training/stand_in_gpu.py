"""Trains on a stand-in for a GPU: ``python stand_in_gpu.py FLOWS`` prints JSON, by recipe.

Tensors of the stand-in lie on the CPU, but torch takes them to be elsewhere, and whatever mixes
them with others fails, as on a GPU. What they compute is the CPU's, so the weights must be, too.
"""

import json
import sys

import torch
from torch.utils import _pytree, backend_registration

from edgemtl.datasets import read_flows
from edgemtl.training import TrainConfig, device, fit, train

backend_registration._setup_privateuseone_for_python_backend("stand_in")
DEVICE = torch.device("stand_in:0")
MAY_MIX = (torch.ops.aten._to_copy.default, torch.ops.aten.copy_.default)


class Elsewhere(torch.Tensor):
    """A tensor of the stand-in; `here` is where it really lies."""

    calls = 0  # of operations on such

    @staticmethod
    def __new__(cls, here):
        return torch.Tensor._make_wrapper_subclass(
            cls,
            here.size(),
            strides=here.stride(),
            storage_offset=here.storage_offset(),
            dtype=here.dtype,
            device=DEVICE,
        )

    def __init__(self, here):
        self.here = here

    @classmethod
    def __torch_dispatch__(cls, function, types, args=(), kwargs=None):
        cls.calls += 1
        tensors = {id(t): t for t in _pytree.tree_leaves((args, kwargs)) if isinstance(t, cls)}
        for other in _pytree.tree_leaves((args, kwargs)):
            mixed = isinstance(other, torch.Tensor) and other.dim() and id(other) not in tensors
            if mixed and function not in MAY_MIX:
                raise RuntimeError(f"{function}: of tensors on the CPU and on the stand-in")
        kwargs = dict(kwargs or {})
        leaves = kwargs.get("device", DEVICE) != DEVICE
        kwargs |= {"device": torch.device("cpu")} if "device" in kwargs else {}
        args_here, kwargs_here = _pytree.tree_map(_here, (args, kwargs))
        found = function(*args_here, **kwargs_here)
        if leaves or function is torch.ops.aten._local_scalar_dense.default:
            return found
        if function is torch.ops.aten.copy_.default:
            return args[0]
        same = {id(tensor.here): tensor for tensor in tensors.values()}

        def elsewhere(tensor):
            return same[id(tensor)] if id(tensor) in same else cls(tensor)  # changed in place, new

        return _pytree.tree_map_only(torch.Tensor, elsewhere, found)


def _here(value):
    return value.here if isinstance(value, Elsewhere) else value


def _empty(size, *, dtype=None, layout=None, device=None, pin_memory=None, memory_format=None):
    return Elsewhere(torch.empty(size, dtype=dtype))


def _empty_strided(size, stride, *, dtype=None, layout=None, device=None, pin_memory=None):
    return Elsewhere(torch.empty_strided(size, stride, dtype=dtype))


def compute_on(where):
    for module in (device, fit):  # each has its own name for it
        module.training_device = lambda: where


def main():
    flows = read_flows([sys.argv[1]])
    configs = {
        "best": TrainConfig(epochs=2, labels_per_class=4),
        "paper": TrainConfig(recipe="paper", epochs=3, patience=1),
    }
    compute_on(torch.device("cpu"))
    on_cpu = {name: train(flows, c).network.state_dict() for name, c in configs.items()}
    library = torch.library.Library("aten", "IMPL")
    library.impl("empty.memory_format", _empty, "PrivateUse1")
    library.impl("empty_strided", _empty_strided, "PrivateUse1")
    torch.inference_mode = torch.no_grad  # which a class of tensors knows
    torch.__future__.set_swap_module_params_on_conversion(True)  # weights change their class
    compute_on(DEVICE)
    answer = {}
    for name, config in configs.items():
        Elsewhere.calls = 0
        run = train(flows, config)
        weights = run.network.state_dict()
        answer[name] = {
            "calls": Elsewhere.calls,
            "notes": run.notes,
            "ends_on_cpu": all(w.device.type == "cpu" for w in weights.values()),
            "differ": [n for n, w in on_cpu[name].items() if not torch.equal(w, weights[n])],
        }
    print(json.dumps(answer))


main()
