"""What the lab's data holds: python -m benchmarks.lab.coverage DIR, by dpkt and labels.csv."""

from __future__ import annotations

import argparse
import csv
import socket
import sys
from bisect import bisect_right
from collections import Counter, defaultdict
from dataclasses import dataclass
from pathlib import Path

BANDWIDTH = (10e3, 50e3, 100e3, 1e6)  # bytes/s, dividers "paper"
DURATION = (10, 30, 60)  # s
SERVER_PORT = 443
COLUMNS = (
    *("class", "flows", "<10k", "<50k", "<100k", "<1M", "1M+ B/s"),
    *("<10", "<30", "<60", "60+ s", "packets", "MB"),
)


@dataclass
class Total:
    """A flow's packets, IP bytes, and first and last packet's time in seconds."""

    packets: int = 0
    length: int = 0
    first_s: float = 0.0
    last_s: float = 0.0


def read_flows(path: Path) -> dict[tuple, Total]:
    """Return the capture's UDP flows: (client, port, server, port) → Total; port 443 serves."""
    import dpkt

    flows: dict[tuple, Total] = defaultdict(Total)
    with path.open("rb") as file:
        for time_s, data in dpkt.pcap.Reader(file):
            ip = dpkt.ethernet.Ethernet(data).data
            client = (socket.inet_ntoa(ip.src), ip.data.sport)
            server = (socket.inet_ntoa(ip.dst), ip.data.dport)
            if client[1] == SERVER_PORT:
                client, server = server, client
            flow = flows[client + server]
            flow.first_s = flow.first_s if flow.packets else time_s
            flow.last_s = time_s
            flow.packets += 1
            flow.length += ip.len
    return flows


def count(folder: Path) -> tuple[dict[str, dict[str, Counter]], int]:
    """Count the folder's flows.

    Returns
    -------
    counts : dict
        Traffic class → {"bandwidth": Counter of class numbers, "duration": the same, "sums":
        Counter of flows, packets and bytes}.
    wrong : int
        Labels without packets, and flows without a label.
    """
    by_capture: dict[str, dict] = defaultdict(dict)
    with (folder / "labels.csv").open() as file:
        for row in csv.DictReader(file):
            key = (row["src"], int(row["src_port"]), row["dst"], int(row["dst_port"]))
            by_capture[row["capture"]][key] = row["traffic_class"]
    counts: dict[str, dict[str, Counter]] = defaultdict(lambda: defaultdict(Counter))
    wrong = 0
    for capture, labels in by_capture.items():
        flows = read_flows(folder / "captures" / capture)
        wrong += len(labels.keys() ^ flows.keys())
        for key in labels.keys() & flows.keys():
            flow, cells = flows[key], counts[labels[key]]
            duration_s = flow.last_s - flow.first_s
            rate = flow.length / duration_s if duration_s else 0.0
            cells["bandwidth"][bisect_right(BANDWIDTH, rate)] += 1
            cells["duration"][bisect_right(DURATION, duration_s)] += 1
            cells["sums"].update(flows=1, packets=flow.packets, bytes=flow.length)
    return counts, wrong


def show(counts: dict[str, dict[str, Counter]]) -> None:
    """Print the counts, a row a traffic class, and their sum."""
    from rich.console import Console
    from rich.table import Table

    table = Table()
    for title in COLUMNS:
        table.add_column(title, justify="right")
    everything: dict[str, Counter] = defaultdict(Counter)
    for cells in counts.values():
        for head, counter in cells.items():
            everything[head].update(counter)
    for name, cells in [*sorted(counts.items()), ("all", everything)]:
        classes = [cells["bandwidth"][i] for i in range(5)] + [
            cells["duration"][i] for i in range(4)
        ]
        sums = cells["sums"]
        figures = (sums["flows"], *classes, sums["packets"])
        table.add_row(name, *map(str, figures), f"{sums['bytes'] / 1e6:.1f}")
    Console().print(table)


def main() -> int:
    parser = argparse.ArgumentParser(prog="benchmarks.lab.coverage", description=__doc__)
    parser.add_argument("folder", type=Path)
    try:
        counts, wrong = count(parser.parse_args().folder)
    except OSError as error:
        print(f"benchmarks.lab.coverage: {error.filename}: {error.strerror}", file=sys.stderr)
        return 2
    show(counts)
    print(f"labels without packets, and flows without a label: {wrong}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
