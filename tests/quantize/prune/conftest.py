"""Small networks of both kinds, and flows for them."""

import pytest
import torch

from edgemtl.card import Head, ModelCard
from edgemtl.features import FeatureSpec
from edgemtl.models.counting import CountingSizes
from edgemtl.models.network import Sizes
from edgemtl.models.networks import new_network
from edgemtl.training import TrainConfig, train
from edgemtl.training.seen import examples
from tests.exported import service_flows

HEADS = (
    Head.divided("bandwidth", (1e4, 1e5)),
    Head.divided("duration", (10,)),
    Head("traffic_class", ("a", "b", "c")),
)
SIZES = {
    "cnn": Sizes((6, 5, 8, 7), (12, 9)),
    "counting": CountingSizes(bins=5, stretches=3, dense=(10, 8)),
}


@pytest.fixture
def card():
    return ModelCard(FeatureSpec(k=24), HEADS)


@pytest.fixture(params=sorted(SIZES))
def network(card, request):
    torch.manual_seed(1)
    return new_network(card, SIZES[request.param]).eval()


@pytest.fixture
def x():
    return 2 * torch.rand(40, 2, 24, generator=torch.Generator().manual_seed(0)) - 1


@pytest.fixture(scope="session")
def learned():
    """A counting network that 240 flows have trained for a moment: Trained, and those flows."""
    flows = service_flows(240, seed=5)
    config = TrainConfig(dividers="quantiles", epochs=60, shares=(0.2, 0.2), seed=3)
    return train(flows, config), flows


@pytest.fixture(scope="session")
def training(learned):
    """What has trained `learned`, as Examples."""
    trained, flows = learned
    ids = set(trained.split["train"])
    own = [i for i, name in enumerate(flows["flow_id"]) if name in ids]
    return examples(flows.select(own), trained.card)
