"""Music: one fast fetch of a track, a paced stream, pieces that the player pulls, or skipping."""

from __future__ import annotations

import asyncio
from random import Random

from benchmarks.lab.quic import Client, Part
from benchmarks.lab.services.draw import about, request, size, think

BIT_RATES = (12e3, 16e3, 20e3, 32e3)  # bytes/s: 96 to 256 kbit/s
LOSSLESS = (55e3, 65e3, 80e3)  # bytes/s, compressed


async def talk(client: Client, rng: Random) -> None:
    """Ask what to play, and listen."""
    await client.ask(request(rng, 430), Part(1, think(rng), size(rng, 2e3, 0.6, 300, 20e3)))
    await rng.choices((fetch, stream, pull, skip), weights=(41, 29, 18, 12))[0](client, rng)


async def fetch(client: Client, rng: Random) -> None:
    """Fetch a whole track, at once or in ranges."""
    left = size(rng, rng.choice(BIT_RATES) * 190, 0.3, 800e3, 14e6)
    chunk = rng.choice((1 << 20, 64 << 20, 64 << 20))
    while left > 0:
        await client.ask(request(rng, 250), Part(1, think(rng, 0.01), min(chunk, left)))
        left -= chunk


async def stream(client: Client, rng: Random) -> None:
    """Hear a stream that the server paces, after a small burst that fills the buffer."""
    rate, period = rng.choice(BIT_RATES), rng.choice((0.1, 0.25, 0.5, 1.0))
    burst = int(rate * rng.uniform(0.5, 2))
    count = max(1, int(about(rng, 88, 0.25, 45, 140) / period))
    paced = Part(count, period, int(rate * period))
    await client.ask(request(rng, 480), Part(1, think(rng), burst), paced)


async def pull(client: Client, rng: Random) -> None:
    """Hear a lossless track that the player pulls in pieces, as its buffer empties."""
    length, piece_s = about(rng, 44, 0.2, 24, 70), rng.choice((1, 2, 4))
    rate = rng.choice(LOSSLESS)
    await client.ask(
        request(rng, 430), Part(1, think(rng), size(rng, 30e3, 0.3, 8e3, 90e3))
    )  # cover
    while client.elapsed_s < length:
        piece = Part(1, think(rng, 0.01), size(rng, rate * piece_s, 0.1, 1e3, 1e6))
        await client.ask(request(rng, 300), piece)
        await asyncio.sleep(piece_s * rng.uniform(0.85, 0.95))


async def skip(client: Client, rng: Random) -> None:
    """Try track after track: the first part of each, a few seconds, the next."""
    until_s, head_s = about(rng, 19, 0.25, 8, 34), rng.uniform(10, 25)
    while client.elapsed_s < until_s:
        part = Part(1, think(rng, 0.01), size(rng, rng.choice(BIT_RATES) * head_s, 0.3, 8e3, 2e6))
        await client.ask(request(rng, 370), part)
        await asyncio.sleep(about(rng, 3.5, 0.5, 0.8, 12))
