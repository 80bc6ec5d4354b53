"""Drive: bulk down or up, many small files, looking around, and a sync in the background."""

from __future__ import annotations

import asyncio
from random import Random

from benchmarks.lab.quic import Client, Part
from benchmarks.lab.services.draw import about, many, request, size, think


async def talk(client: Client, rng: Random) -> None:
    """List a folder, then do one of the six things that people use a drive for."""
    if rng.random() < 0.7:
        await client.ask(request(rng), Part(1, think(rng), size(rng, 6e3, 0.9, 300, 80e3)))
    modes = (download, upload, small_files, browse, background, throttled)
    await rng.choices(modes, weights=(42, 18, 11, 9, 13, 7))[0](client, rng)


async def download(client: Client, rng: Random) -> None:
    """Fetch a file, in ranges or in one go."""
    left = size(rng, 4.5e6, 0.8, 400e3, 20e6)
    chunk = rng.choice((1 << 20, 4 << 20, 8 << 20, 64 << 20))
    while left > 0:
        await client.ask(request(rng), Part(1, think(rng), min(chunk, left)))
        left -= chunk


async def upload(client: Client, rng: Random) -> None:
    """Send a file in chunks, each of which the server acknowledges."""
    left = size(rng, 3e6, 0.8, 200e3, 14e6)
    chunk = rng.choice((256 << 10, 1 << 20, 4 << 20))
    while left > 0:
        await client.ask(min(chunk, left), Part(1, think(rng), 250))
        left -= chunk


async def small_files(client: Client, rng: Random) -> None:
    """Bring many small files up to date, a few at a time, with a look at each."""
    down_share, workers = rng.random(), rng.randint(1, 4)
    median, hashing = about(rng, 20e3, 1.0, 1e3, 200e3), about(rng, 0.15, 0.9, 0.01, 2)

    async def work(files: int) -> None:
        for _ in range(files):
            await asyncio.sleep(about(rng, hashing, 0.7, 0.0, 5))
            length = size(rng, median, 1.1, 200, 900e3)
            if rng.random() < down_share:
                await client.ask(request(rng), Part(1, think(rng), length))
            else:
                await client.ask(length, Part(1, think(rng), 200))

    await asyncio.gather(*(work(rng.randint(4, 40)) for _ in range(workers)))


async def browse(client: Client, rng: Random) -> None:
    """Walk through folders: listings, thumbnails, sometimes a preview."""
    for _ in range(rng.randint(1, 7)):
        await client.ask(request(rng), Part(1, think(rng), size(rng, 8e3, 0.8, 500, 60e3)))
        await many(client, rng, rng.randint(0, 24), 9e3)
        if rng.random() < 0.3:
            await client.ask(request(rng), Part(1, think(rng), size(rng, 300e3, 1, 20e3, 2e6)))
        await asyncio.sleep(about(rng, 4, 0.8, 0.5, 22))


async def background(client: Client, rng: Random) -> None:
    """Poll for changes; now and then there are some."""
    length, period = about(rng, 65, 0.4, 5, 140), rng.uniform(2, 15)
    while client.elapsed_s < length:
        await client.ask(rng.randint(80, 400), Part(1, think(rng), rng.randint(60, 600)))
        if rng.random() < 0.35:
            await client.ask(size(rng, 15e3, 1.2, 200, 400e3), Part(1, think(rng), 200))
        if rng.random() < 0.25:
            await client.ask(request(rng), Part(1, think(rng), size(rng, 30e3, 1.2, 200, 800e3)))
        await asyncio.sleep(about(rng, period, 0.3, 0.5, 20))


async def throttled(client: Client, rng: Random) -> None:
    """Fetch a large file at the pace that the user allowed."""
    period = rng.uniform(0.2, 1.5)
    piece = int(about(rng, 60e3, 0.8, 8e3, 400e3) * period)
    count = max(1, int(about(rng, 40, 0.5, 3, 140) / period))
    await client.ask(request(rng), Part(count, period, piece))
