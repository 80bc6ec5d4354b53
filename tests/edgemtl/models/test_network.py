"""The network of Table II against its published numbers and a plain numpy forward pass."""

import numpy as np
import pytest
import torch

from edgemtl.card import Head, ModelCard
from edgemtl.errors import ModelError
from edgemtl.features import FeatureSpec
from edgemtl.models.network import MultiTaskCNN, Sizes
from edgemtl.models.networks import answer, cost, with_weights


def card(k=60, heads=("bandwidth", "duration", "traffic_class")):
    every = {
        "bandwidth": Head.divided("bandwidth", [1e4, 5e4, 1e5, 1e6]),
        "duration": Head.divided("duration", [10, 30, 60]),
        "traffic_class": Head("traffic_class", ("a", "b", "c", "d", "e")),
    }
    return ModelCard(FeatureSpec(k=k), tuple(every[name] for name in heads))


def test_parameters_and_multiply_adds_are_those_of_table_2():
    assert cost(MultiTaskCNN(card()), 60) == (296_590, 1_476_992)


def test_sizes_follow_from_the_shapes_that_really_flow():
    sizes = Sizes((3, 5, 7, 4), (6,))
    network = MultiTaskCNN(card(k=41), sizes)
    seen = []
    for layer in network.modules():
        if isinstance(layer, torch.nn.Conv2d):
            layer.register_forward_hook(
                lambda m, i, o: seen.append(o[0, 0].numel() * m.weight.numel())
            )
        elif isinstance(layer, torch.nn.Linear):
            layer.register_forward_hook(lambda m, i, o: seen.append(m.weight.numel()))
    network(torch.zeros(1, 2, 41))
    expected = sum(seen)
    assert cost(network, 41)[1] == expected


def oracle(network, flows):
    """Plain loops in float64, from DESIGN.md."""
    weights = {name: value.double().numpy() for name, value in network.state_dict().items()}
    rows = []
    for x in flows.astype(np.float64):
        layers = [n[: -len(".weight")] for n in weights if n.startswith("trunk") and "weight" in n]
        convolutions = 0
        for layer in layers:
            w, b = weights[f"{layer}.weight"], weights[f"{layer}.bias"]
            if w.ndim == 4:
                out = np.empty((len(w), x.shape[1] - 2))
                for o in range(len(w)):
                    for t in range(out.shape[1]):
                        out[o, t] = max(0.0, (w[o, :, 0] * x[:, t : t + 3]).sum() + b[o])
                convolutions += 1
                if convolutions % 2 == 0:
                    half = out.shape[1] // 2
                    out = out[:, : 2 * half].reshape(len(w), half, 2).max(2)
                x = out
            else:
                x = np.maximum(0.0, w @ x.ravel() + b)
        rows.append([weights[f"heads.{h}.weight"] @ x + weights[f"heads.{h}.bias"]
                     for h in network.heads])  # fmt: skip
    return [np.stack(column) for column in zip(*rows, strict=True)]


def test_forward_is_the_oracles_and_heads_come_in_card_order():
    torch.manual_seed(0)
    network = MultiTaskCNN(card(k=37), Sizes((4, 3, 5, 4, 6, 5), (8, 7)))
    flows = np.random.default_rng(0).normal(size=(3, 2, 37)).astype(np.float32)
    got = network(torch.from_numpy(flows))
    assert [z.shape for z in got] == [(3, 5), (3, 4), (3, 5)]
    for z, want in zip(got, oracle(network, flows), strict=True):
        np.testing.assert_allclose(z.detach().numpy(), want, atol=1e-5)


def test_answer_gives_the_same_in_batches():
    network = MultiTaskCNN(card(), Sizes((4, 4), (8,)))
    flows = torch.randn(1030, 2, 60)
    for z, part in zip(answer(network, flows), network(flows[1020:]), strict=True):
        torch.testing.assert_close(z[1020:], part)


def test_a_head_may_be_missing():
    assert list(MultiTaskCNN(card(heads=("duration",))).heads) == ["duration"]


def test_small_k_is_refused_with_the_smallest_that_works():
    with pytest.raises(ModelError, match="k is 35, the convolutions need 36 packets or more"):
        MultiTaskCNN(card(k=35))
    assert MultiTaskCNN(card(k=36))(torch.zeros(1, 2, 36))[0].shape == (1, 5)


@pytest.mark.parametrize(
    "sizes", [{"convolutions": (32,)}, {"convolutions": ()}, {"dense": (0,)}, {"dense": (1 << 20,)}]
)
def test_odd_sizes_are_refused(sizes):
    with pytest.raises(ValueError, match=r"Sizes\.(convolutions|dense): must be"):
        Sizes(**sizes)


def test_with_weights_takes_what_state_dict_gave():
    network = MultiTaskCNN(card())
    flows = torch.randn(2, 2, 60)
    copy = with_weights(card(), Sizes(), network.state_dict())
    assert torch.equal(copy(flows)[2], network.eval()(flows)[2])


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda s: s.pop("trunk.0.bias"), "weights of trunk.0.bias are missing"),
        (lambda s: s.update({"trunk.0.bias": torch.zeros(31)}), r"float32 \(32,\), is .* \(31,\)"),
        (
            lambda s: s.update({"trunk.0.bias": torch.zeros(32, dtype=torch.int64)}),
            "is torch.int64",
        ),
        (lambda s: s.update({"trunk.0.bias": torch.full((32,), np.nan)}), "not finite"),
        (lambda s: s.update({"extra": torch.zeros(1)}), "holds extra"),
    ],
)
def test_with_weights_refuses_what_does_not_fit(change, says):
    state = MultiTaskCNN(card()).state_dict()
    change(state)
    with pytest.raises(ModelError, match=says):
        with_weights(card(), Sizes(), state)
