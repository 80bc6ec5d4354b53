"""Drive: bulk down or up, many files kept in step, a sync in the background, looking around."""

from __future__ import annotations

import asyncio
from random import Random

from benchmarks.lab.quic import Client, Part
from benchmarks.lab.services.draw import about, many, request, size, think


async def talk(client: Client, rng: Random) -> None:
    """Do one of the five things that people, and their machines, use a drive for."""
    modes = (download, upload, keep_in_step, background, browse)
    await rng.choices(modes, weights=(37, 20, 18, 18, 7))[0](client, rng)


async def download(client: Client, rng: Random) -> None:
    """Fetch a file, in ranges or in one go."""
    left = size(rng, 6e6, 0.6, 1e6, 20e6)
    chunk = rng.choice((4 << 20, 8 << 20, 64 << 20))
    while left > 0:
        await client.ask(request(rng, 680), Part(1, think(rng, 0.06), min(chunk, left)))
        left -= chunk


async def upload(client: Client, rng: Random) -> None:
    """Send a file in chunks, each of which the server acknowledges."""
    left = size(rng, 3e6, 0.6, 300e3, 14e6)
    chunk = rng.choice((256 << 10, 1 << 20, 4 << 20))
    await client.ask(request(rng, 1350), Part(1, think(rng, 0.06), 400))
    while left > 0:
        await client.ask(min(chunk, left), Part(1, think(rng), 250))
        left -= chunk


async def keep_in_step(client: Client, rng: Random) -> None:
    """Bring many files up to date, two at a time, with a look at each."""
    until_s, down_share = about(rng, 43, 0.2, 22, 66), rng.choice((0.1, 0.5, 0.9))
    await client.ask(request(rng, 980), Part(1, think(rng, 0.06), size(rng, 4e3, 0.6, 300, 30e3)))

    async def work() -> None:
        while client.elapsed_s < until_s:
            length = size(rng, 18e3, 0.6, 1e3, 200e3)
            if rng.random() < down_share:
                await client.ask(request(rng, 980), Part(1, think(rng), length))
            else:
                await client.ask(length, Part(1, think(rng), 200))
            await asyncio.sleep(about(rng, 0.4, 0.6, 0.02, 3))

    await asyncio.gather(work(), work())


async def background(client: Client, rng: Random) -> None:
    """Poll for changes; now and then there are some."""
    length, period = about(rng, 90, 0.25, 50, 140), rng.uniform(1.5, 6)
    while client.elapsed_s < length:
        await client.ask(rng.randint(80, 400), Part(1, think(rng), rng.randint(60, 600)))
        if rng.random() < 0.3:
            await client.ask(size(rng, 9e3, 0.8, 200, 90e3), Part(1, think(rng), 200))
        if rng.random() < 0.2:
            await client.ask(
                request(rng, 980), Part(1, think(rng), size(rng, 15e3, 0.8, 200, 200e3))
            )
        await asyncio.sleep(about(rng, period, 0.3, 0.5, 20))


async def browse(client: Client, rng: Random) -> None:
    """Walk through folders: listings, thumbnails, sometimes a preview."""
    until_s = about(rng, 18, 0.4, 4, 45)
    while client.elapsed_s < until_s:
        await client.ask(request(rng, 820), Part(1, think(rng), size(rng, 8e3, 0.8, 500, 60e3)))
        await many(client, rng, 820, rng.randint(2, 24), 9e3)
        if rng.random() < 0.3:
            await client.ask(
                request(rng, 820), Part(1, think(rng), size(rng, 300e3, 0.7, 2e4, 2e6))
            )
        await asyncio.sleep(about(rng, 3, 0.6, 0.5, 15))
