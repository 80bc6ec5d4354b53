"""Search: a page, suggestions as one types, short answers, sometimes images; then reading."""

from __future__ import annotations

import asyncio
from random import Random

from benchmarks.lab.quic import Client, Part
from benchmarks.lab.services.draw import about, many, request, size, think


async def talk(client: Client, rng: Random) -> None:
    """Ask one query, or several with time to read between them."""
    if rng.random() < 0.5:  # the other half asks from the browser's address line
        await page(client, rng)
    queries = rng.choices((1, 2, 3, 4, 6, 8), weights=(55, 14, 10, 9, 7, 5))[0]
    pace = about(rng, 6, 0.6, 1.5, 18)
    for query in range(queries):
        if query:
            await asyncio.sleep(about(rng, pace, 0.7, 0.5, 25))
        if rng.random() < 0.75:
            await type_query(client, rng)
        await results(client, rng)
    if rng.random() < 0.35:  # leave for a result, and say which
        await asyncio.sleep(about(rng, pace, 0.7, 0.5, 25))
        await client.ask(size(rng, 600, 0.5, 100, 2000), Part(1, think(rng), 20))


async def page(client: Client, rng: Random) -> None:
    await client.ask(request(rng), Part(1, think(rng), size(rng, 25e3, 0.6, 4e3, 150e3)))
    if rng.random() < 0.4:  # nothing cached: scripts and pictures
        await many(client, rng, rng.randint(3, 12), 22e3)


async def type_query(client: Client, rng: Random) -> None:
    """Ask for suggestions at every key, without waiting for the last ones."""
    gap = about(rng, 0.18, 0.4, 0.07, 0.6)
    for _ in range(rng.randint(2, 16)):
        up = size(rng, 350, 0.3, 120, 900)
        client.spawn(client.ask(up, Part(1, think(rng), size(rng, 900, 0.5, 150, 4000))))
        await asyncio.sleep(about(rng, gap, 0.5, 0.03, 1.5))


async def results(client: Client, rng: Random) -> None:
    head = Part(1, think(rng), size(rng, 6e3, 0.4, 1e3, 20e3))
    body = Part(1, about(rng, 0.12, 0.6, 0.02, 0.8), size(rng, 35e3, 0.7, 4e3, 250e3))
    await client.ask(request(rng), head, body)
    kind = rng.random()
    if kind < 0.25:  # images
        for _ in range(rng.randint(1, 4)):
            await many(client, rng, rng.randint(8, 40), about(rng, 12e3, 0.8, 4e3, 80e3))
            await asyncio.sleep(about(rng, 1.5, 0.6, 0.2, 8))
    elif kind < 0.6:  # maps, faces, and the like beside the results
        await many(client, rng, rng.randint(1, 8), 12e3)
    client.spawn(client.ask(size(rng, 700, 0.6, 100, 3000), Part(1, think(rng), 20)))
