"""Search: short requests and answers, suggestions as one types, sometimes images; then reading."""

from __future__ import annotations

import asyncio
from random import Random

from benchmarks.lab.quic import Client, Part
from benchmarks.lab.services.draw import about, many, request, size, think


async def talk(client: Client, rng: Random) -> None:
    """Ask one thing from the address line, a few things in a row, or look around at length."""
    visits = (glance, ask_around, research)
    await rng.choices(visits, weights=(50, 28, 22))[0](client, rng)


async def glance(client: Client, rng: Random) -> None:
    """Take the answer and go, at times only after a look at it."""
    await results(client, rng)
    if rng.random() < 0.2:
        await asyncio.sleep(about(rng, 3, 0.5, 0.5, 8))
        await client.ask(size(rng, 600, 0.5, 100, 2000), Part(1, think(rng), 20))


async def ask_around(client: Client, rng: Random) -> None:
    """Type one query after the other."""
    until_s = about(rng, 19, 0.25, 8, 34)
    while client.elapsed_s < until_s:
        await type_query(client, rng)
        await results(client, rng)
        await asyncio.sleep(about(rng, 3, 0.5, 0.5, 8))


async def research(client: Client, rng: Random) -> None:
    """Start at the service's own page, and come back to it with better questions."""
    until_s = about(rng, 43, 0.2, 25, 65)
    await page(client, rng)
    while client.elapsed_s < until_s:
        await asyncio.sleep(about(rng, 1.5, 0.5, 0.3, 5))
        await type_query(client, rng)
        await results(client, rng)
        await asyncio.sleep(about(rng, 6, 0.5, 1, 15))


async def page(client: Client, rng: Random) -> None:
    await client.ask(request(rng, 380), Part(1, think(rng), size(rng, 12e3, 0.5, 4e3, 60e3)))
    await many(client, rng, 330, rng.randint(2, 6), 8e3)


async def type_query(client: Client, rng: Random) -> None:
    """Ask for suggestions at every key, without waiting for the last ones."""
    gap = about(rng, 0.18, 0.4, 0.07, 0.6)
    for _ in range(rng.randint(3, 16)):
        up = size(rng, 350, 0.3, 120, 900)
        client.spawn(client.ask(up, Part(1, think(rng), size(rng, 900, 0.5, 150, 4000))))
        await asyncio.sleep(about(rng, gap, 0.5, 0.03, 1.5))


async def results(client: Client, rng: Random) -> None:
    head = Part(1, think(rng, 0.1), size(rng, 6e3, 0.4, 1e3, 20e3))
    body = Part(1, about(rng, 0.12, 0.6, 0.02, 0.8), size(rng, 80e3, 0.5, 15e3, 300e3))
    await client.ask(request(rng, 560), head, body)
    if rng.random() < 0.4:  # images, maps, faces beside the results
        await many(client, rng, 330, rng.randint(4, 16), 9e3)
    client.spawn(client.ask(size(rng, 700, 0.6, 100, 3000), Part(1, think(rng), 20)))
