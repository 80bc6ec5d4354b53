"""Document: open it, then small edits both ways for long, keep-alives, autosave; or read it."""

from __future__ import annotations

import asyncio
from random import Random

from benchmarks.lab.quic import MAX_PARTS, Client, Part
from benchmarks.lab.services.draw import about, request, size, think


async def talk(client: Client, rng: Random) -> None:
    """Write together with others, write alone, or read."""
    await rng.choices((together, alone, read), weights=(45, 27, 28))[0](client, rng)


async def together(client: Client, rng: Random) -> None:
    """Write small changes and hear of the others'; the text itself is cached."""
    length = about(rng, 88, 0.25, 50, 140)
    await client.ask(request(rng, 900), Part(1, think(rng), size(rng, 5e3, 0.5, 1e3, 20e3)))
    client.spawn(feed(client, rng, length))
    client.spawn(keep_alive(client, rng))
    while client.elapsed_s < length:
        await write(client, rng)
        if rng.random() < 0.3:
            await client.ask(size(rng, 9e3, 0.7, 500, 60e3), Part(1, think(rng), 200))
        await asyncio.sleep(about(rng, 3, 0.7, 0.3, 15))


async def alone(client: Client, rng: Random) -> None:
    """Load the editor, write, and save the whole document now and then."""
    length, weight = about(rng, 44, 0.2, 25, 70), about(rng, 180e3, 0.4, 60e3, 600e3)
    parts = [Part(1, think(rng), size(rng, 14e3, 0.7, 2e3, 120e3)) for _ in range(6)]
    await asyncio.gather(*(client.ask(request(rng, 1150), part) for part in parts))
    client.spawn(keep_alive(client, rng))
    while client.elapsed_s < length:
        await write(client, rng)
        await client.ask(size(rng, weight, 0.2, 30e3, 900e3), Part(1, think(rng), 200))
        await asyncio.sleep(about(rng, 2, 0.6, 0.3, 8))


async def read(client: Client, rng: Random) -> None:
    """Leaf through it: a page at a time, with its pictures."""
    length, pause = about(rng, 20, 0.25, 9, 35), about(rng, 2, 0.3, 1, 5)
    while client.elapsed_s < length:
        await client.ask(request(rng, 750), Part(1, think(rng), size(rng, 2e3, 0.5, 300, 9e3)))
        picture = Part(1, think(rng), size(rng, 140e3, 0.4, 30e3, 600e3))
        await client.ask(request(rng, 750), picture)
        await asyncio.sleep(about(rng, pause, 0.4, 0.3, 8))


async def feed(client: Client, rng: Random, length: float) -> None:
    """Hear of the others' edits and cursors, on one answer that stays open."""
    gap = about(rng, 1.2, 0.6, 0.3, 6)
    parts, at = [], 0.0
    while at < length and len(parts) < MAX_PARTS:
        wait = about(rng, gap, 0.9, 0.05, 20)
        parts.append(Part(1, wait, size(rng, 180, 0.7, 40, 3000)))
        at += wait
    await client.ask(request(rng, 900), *parts)


async def keep_alive(client: Client, rng: Random) -> None:
    period = rng.uniform(4, 20)
    while True:
        await asyncio.sleep(period)
        await client.ask(rng.randint(20, 60), Part(1, 0, rng.randint(10, 40)))


async def write(client: Client, rng: Random) -> None:
    """Type for some seconds: changes go out in small batches."""
    gap = about(rng, 0.4, 0.4, 0.15, 1.5)
    for _ in range(rng.randint(4, 20)):
        up = size(rng, 260, 0.5, 60, 1500)
        client.spawn(client.ask(up, Part(1, think(rng), size(rng, 120, 0.4, 30, 600))))
        await asyncio.sleep(about(rng, gap, 0.4, 0.05, 3))
