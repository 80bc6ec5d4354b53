"""The network of a flow: two links, drawn from one distribution for all services."""

from __future__ import annotations

import random
from dataclasses import dataclass


@dataclass(frozen=True)
class Link:
    """One direction, as the emulator is told."""

    delay_us: int  # one way
    jitter_us: int  # up to this much more, uniform, never reordered
    rate_bps: int  # bits of IP packets a second
    loss_ppm: int  # packets lost in a million
    queue_bytes: int  # drop-tail

    def told(self) -> str:
        """Return the emulator's spelling."""
        return (
            f"{self.delay_us},{self.jitter_us},{self.rate_bps},{self.loss_ppm},{self.queue_bytes}"
        )


@dataclass(frozen=True)
class Network:
    """The links of one client, up to the server and down from it."""

    up: Link
    down: Link


def draw_network(rng: random.Random) -> Network:
    """Draw a network: 5 to 120 ms round trip, 2 to 50 Mbit/s, 0 to 1.5 % loss.

    Delays are log-uniform, rates nearly so, with more of the fast ones. The way up is as fast as
    the way down or slower, as access networks are. 65 % lose nothing but what the queue drops.
    """
    down_rate = 2e6 * 25 ** (rng.random() ** 0.55)
    up_rate = max(2e6, down_rate * rng.choice((0.1, 0.25, 0.5, 1.0)))
    round_trip = 0.005 * 24 ** rng.random()
    share = rng.uniform(0.45, 0.55)
    jitter = round_trip * rng.choice((0, 0.02, 0.05, 0.2)) * rng.random()
    loss = 0.0 if rng.random() < 0.65 else 1e-4 * 150 ** rng.random()
    queue_s = rng.uniform(0.03, 0.3)

    def link(delay: float, rate: float) -> Link:
        return Link(
            delay_us=int(min(max(delay, 0.0025), 0.06) * 1e6),
            jitter_us=int(jitter * 1e6),
            rate_bps=int(rate),
            loss_ppm=int(loss * 1e6),
            queue_bytes=max(16_000, int(rate * queue_s / 8)),
        )

    return Network(link(round_trip * share, up_rate), link(round_trip * (1 - share), down_rate))
