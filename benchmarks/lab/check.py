"""Check the emulator: python -m benchmarks.lab.check prints what it was told and what it does.

Plain UDP through one slot, in both directions: paced packets for delay, jitter and loss, a flood
for the rate, a burst for the queue. Each cell is told → measured.
Exit 1 when a figure is off by more than 10 %, or when a link that shall lose nothing loses 0.1 %.
"""

from __future__ import annotations

import argparse
import asyncio
import ctypes
import os
import socket
import sys
import threading
import time
from pathlib import Path
from statistics import median

from benchmarks.lab.netns import LabError, Slot, require, work_folder
from benchmarks.lab.network import Link, Network

CASES = (  # the corners of what run.py draws, and between: delay, jitter, rate, loss, queue
    Link(2_500, 0, 50_000_000, 0, 400_000),
    Link(10_000, 2_000, 20_000_000, 5_000, 250_000),
    Link(30_000, 6_000, 8_000_000, 15_000, 100_000),
    Link(60_000, 0, 2_000_000, 0, 40_000),
)
COLUMNS = ("delay ms", "jitter ms, 10 to 90 %", "rate Mbit/s", "loss %", "queue kB")
IP_UDP = 28  # bytes of IP and UDP header
CLONE_NEWNET = 0x40000000
FLOOD = 1400  # bytes of payload, in the flood and the burst
PACED = 100  # bytes of payload, in paced packets
SMALL = 40  # bytes of payload, where packets are counted
LOSSES = 1200  # to wait for: one standard deviation is 3 %
GAP_S = 0.0015  # between paced packets, 0.7 Mbit/s: they never wait in a queue
TOLERANCE = 0.10


def socket_inside(namespace: str, address: tuple[str, int]) -> socket.socket:
    """Return a UDP socket that lives in the namespace; it stays there, whoever uses it."""
    made = []

    def make() -> None:  # a thread of its own, since the namespace is the thread's
        with Path("/run/netns", namespace).open() as file:
            if ctypes.CDLL(None, use_errno=True).setns(file.fileno(), CLONE_NEWNET):
                made.append(LabError(f"{namespace}: {os.strerror(ctypes.get_errno())}"))
                return
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sock.setsockopt(socket.SOL_SOCKET, 33, 8 << 20)  # SO_RCVBUFFORCE
        sock.setsockopt(socket.SOL_SOCKET, 35, 1)  # SO_TIMESTAMPNS: arrival as the kernel saw it
        sock.bind(address)
        sock.settimeout(1.0)
        made.append(sock)

    thread = threading.Thread(target=make)
    thread.start()
    thread.join()
    if isinstance(made[0], LabError):
        raise made[0]
    return made[0]


def receive(sock: socket.socket, got: list) -> None:
    """Append (number, sent_s, arrived_s) of each packet, until none comes for a second."""
    while True:
        try:
            data, extra, _, _ = sock.recvmsg(2048, 64)
        except TimeoutError:
            return
        seconds, nanos = (int.from_bytes(extra[0][2][i : i + 8], "little") for i in (0, 8))
        sent_ns = int.from_bytes(data[8:16], "little")
        got.append((int.from_bytes(data[:8], "little"), sent_ns / 1e9, seconds + nanos / 1e9))


def send(sock: socket.socket, to: tuple[str, int], count: int, size: int, gap_s: float) -> None:
    """Send numbered packets that carry the time at which they were sent."""
    began = time.perf_counter()
    for i in range(count):
        head = i.to_bytes(8, "little") + time.time_ns().to_bytes(8, "little")
        sock.sendto(head.ljust(size, b"\0"), to)
        ahead_s = began + (i + 1) * gap_s - time.perf_counter()
        if ahead_s > 0:
            time.sleep(ahead_s)


def through(source: socket.socket, sink: socket.socket, *packets) -> list:
    """Send `packets` (count, size, gap_s) from source to sink; return those that arrived."""
    got: list = []
    thread = threading.Thread(target=receive, args=(sink, got))
    thread.start()
    send(source, sink.getsockname(), *packets)
    thread.join()
    return got


