"""A flood of new flows among established ones: who survives, how fast, in how much memory."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.featurizer.captures import (
    ACK,
    PSH,
    START_US,
    SYN,
    TCP,
    UDP,
    Array,
    Flows,
    Packets,
    Traffic,
    headers_length,
    make,
    mixed_sizes,
    places,
)
from benchmarks.featurizer.run import one_cpu, run

__all__ = ["FLOODS", "MAX_FLOWS", "flood", "syn_flood"]

ESTABLISHED, EXCHANGED = 1000, 60  # two-way flows, and the packets of each, over three seconds
NEWCOMERS = 100  # more of these, which begin in the second of the flood
ROUND_TRIP_US = 10_000  # until a newcomer hears the other side
NEW = 1_000_000  # flows of the flood, all in the second of the three seconds
MAX_FLOWS = 100_000
USERS_PORT, NEWCOMERS_PORT, VICTIM_PORT = 443, 8443, 80
VICTIM = 7  # the server's number
SECOND = 1_000_000
Say = Callable[[str], None]


def syn_flood(rng: np.random.Generator) -> tuple[Flows, Packets]:
    """1 M TCP SYN in a second, nobody answers; 1,000 established flows, 100 newcomers."""
    return flooded(rng, TCP, answered=False)


def udp_flood(rng: np.random.Generator) -> tuple[Flows, Packets]:
    """1 M new UDP flows in a second, nobody answers; 1,000 established flows, 100 newcomers."""
    return flooded(rng, UDP, answered=False)


def answered_flood(rng: np.random.Generator) -> tuple[Flows, Packets]:
    """1 M TCP SYN in a second, each answered; 1,000 established flows, 100 newcomers."""
    return flooded(rng, TCP, answered=True)


FLOODS: dict[str, Traffic] = {
    "SYN-FLOOD": syn_flood,
    "UDP-FLOOD": udp_flood,
    "ANSWERED-FLOOD": answered_flood,
}


def flood(folder: Path, rounds: int, say: Say) -> list[dict[str, Any]]:
    """One row a flood: what edgemtl, held to MAX_FLOWS, made of it; times of `rounds` runs."""
    rows = []
    for name, traffic in FLOODS.items():
        say(f"{name}: making the capture")
        capture = make(name, traffic, folder)[0]
        command = [sys.executable, "-m", "benchmarks.featurizer.peers.edgemtl_bounded"]
        command += [str(capture.path), str(MAX_FLOWS), str(USERS_PORT), str(NEWCOMERS_PORT)]
        runs = []
        for turn in range(rounds):
            say(f"{name}: round {turn + 1} of {rounds}")
            runs.append(json.loads(run(command, one_cpu()).output))
        found = runs[0]
        whole, newcomers = (
            sum(packets == EXCHANGED for packets in found[str(port)])
            for port in (USERS_PORT, NEWCOMERS_PORT)
        )
        rows.append(
            {
                **{"capture": name, "max_flows": MAX_FLOWS, "packets": capture.packets},
                **{"established": ESTABLISHED, "whole": whole},
                **{"newcomers": NEWCOMERS, "newcomers_whole": newcomers},
                **{key: found[key] for key in ("flows", "evicted", "memory_bytes", "grown_bytes")},
                "cpu_s": [each["cpu_s"] for each in runs],
            }
        )
    return rows


# ---- drawing: flows are numbered users first, established and newcomers, then the flood ----------


def flooded(rng: np.random.Generator, protocol: int, answered: bool) -> tuple[Flows, Packets]:
    users = ESTABLISHED + NEWCOMERS
    flows = Flows(
        protocol=_both(np.resize([TCP, UDP], users), np.full(NEW, protocol), np.uint8),
        version=np.full(users + NEW, 4, np.uint8),
        client=_both(np.arange(users), 10_000 + rng.permutation(NEW), np.uint32),  # spoofed
        server=_both(rng.integers(1000, 2000, users), np.full(NEW, VICTIM), np.uint32),
        client_port=rng.integers(1024, 65536, users + NEW).astype(np.uint16),
        server_port=_both(
            np.repeat([USERS_PORT, NEWCOMERS_PORT], [ESTABLISHED, NEWCOMERS]),
            np.full(NEW, VICTIM_PORT),
            np.uint16,
        ),
    )
    time_us = START_US + SECOND + np.sort(rng.integers(0, SECOND, NEW))
    parts = [conversations(rng, flows), attack(flows, time_us, forward=True)]
    if answered:
        parts.append(attack(flows, time_us + 2000, forward=False))
    columns = [[getattr(part, name) for part in parts] for name in Packets.__dataclass_fields__]
    packets = Packets(*map(np.concatenate, columns))
    return flows, packets.select(np.argsort(packets.time_us, kind="stable"))


def _both(users: Array, attackers: Array, kind: Any) -> Array:
    return np.concatenate([users, attackers]).astype(kind)


def attack(flows: Flows, time_us: Array, forward: bool) -> Packets:
    """One packet of each flow of the flood: its first, or the answer to that."""
    flow = np.arange(len(flows) - NEW, len(flows))
    tcp = flows.protocol[flow] == TCP
    flags = np.where(tcp, SYN if forward else SYN | ACK, 0)
    length = headers_length(flows)[flow] + np.where(tcp, 0, 18)
    return Packets(time_us, flow, np.full(NEW, forward), flags, length)


def conversations(rng: np.random.Generator, flows: Flows) -> Packets:
    """Two-way flows of EXCHANGED packets each: most established before the flood; none closes."""
    users = ESTABLISHED + NEWCOMERS
    flow = np.repeat(np.arange(users), EXCHANGED)
    time_us = rng.integers(SECOND // 5, 3 * SECOND, (users, EXCHANGED))
    time_us[:, :2] = rng.integers(0, SECOND // 5, (users, 2))
    first_us = rng.integers(SECOND, 2 * SECOND, (NEWCOMERS, 1))
    later_us = first_us + ROUND_TRIP_US + rng.integers(1, SECOND, (NEWCOMERS, EXCHANGED))
    later_us[:, :1], later_us[:, 1:2] = first_us, first_us + ROUND_TRIP_US
    time_us[ESTABLISHED:] = later_us
    time_us = START_US + time_us.ravel()
    order = np.argsort(time_us, kind="stable")
    time_us, flow = time_us[order], flow[order]
    place = places(flow)
    forward = np.where(place < 3, place != 1, rng.random(len(flow)) < 0.5)
    flags = np.where(place == 0, SYN, np.where(place == 1, SYN | ACK, PSH | ACK))
    headers = headers_length(flows)[flow]
    payload = np.where(place < 3, 0, mixed_sizes(rng, forward, headers))
    flags = np.where(flows.protocol[flow] == TCP, flags, 0)
    return Packets(time_us, flow, forward, flags, headers + payload)
