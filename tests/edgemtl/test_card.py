"""The model card: its formats, and what a threshold makes of answers."""

import json
from dataclasses import replace

import numpy as np
import pytest

from edgemtl.card import Head, ModelCard
from edgemtl.errors import ModelError
from edgemtl.features import FeatureSpec

HEAD = Head("traffic_class", ("search", "video"))
CARD = ModelCard(FeatureSpec(), (Head.divided("duration", [10.0]), HEAD))
REJECTING = replace(CARD, heads=(CARD.heads[0], replace(HEAD, unknown_below=0.75)))


@pytest.mark.parametrize(("card", "number"), [(CARD, 1), (REJECTING, 2)])
def test_a_card_says_what_it_needs_and_comes_back(card, number):
    raw = json.loads(card.to_json())
    assert raw["format"] == number
    assert ("unknown_below" in raw["heads"][1]) == (number == 2)
    assert ModelCard.from_json(card.to_json()) == card


def test_a_card_of_a_later_format_is_refused():
    raw = json.loads(CARD.to_json()) | {"format": 3}
    with pytest.raises(ModelError, match="card format 3, this edgemtl reads up to 2: use"):
        ModelCard.from_json(json.dumps(raw))


@pytest.mark.parametrize("below", [-0.1, 1.5, float("nan"), None, "much"])
def test_a_threshold_that_is_no_probability_is_damage(below):
    raw = json.loads(REJECTING.to_json())
    raw["heads"][1]["unknown_below"] = below
    with pytest.raises(ModelError, match="model card is damaged"):
        ModelCard.from_json(json.dumps(raw))


def test_no_class_may_be_called_unknown_where_flows_can_be():
    Head("traffic_class", ("unknown", "video"))
    with pytest.raises(ValueError, match=r"Head\.classes: traffic_class: 'unknown'"):
        Head("traffic_class", ("unknown", "video"), unknown_below=0.5)


def test_improbable_answers_are_unknown():
    p = np.array([[0.75, 0.25], [0.4, 0.6], [0.1, 0.9]], np.float32)
    assert HEAD.answers(p).tolist() == ["search", "video", "video"]
    assert REJECTING.heads[1].answers(p).tolist() == ["search", "unknown", "video"]
    assert HEAD.answers(p[:0]).tolist() == []
