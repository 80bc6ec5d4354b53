"""What tshark sees in each capture, kept as tshark_counts.json, for it takes minutes to ask.

    python -m tests.oracle.tshark_counts ../shared/data/captures

A line of the table is a file's count of packets with an IP header; of TCP and of UDP packets, by
the innermost IP header of each, with later fragments of them; and a digest of the conversations
(both directions of one 5-tuple) that these are, with the packets of each."""

import hashlib
import ipaddress
import json
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import NamedTuple

TABLE = Path(__file__).with_suffix(".json")
# Of a fragment: identification, offset, and whether more follow.
FRAGMENT = {
    "ip": ["ip.id", "ip.frag_offset", "ip.flags.mf"],
    "ipv6": ["ipv6.fraghdr.ident", "ipv6.fraghdr.offset", "ipv6.fraghdr.more"],
}
FIELDS = [
    "frame.protocols", "ip.src", "ip.dst", *FRAGMENT["ip"], "ipv6.src", "ipv6.dst",
    *FRAGMENT["ipv6"], "tcp.srcport", "tcp.dstport", "udp.srcport", "udp.dstport",
]  # fmt: skip
# Each packet for itself: no datagram and no stream put together.
COMMAND = [
    "tshark", "-n", "-T", "fields", "-o", "ip.defragment:FALSE", "-o", "ipv6.defragment:FALSE",
    "-o", "tcp.desegment_tcp_streams:FALSE",
]  # fmt: skip
IPV6_EXTENSIONS = {
    "ipv6.hopopts", "ipv6.dstopts", "ipv6.routing", "ipv6.fraghdr", "ah", "mipv6", "hip", "shim6",
}  # fmt: skip
# These quote packets that went elsewhere: what is in them is no tunnel.
QUOTING = {"icmp", "icmpv6", "sflow", "openflow", "openflow_v1", "openflow_v4"}
Conversations = Counter[tuple]


class Seen(NamedTuple):
    ip_packets: int
    tcp: int
    udp: int
    digest: str


class Innermost(NamedTuple):
    """The innermost IP header of a packet, in tshark's words."""

    addresses: list[str]
    transport: str  # "tcp", "udp", or anything else
    ports: list[str]
    datagram: tuple  # of which it is a fragment; (): it is whole
    later: bool


def version() -> str:
    done = subprocess.run(["tshark", "--version"], capture_output=True, text=True, check=True)
    return done.stdout.splitlines()[0]


def innermost(layers: list[str], fields: dict[str, list[str]]) -> Innermost | None:
    """None: there is no IP header. fields: of all headers of a kind, in their order."""
    quoted = next((i for i, name in enumerate(layers) if name in QUOTING), len(layers))
    at = next((i for i in reversed(range(quoted)) if layers[i] in ("ip", "ipv6")), None)
    if at is None:
        return None
    behind = at + 1
    while behind < len(layers) and layers[behind] in IPV6_EXTENSIONS:
        behind += 1
    transport = layers[behind] if behind < len(layers) else ""

    def last(layer: str, until: int, *names: str) -> list[str]:
        """The fields of the last layer of its kind before `until`, as many as it has."""
        number = layers[:until].count(layer) - 1
        return [fields[name][number] for name in names if 0 <= number < len(fields.get(name, []))]

    addresses = last(layers[at], behind, f"{layers[at]}.src", f"{layers[at]}.dst")
    ports = last(transport, behind + 1, f"{transport}.srcport", f"{transport}.dstport")
    names = FRAGMENT[layers[at]]
    part = last(names[0].rpartition(".")[0], behind, *names)
    if layers[at] == "ipv6" and "ipv6.fraghdr" not in layers[at:behind]:
        part = []
    later = len(part) == 3 and int(part[1], 0) > 0
    more = len(part) == 3 and part[2] in ("1", "True")
    datagram = (*addresses, part[0]) if later or more else ()
    return Innermost(addresses, transport, ports, datagram, later)


def look(path: Path) -> tuple[int, Conversations]:
    """The packets with an IP header, and the packets of each conversation."""
    fields = [word for name in FIELDS for word in ("-e", name)]
    done = subprocess.run(
        [*COMMAND, *fields, "-r", str(path)], capture_output=True, check=False, timeout=120
    )
    ip_packets, conversations, first_fragments = 0, Conversations(), {}
    for line in done.stdout.decode("ascii", "replace").splitlines():
        values = dict(zip(FIELDS, line.split("\t"), strict=True))
        layers = values.pop("frame.protocols").split(":")
        found = innermost(layers, {name: text.split(",") for name, text in values.items() if text})
        ip_packets += found is not None
        if found is None or len(found.addresses) < 2:
            continue
        name = None
        if found.later:
            name = first_fragments.get(found.datagram)
        elif len(found.ports) == 2:
            name = conversation(found.transport, found.addresses, found.ports)
            if found.datagram:
                first_fragments[found.datagram] = name
        if name is not None:
            conversations[name] += 1
    return ip_packets, conversations


def conversation(transport: str, addresses: list[str], ports: list) -> tuple:
    """One name for both directions."""
    packed = [ipaddress.ip_address(address).packed for address in addresses]
    return transport, *sorted(zip(packed, map(int, ports), strict=True))


def summary(ip_packets: int, conversations: Conversations) -> Seen:
    lines = sorted(f"{name} {packets}" for name, packets in conversations.items())
    digest = hashlib.sha256("\n".join(lines).encode()).hexdigest()[:12]
    of = {
        transport: sum(n for name, n in conversations.items() if name[0] == transport)
        for transport in ("tcp", "udp")
    }
    return Seen(ip_packets, of["tcp"], of["udp"], digest)


def main(folder: Path) -> None:
    files = sorted(path for path in folder.rglob("*") if path.suffix != ".md" and path.is_file())
    seen = {path.relative_to(folder).as_posix(): summary(*look(path)) for path in files}
    rows = ",\n".join(f"{json.dumps(name)}: {json.dumps(row)}" for name, row in seen.items())
    about = f'"version": {json.dumps(version())},\n"columns": {json.dumps(Seen._fields)}'
    TABLE.write_text(f'{{{about},\n"files": {{\n{rows}\n}}}}\n', encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
