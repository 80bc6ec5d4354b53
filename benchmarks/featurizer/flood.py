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
NEW = 1_000_000  # flows of the flood, all in the second of these seconds
MAX_FLOWS = 100_000
USERS_PORT, VICTIM, VICTIM_PORT = 443, 7, 80
Say = Callable[[str], None]


def syn_flood(rng: np.random.Generator) -> tuple[Flows, Packets]:
    """1 M TCP SYN in a second, nobody answers; 1,000 established flows go on."""
    return flooded(rng, TCP, answered=False)


def udp_flood(rng: np.random.Generator) -> tuple[Flows, Packets]:
    """1 M UDP packets of new flows in a second, nobody answers; 1,000 established flows go on."""
    return flooded(rng, UDP, answered=False)


def answered_flood(rng: np.random.Generator) -> tuple[Flows, Packets]:
    """1 M TCP SYN in a second, each answered by a SYN ACK; 1,000 established flows go on."""
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
        command += [str(capture.path), str(MAX_FLOWS), str(USERS_PORT)]
        runs = []
        for turn in range(rounds):
            say(f"{name}: round {turn + 1} of {rounds}")
            runs.append(json.loads(run(command, one_cpu()).output))
        row = runs[0]
        whole = sum(packets == EXCHANGED for packets in row.pop("watched").values())
        rows.append(
            {
                **{"capture": name, "max_flows": MAX_FLOWS, "packets": capture.packets},
                **{"established": ESTABLISHED, "whole": whole},
                **{key: row[key] for key in ("flows", "evicted", "memory_bytes", "grown_bytes")},
                "cpu_s": [each["cpu_s"] for each in runs],
            }
        )
    return rows


def flooded(rng: np.random.Generator, protocol: int, answered: bool) -> tuple[Flows, Packets]:
    """Established flows first in number, then those of the flood."""
    each = np.arange(NEW)
    flows = Flows(
        protocol=np.concatenate(
            [np.resize([TCP, UDP], ESTABLISHED), np.full(NEW, protocol)]
        ).astype(np.uint8),
        version=np.full(ESTABLISHED + NEW, 4, np.uint8),
        client=np.concatenate(
            [np.arange(ESTABLISHED), 10_000 + rng.permutation(NEW)]  # the flood's are spoofed
        ).astype(np.uint32),
        server=np.concatenate([rng.integers(1000, 2000, ESTABLISHED), np.full(NEW, VICTIM)]).astype(
            np.uint32
        ),
        client_port=rng.integers(1024, 65536, ESTABLISHED + NEW).astype(np.uint16),
        server_port=np.concatenate(
            [np.full(ESTABLISHED, USERS_PORT), np.full(NEW, VICTIM_PORT)]
        ).astype(np.uint16),
    )
    talk = established(rng, flows)
    time_us = START_US + 1_000_000 + np.sort(rng.integers(0, 1_000_000, NEW))
    parts = [talk, attack(flows, time_us, each, forward=True)]
    if answered:
        parts.append(attack(flows, time_us + 2000, each, forward=False))
    packets = Packets(
        *(np.concatenate(column) for column in zip(*map(columns, parts), strict=True))
    )
    return flows, packets.select(np.argsort(packets.time_us, kind="stable"))


def columns(packets: Packets) -> list[Array]:
    return [getattr(packets, name) for name in packets.__dataclass_fields__]


def attack(flows: Flows, time_us: Array, each: Array, forward: bool) -> Packets:
    """One packet of each flow of the flood: its first, or the answer to that."""
    flow = ESTABLISHED + each
    tcp = flows.protocol[flow] == TCP
    flags = np.where(tcp, SYN if forward else SYN | ACK, 0)
    length = headers_length(flows)[flow] + np.where(tcp, 0, 18)
    return Packets(time_us, flow, np.full(len(flow), forward), flags, length)


def established(rng: np.random.Generator, flows: Flows) -> Packets:
    """Two-way flows of EXCHANGED packets each, the first two before the flood; none is closed."""
    flow = np.repeat(np.arange(ESTABLISHED), EXCHANGED)
    time_us = rng.integers(200_000, 3_000_000, (ESTABLISHED, EXCHANGED))
    time_us[:, :2] = rng.integers(0, 200_000, (ESTABLISHED, 2))
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
