"""Video: segments of a quality that adapts, a burst to fill the buffer, then on and off."""

from __future__ import annotations

import asyncio
from random import Random

from benchmarks.lab.quic import Client, Part
from benchmarks.lab.services.draw import about, many, request, size, think

LADDER = (6e3, 16e3, 35e3, 65e3, 120e3, 220e3, 380e3)  # bytes/s of video, 144p to 720p or so


async def talk(client: Client, rng: Random) -> None:
    """Look at a page of videos, or not; then watch one, or a few short clips."""
    if rng.random() < 0.3:
        await many(client, rng, rng.randint(4, 16), 15e3)
        await asyncio.sleep(about(rng, 2, 0.7, 0.3, 12))
    await (clips if rng.random() < 0.4 else watch)(client, rng)
    if rng.random() < 0.15:
        await linger(client, rng)


async def clips(client: Client, rng: Random) -> None:
    """Swipe through short clips: each comes whole, at full speed, some before their turn."""
    clip_s, rate = about(rng, 8, 0.5, 3, 30), rng.choice(LADDER[3:])
    for clip in range(rng.choice((1, 1, 1, 1, 2, 2, 3, 4, 6))):
        if clip:
            await asyncio.sleep(about(rng, clip_s * 0.6, 0.7, 0.5, 22))
        await client.ask(request(rng), Part(1, think(rng), size(rng, clip_s * rate, 0.4, 1e5, 9e6)))


async def watch(client: Client, rng: Random) -> None:
    """Play one video as a player does, until the viewer goes."""
    await client.ask(request(rng), Part(1, think(rng), size(rng, 9e3, 0.7, 800, 80e3)))
    length = about(rng, 40, 0.5, 3, 140)
    segment_s, buffer_s = rng.choice((2, 4, 5, 6)), rng.uniform(8, 30)
    best = rng.choices(range(len(LADDER)), weights=(4, 4, 3, 3, 2, 1, 1))[0]
    apart, sound_rate = rng.random() < 0.6, rng.choice((4e3, 8e3, 16e3))
    level, held_s, played_from = min(best, rng.randint(2, 4)), 0.0, client.elapsed_s
    while client.elapsed_s < length:
        video = size(rng, LADDER[level] * segment_s, 0.25, 2e3, 4e6)
        parts = [Part(1, think(rng), video)]
        if apart:  # sound comes as segments of its own
            parts.append(Part(1, think(rng), size(rng, sound_rate * segment_s, 0.1, 2e3, 2e5)))
        took, *_ = await asyncio.gather(*(client.ask(request(rng), part) for part in parts))
        level = adapt(level, best, video / took)
        held_s += segment_s
        ahead_s = held_s - (client.elapsed_s - played_from)
        if ahead_s > buffer_s:
            await asyncio.sleep(min(ahead_s - buffer_s, 20))
        if rng.random() < 0.03:  # paused
            rest = about(rng, 6, 0.6, 1, 20)
            played_from += rest
            await asyncio.sleep(rest)


async def linger(client: Client, rng: Random) -> None:
    """Stay, paused or at the end, while the player tells the server now and then."""
    length, period = about(rng, 30, 0.8, 3, 100), rng.uniform(4, 18)
    until_s = min(client.elapsed_s + length, 150)
    while client.elapsed_s < until_s:
        await client.ask(size(rng, 900, 0.5, 200, 3000), Part(1, think(rng), rng.randint(10, 300)))
        await asyncio.sleep(period)


def adapt(level: int, best: int, rate: float) -> int:
    """Return the next quality: the best one that takes 70 % of the measured rate, up by one."""
    fits = [i for i, need in enumerate(LADDER) if need < 0.7 * rate]
    return min(max(fits, default=0), level + 1, best)