def measure(
    link: Link, source: socket.socket, sink: socket.socket
) -> dict[str, tuple[float, float]]:
    """Return COLUMNS → (told, measured) for one direction of one link."""
    # packets closer than the jitter would wait for each other, since none overtakes
    got = through(source, sink, 1200, PACED, max(GAP_S, link.jitter_us / 1e6))
    line_ms = (PACED + IP_UDP) * 8e3 / link.rate_bps
    delays_ms = sorted((arrived - sent) * 1e3 - line_ms for _, sent, arrived in got)
    low, high = (delays_ms[int(len(delays_ms) * q)] for q in (0.1, 0.9))

    wire = FLOOD + IP_UDP
    seconds = 3.0  # a little faster than the line, so that the queue is never empty
    gap_s = wire * 8 / link.rate_bps / 1.05
    flood = through(source, sink, int(seconds / gap_s), FLOOD, gap_s)
    flood = flood[len(flood) // 10 :]
    kept = (1 - link.loss_ppm / 1e6) * link.rate_bps
    rate = (len(flood) - 1) * wire * 8 / (flood[-1][2] - flood[0][2])

    burst = through(source, sink, int(link.queue_bytes * 1.6 / wire), FLOOD, 0.0)
    own_s = (link.delay_us + link.jitter_us / 2) / 1e6 + wire * 8 / link.rate_bps
    waited_s = max(arrived - sent for _, sent, arrived in burst) - own_s
    figures = (
        ((link.delay_us + link.jitter_us / 2) / 1e3, median(delays_ms)),
        (0.8 * link.jitter_us / 1e3, high - low),
        (kept / 1e6, rate / 1e6),
        (link.loss_ppm / 1e4, 100 * lost(link, source, sink)),
        (link.queue_bytes / 1e3, waited_s * link.rate_bps / 8e3),
    )
    return dict(zip(COLUMNS, figures, strict=True))


def lost(link: Link, source: socket.socket, sink: socket.socket) -> float:
    """Return the share of packets lost, of so many that chance alone hardly reaches TOLERANCE."""
    count = int(LOSSES * 1e6 / link.loss_ppm) if link.loss_ppm else 20_000
    gap_s = 2 * (SMALL + IP_UDP) * 8 / link.rate_bps  # half the line: nothing waits
    return 1 - len(through(source, sink, count, SMALL, gap_s)) / count


async def check(folder: Path) -> dict[str, dict]:
    """Return case and direction → what `measure` returns."""
    rows = {}
    with Slot(0, folder) as slot:
        for case, link in enumerate(CASES, 1):
            address = slot.client_address()
            client = socket_inside(slot.names["client"], (address, 0))
            server = socket_inside(slot.names["server"], (slot.server, 443))
            with client, server:
                async with slot.links({address: Network(link, link)}, seed=case):
                    through(client, server, 2, PACED, 0.1)  # ARP
                    for name, *ends in (("up", client, server), ("down", server, client)):
                        print(f"case {case} of {len(CASES)}, {name}", file=sys.stderr)
                        rows[f"{case} {name}"] = measure(link, *ends)
    return rows


def main() -> int:
    argparse.ArgumentParser(prog="benchmarks.lab.check", description=__doc__).parse_args()
    try:
        require()
        os.nice(-19)  # what this program waits for a processor would count as the link's jitter
        with work_folder() as folder:
            rows = asyncio.run(check(folder))
    except LabError as error:
        print(f"benchmarks.lab.check: {error}", file=sys.stderr)
        return 2
    print("| case |", " | ".join(COLUMNS), "|\n" + "| --- " * (len(COLUMNS) + 1) + "|")
    worst = 0.0
    for case, row in rows.items():
        cells = [f"{told:.4g} → {measured:.3g}" for told, measured in row.values()]
        print(f"| {case} |", " | ".join(cells), "|")
        for what, (told, measured) in row.items():
            if told:
                worst = max(worst, abs(measured / told - 1))
            elif what.startswith("loss"):
                worst = max(worst, measured)  # in percent: TOLERANCE allows 0.1 %
    print(f"\nworst: {worst:.1%} off; at most {TOLERANCE:.0%} wanted")
    return 0 if worst <= TOLERANCE else 1


if __name__ == "__main__":
    sys.exit(main())
