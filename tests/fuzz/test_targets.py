"""The fuzz targets without a fuzzer: the seeds, and a thousand damaged ones."""

import random

import pytest

from tests.fuzz.seeds import seeds
from tests.fuzz.targets import TARGETS

SEEDS = seeds()


def damaged(data: bytes, rng: random.Random) -> bytes:
    changed = bytearray(data)
    for _ in range(rng.randint(1, 4)):
        place = rng.randrange(len(changed))
        if rng.random() < 0.3:
            del changed[place : place + rng.randint(1, 20)]
        else:
            changed[place] = rng.choice([0, 1, 127, 128, 255, rng.randrange(256)])
        if not changed:
            break
    return bytes(changed)


@pytest.mark.parametrize("name", TARGETS)
def test_a_good_input_and_damaged_ones(name):
    rng = random.Random(name)
    for data in SEEDS[name]:
        TARGETS[name](data)
        for _ in range(250):
            TARGETS[name](damaged(data, rng))
