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


def think(rng: Random) -> float:
    """Draw the seconds that a server takes before it answers."""
    return about(rng, 0.03, 0.8, 0.002, 0.5)


def request(rng: Random) -> int:
    """Draw the bytes of a plain request: cookies and tokens make most of it."""
    return size(rng, 450, 0.6, 60, 2500)


async def many(client: Client, rng: Random, count: int, median: float) -> None:
    """Fetch `count` things at a time, pictures and the like, of about `median` bytes each."""
    await asyncio.gather(
        *(
            client.ask(request(rng), Part(1, think(rng), size(rng, median, 0.7, 500, 200e3)))
            for _ in range(count)
        )
    )
