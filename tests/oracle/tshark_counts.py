"""What tshark sees in each capture, kept as tshark_counts.json, for it takes minutes to ask.

    python -m tests.oracle.tshark_counts ../shared/data/captures

A line of the table is a file's count of packets with an IP header, whichever it carries outermost,
and the conversations (both directions of one 5-tuple) of TCP and UDP right behind that header: how
many, their packets, and a digest of all of them, with the packets of each."""

import hashlib
import ipaddress
import json
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import NamedTuple

TABLE = Path(__file__).with_suffix(".json")
FIELDS = [
    "frame.protocols", "ip.src", "ip.dst", "ipv6.src", "ipv6.dst",
    "tcp.srcport", "tcp.dstport", "udp.srcport", "udp.dstport",
]  # fmt: skip
# Each packet for itself: no datagram put together, no address or port that an inner header repeats.
COMMAND = [
    "tshark", "-n", "-T", "fields", "-E", "occurrence=f", "-o", "ip.defragment:FALSE",
    "-o", "ipv6.defragment:FALSE", "-o", "tcp.desegment_tcp_streams:FALSE",
]  # fmt: skip
IPV6_EXTENSIONS = {"ipv6.hopopts", "ipv6.dstopts", "ipv6.routing", "ipv6.fraghdr", "ah"}
Conversations = Counter[tuple]


class Seen(NamedTuple):
    ip_packets: int
    conversations: int
    packets: int
    digest: str


def version() -> str:
    done = subprocess.run(["tshark", "--version"], capture_output=True, text=True, check=True)
    return done.stdout.splitlines()[0]


def look(path: Path) -> tuple[int, Conversations]:
    """The packets with an IP header, and the packets of each conversation."""
    fields = [word for name in FIELDS for word in ("-e", name)]
    done = subprocess.run(
        [*COMMAND, *fields, "-r", str(path)], capture_output=True, check=False, timeout=120
    )
    ip_packets, conversations = 0, Conversations()
    for line in done.stdout.decode("ascii", "replace").splitlines():
        protocols, *values = line.split("\t")
        layers = [name for name in protocols.split(":") if name not in IPV6_EXTENSIONS]
        first = next((i for i, name in enumerate(layers) if name in ("ip", "ipv6")), None)
        if first is None:
            continue
        ip_packets += 1
        if (transport := layers[first + 1 : first + 2]) in (["tcp"], ["udp"]):
            addresses = values[:2] if layers[first] == "ip" else values[2:4]
            ports = values[4:6] if transport == ["tcp"] else values[6:8]
            if all(ports):
                conversations[conversation(transport[0], addresses, ports)] += 1
    return ip_packets, conversations


def conversation(transport: str, addresses: list[str], ports: list) -> tuple:
    """One name for both directions."""
    packed = [ipaddress.ip_address(address).packed for address in addresses]
    return transport, *sorted(zip(packed, map(int, ports), strict=True))


def summary(ip_packets: int, conversations: Conversations) -> Seen:
    lines = sorted(f"{name} {packets}" for name, packets in conversations.items())
    digest = hashlib.sha256("\n".join(lines).encode()).hexdigest()[:12]
    return Seen(ip_packets, len(conversations), sum(conversations.values()), digest)


def main(folder: Path) -> None:
    files = sorted(path for path in folder.rglob("*") if path.suffix != ".md" and path.is_file())
    seen = {path.relative_to(folder).as_posix(): summary(*look(path)) for path in files}
    rows = ",\n".join(f"{json.dumps(name)}: {json.dumps(row)}" for name, row in seen.items())
    about = f'"version": {json.dumps(version())},\n"columns": {json.dumps(Seen._fields)}'
    TABLE.write_text(f'{{{about},\n"files": {{\n{rows}\n}}}}\n', encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
