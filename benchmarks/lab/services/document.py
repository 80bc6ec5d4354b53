"""Document: load, then small edits both ways for long, keep-alives, autosave, now and then more."""

from __future__ import annotations

import asyncio
from random import Random

from benchmarks.lab.quic import MAX_PARTS, Client, Part
from benchmarks.lab.services.draw import about, request, size, think


async def talk(client: Client, rng: Random) -> None:
    """Open a document, edit or read it, with or without others."""
    length = about(rng, 62, 0.5, 5, 140)
    await load(client, rng)
    if rng.random() < 0.12:  # only a look at it
        return
    if rng.random() < 0.6:
        client.spawn(feed(client, rng, length))
    client.spawn(keep_alive(client, rng))
    reads = rng.random() < 0.3
    pause = about(rng, 4, 0.7, 1, 15)
    while client.elapsed_s < length:
        if reads:
            await client.ask(request(rng), Part(1, think(rng), size(rng, 40e3, 0.9, 2e3, 400e3)))
        else:
            await write(client, rng)
        await asyncio.sleep(about(rng, pause, 0.6, 0.3, 20))


async def load(client: Client, rng: Random) -> None:
    pictures = rng.random() < 0.2
    text = size(rng, 1.5e6 if pictures else 60e3, 0.9, 4e3, 8e6)
    await client.ask(request(rng), Part(1, think(rng), 6000), Part(1, think(rng), text))
    if rng.random() < 0.3:  # nothing cached: the editor itself
        parts = [Part(1, think(rng), size(rng, 120e3, 0.9, 5e3, 900e3)) for _ in range(6)]
        await asyncio.gather(*(client.ask(request(rng), part) for part in parts))


async def feed(client: Client, rng: Random, length: float) -> None:
    """Hear of the others' edits and cursors, on one answer that stays open."""
    gap = about(rng, 2.0, 0.8, 0.3, 10)
    parts, at = [], 0.0
    while at < length and len(parts) < MAX_PARTS:
        wait = about(rng, gap, 0.9, 0.05, 20)
        parts.append(Part(1, wait, size(rng, 180, 0.7, 40, 3000)))
        at += wait
    await client.ask(request(rng), *parts)


async def keep_alive(client: Client, rng: Random) -> None:
    period = rng.uniform(4, 20)
    while True:
        await asyncio.sleep(period)
        await client.ask(rng.randint(20, 60), Part(1, 0, rng.randint(10, 40)))


async def write(client: Client, rng: Random) -> None:
    """Type for some seconds: changes go out in small batches; then save, or paste a picture."""
    gap = about(rng, 0.5, 0.5, 0.15, 2)
    for _ in range(rng.randint(2, 20)):
        up = size(rng, 260, 0.5, 60, 1500)
        client.spawn(client.ask(up, Part(1, think(rng), size(rng, 120, 0.4, 30, 600))))
        await asyncio.sleep(about(rng, gap, 0.4, 0.05, 3))
    kind = rng.random()
    if kind < 0.35:
        await client.ask(size(rng, 12e3, 0.9, 500, 120e3), Part(1, think(rng), 200))
    elif kind < 0.45:
        await client.ask(size(rng, 250e3, 0.8, 20e3, 1.5e6), Part(1, think(rng), 400))
