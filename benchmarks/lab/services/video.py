"""Video: segments of a quality that adapts, a burst to fill the buffer, then on and off."""

from __future__ import annotations

import asyncio
from random import Random

from benchmarks.lab.quic import Client, Part
from benchmarks.lab.services.draw import about, request, size, think

LADDER = (6e3, 16e3, 35e3, 65e3, 120e3, 220e3, 380e3)  # bytes/s of video, 144p to 720p or so


async def talk(client: Client, rng: Random) -> None:
    """Swipe through short clips, watch on a phone, or on a large screen."""
    await rng.choices((clips, phone, screen), weights=(37, 30, 33))[0](client, rng)


async def clips(client: Client, rng: Random) -> None:
    """Each clip comes whole, at full speed, some before their turn."""
    until_s, clip = about(rng, 19, 0.25, 8, 34), 8 * rng.choice(LADDER[3:])
    while client.elapsed_s < until_s:
        await client.ask(
            request(rng, 1600), Part(1, think(rng, 0.01), size(rng, clip, 0.4, 1e5, 6e6))
        )
        await asyncio.sleep(about(rng, 3, 0.6, 0.5, 12))


async def phone(client: Client, rng: Random) -> None:
    """A small picture, sound and picture in one."""
    await client.ask(request(rng, 1050), Part(1, think(rng), size(rng, 4e3, 0.4, 800, 20e3)))
    await play(client, rng, about(rng, 44, 0.2, 24, 70), rng.choice((1, 2)), False)


async def screen(client: Client, rng: Random) -> None:
    """A large picture; the player loads much about it, and sound as segments of its own."""
    parts = [Part(1, think(rng), size(rng, 14e3, 0.5, 800, 80e3)) for _ in range(3)]
    await asyncio.gather(*(client.ask(request(rng, 1250), part) for part in parts))
    await play(client, rng, about(rng, 88, 0.25, 48, 140), rng.choice((4, 5)), True)


async def play(client: Client, rng: Random, length: float, best: int, apart: bool) -> None:
    """Play as a player does, until the viewer goes."""
    segment_s, buffer_s = rng.choice((2, 4, 5)), rng.uniform(6, 15)
    sound_rate = rng.choice((8e3, 16e3))
    level, held_s, played_from = best - 1, 0.0, client.elapsed_s
    while client.elapsed_s < length:
        video = size(rng, LADDER[level] * segment_s, 0.25, 2e3, 4e6)
        parts = [Part(1, think(rng, 0.01), video)]
        if apart:
            parts.append(
                Part(1, think(rng, 0.01), size(rng, sound_rate * segment_s, 0.1, 2e3, 2e5))
            )
        took, *_ = await asyncio.gather(*(client.ask(request(rng, 1450), part) for part in parts))
        level = adapt(level, best, video / took)
        held_s += segment_s
        ahead_s = held_s - (client.elapsed_s - played_from)
        if ahead_s > buffer_s:
            await asyncio.sleep(min(ahead_s - buffer_s, 20))


def adapt(level: int, best: int, rate: float) -> int:
    """Return the next quality: the best one that takes 70 % of the measured rate, up by one."""
    fits = [i for i, need in enumerate(LADDER) if need < 0.7 * rate]
    return min(max(fits, default=0), level + 1, best)
