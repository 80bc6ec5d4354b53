"""Music: one fast fetch of a track, a paced stream, or skipping through a list."""

from __future__ import annotations

import asyncio
from random import Random

from benchmarks.lab.quic import Client, Part
from benchmarks.lab.services.draw import about, request, size, think

BIT_RATES = (3e3, 3e3, 6e3, 8e3, 12e3, 16e3, 20e3, 32e3, 40e3)  # bytes/s: speech at 24k to 320k


async def talk(client: Client, rng: Random) -> None:
    """Ask what to play, perhaps its cover, and listen."""
    await client.ask(request(rng), Part(1, think(rng), size(rng, 3e3, 0.9, 300, 60e3)))
    if rng.random() < 0.5:
        client.spawn(
            client.ask(request(rng), Part(1, think(rng), size(rng, 35e3, 0.7, 4e3, 300e3)))
        )
    rate = rng.choice(BIT_RATES)
    await rng.choices((fetch, stream, pull, skip), weights=(42, 21, 20, 17))[0](client, rng, rate)


async def fetch(client: Client, rng: Random, rate: float) -> None:
    """Fetch a whole track, at once or in ranges; perhaps listen, and fetch the next one."""
    rate = max(rate, 12e3)
    for _ in range(1 if rng.random() < 0.85 else 2):
        left = size(rng, rate * 170, 0.4, 400e3, 14e6)
        chunk = rng.choice((512 << 10, 1 << 20, 64 << 20, 64 << 20))
        while left > 0:
            await client.ask(request(rng), Part(1, think(rng), min(chunk, left)))
            left -= chunk
        if rng.random() < 0.3:
            await asyncio.sleep(about(rng, 8, 0.8, 0.5, 25))
            await client.ask(request(rng), Part(1, think(rng), 60))


async def stream(client: Client, rng: Random, rate: float) -> None:
    """Hear a stream that the server paces, after a burst that fills the buffer."""
    period = rng.choice((0.25, 0.5, 1.0, 2.0))
    burst = int(rate * rng.uniform(2, 15))
    count = max(1, int(about(rng, 60, 0.5, 4, 140) / period))
    paced = Part(count, period, int(rate * period))
    await client.ask(request(rng), Part(1, think(rng), burst), paced)


async def pull(client: Client, rng: Random, rate: float) -> None:
    """Hear a stream that the player pulls in pieces, as its buffer empties."""
    length, piece_s = about(rng, 60, 0.5, 4, 140), rng.choice((2, 5, 8, 10, 15))
    ahead = rng.randint(1, 3)
    while client.elapsed_s < length:
        piece = Part(1, think(rng), size(rng, rate * piece_s, 0.1, 1e3, 1e6))
        await client.ask(request(rng), piece)
        ahead -= 1
        if ahead < 0:
            await asyncio.sleep(piece_s * rng.uniform(0.9, 1.1))


async def skip(client: Client, rng: Random, rate: float) -> None:
    """Try track after track: the first part of each, a few seconds, the next."""
    head_s = rng.uniform(6, 40)
    for _ in range(rng.randint(1, 8)):
        await client.ask(request(rng), Part(1, think(rng), size(rng, rate * head_s, 0.3, 8e3, 2e6)))
        await asyncio.sleep(about(rng, 6, 0.8, 0.8, 22))
