"""What the services share: how sizes and times are drawn.

Sizes and times are what the services' modules say: no measurement of a named product, but the
shapes that such services have. Each visit draws them all anew, from its flow's own generator.
"""

from __future__ import annotations

import asyncio
from random import Random

from benchmarks.lab.quic import Client, Part


def about(rng: Random, median: float, spread: float, low: float, high: float) -> float:
    """Draw from a lognormal distribution with this median, clipped to [low, high]."""
    return min(max(rng.lognormvariate(0, spread) * median, low), high)


def size(rng: Random, median: float, spread: float, low: float, high: float) -> int:
    """Draw bytes, as `about` does."""
    return int(about(rng, median, spread, low, high))


def think(rng: Random, median: float = 0.03) -> float:
    """Draw the seconds that a server takes before it answers: a cache less, a search more."""
    return about(rng, median, 0.5, 0.002, 0.8)


def request(rng: Random, median: float) -> int:
    """Draw the bytes of a plain request: a service's own cookies and tokens make most of it."""
    return size(rng, median, 0.2, 60, 4000)


async def many(client: Client, rng: Random, up: float, count: int, median: float) -> None:
    """Ask `count` times at once, about `up` bytes each, for things of about `median` bytes."""
    await asyncio.gather(
        *(
            client.ask(request(rng, up), Part(1, think(rng), size(rng, median, 0.7, 500, 200e3)))
            for _ in range(count)
        )
    )
