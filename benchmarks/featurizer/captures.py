"""The benchmark's captures: traffic drawn from a seed, written as µs pcap, and its true counts.

Checksums are 0 and payloads are noise; lengths, addresses, ports and TCP flags are as a network's.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.featurizer.settle import read_from_disk

VERSION = 1  # of what a seed gives; another makes all captures anew
KEPT = 60  # packets of a flow whose series the benchmark has everybody keep
FIRST = 100_000  # packets of the extract that slow peers read
START_US = 1_700_000_000_000_000
CHUNK = 1 << 17  # packets written at a time
FRAME_MIN = 60  # bytes of an Ethernet frame without its checksum (IEEE 802.3, 3.2.8)

SYN, FIN, PSH, ACK = 0x02, 0x01, 0x08, 0x10
TCP, UDP = 6, 17

Array = Any  # numpy's own types tell no more here


@dataclass(frozen=True)
class Capture:
    """A capture file, and what is true of it."""

    name: str
    path: Path
    packets: int
    flows: int
    bytes: int  # of the IP packets
    kept: int  # packets among the first KEPT of their flow


@dataclass
class Flows:
    """One value a flow."""

    protocol: Array
    version: Array  # 4 or 6
    client: Array  # number of the client's address, and of the server's, in their networks
    server: Array
    client_port: Array
    server_port: Array

    def __len__(self) -> int:
        return len(self.protocol)


@dataclass
class Packets:
    """One value a packet, in the order of time."""

    time_us: Array
    flow: Array
    forward: Array
    flags: Array
    length: Array  # of the IP packet

    def __len__(self) -> int:
        return len(self.flow)

    def select(self, index: Any) -> Packets:
        return Packets(*(getattr(self, name)[index] for name in self.__dataclass_fields__))


Traffic = Callable[[np.random.Generator], tuple[Flows, Packets]]


def big(rng: np.random.Generator) -> tuple[Flows, Packets]:
    """1 M packets, 19 k flows, long and short, of mixed sizes: 620 bytes a frame."""
    flows = draw_flows(rng, 19_000, tcp=0.7, ipv6=0.1)
    counts = heavy_tailed(rng, len(flows), 1_000_000, 1.5)
    return flows, draw_packets(rng, flows, counts, mixed_sizes)


def many(rng: np.random.Generator) -> tuple[Flows, Packets]:
    """3 M packets of 60 bytes, 1 M flows of one to five packets, all open at once."""
    return few_packets_each(rng, draw_flows(rng, 1_000_000, tcp=0.5))


def many_ipv6(rng: np.random.Generator) -> tuple[Flows, Packets]:
    """1.5 M packets of 62 bytes and more, 500 k IPv6 flows of one to five, all open at once."""
    return few_packets_each(rng, draw_flows(rng, 500_000, tcp=0.5, ipv6=1.0))


def small(rng: np.random.Generator) -> tuple[Flows, Packets]:
    """2 M packets of 60 bytes, 200 k flows."""
    flows = draw_flows(rng, 200_000, tcp=0.7)
    counts = heavy_tailed(rng, len(flows), 2_000_000, 1.0)
    return flows, draw_packets(rng, flows, counts, smallest)


def few_packets_each(rng: np.random.Generator, flows: Flows) -> tuple[Flows, Packets]:
    counts = rng.permutation(np.resize(np.arange(1, 6), len(flows)))
    return flows, draw_packets(rng, flows, counts, smallest)


CAPTURES: dict[str, Traffic] = {"BIG": big, "MANY": many, "SMALL": small}


def make(name: str, traffic: Traffic, folder: Path, seed: int = 1) -> list[Capture]:
    """Return the capture, its first FIRST packets and its first packet: made, or found in `folder`.

    The list of them, with their counts, is written last: a file without it was not finished.
    """
    captures = found_or_drawn(name, traffic, folder, seed)
    for each in captures:
        read_from_disk(each.path)
    return captures


def found_or_drawn(name: str, traffic: Traffic, folder: Path, seed: int) -> list[Capture]:
    folder.mkdir(parents=True, exist_ok=True)
    listing = folder / f"{name}.json"
    made_from = {"version": VERSION, "seed": seed, "about": traffic.__doc__}
    try:
        found = json.loads(listing.read_text(encoding="utf-8"))
        captures = [Capture(**{**each, "path": folder / each["path"]}) for each in found["files"]]
        if found["made_from"] == made_from and all(each.path.exists() for each in captures):
            return captures
    except (OSError, ValueError, KeyError, TypeError):
        pass  # not there, or by another version: made anew
    listing.unlink(missing_ok=True)
    flows, packets = traffic(np.random.default_rng(seed))
    captures = []
    for suffix, count in (("", len(packets)), ("-first", FIRST), ("-one", 1)):
        part = packets.select(slice(0, count))
        path = folder / f"{name}{suffix}.pcap"
        with path.open("wb") as file:
            for piece in pcap(flows, part):
                file.write(piece)
        captures.append(counted(name + suffix, path, part))
    files = [{**asdict(each), "path": each.path.name} for each in captures]
    listing.write_text(json.dumps({"made_from": made_from, "files": files}), encoding="utf-8")
    return captures


def counted(name: str, path: Path, packets: Packets) -> Capture:
    counts = np.bincount(packets.flow)
    return Capture(
        name,
        path,
        packets=len(packets),
        flows=int((counts > 0).sum()),
        bytes=int(packets.length.sum()),
        kept=int(np.minimum(counts, KEPT).sum()),
    )


# ---- drawing ------------------------------------------------------------------------------------


def draw_flows(rng: np.random.Generator, n: int, tcp: float, ipv6: float = 0.0) -> Flows:
    """n flows of different 5-tuples: each client has its ports in turn, servers are shared."""
    number = rng.permutation(n)
    clients = max(100, n // 40)
    return Flows(
        protocol=np.where(rng.random(n) < tcp, TCP, UDP).astype(np.uint8),
        version=np.where(rng.random(n) < ipv6, 6, 4).astype(np.uint8),
        client=(number % clients).astype(np.uint32),
        server=rng.integers(0, 5000, n, dtype=np.uint32),
        client_port=(20_000 + number // clients).astype(np.uint16),
        server_port=rng.choice(np.array([443, 443, 443, 80, 8443, 53], np.uint16), n),
    )


def heavy_tailed(rng: np.random.Generator, flows: int, packets: int, sigma: float) -> Array:
    """Packets of each flow: at least one, log-normal, `packets` in all."""
    weights = rng.lognormal(0, sigma, flows)
    counts = 1 + np.floor(weights * (packets - flows) / weights.sum()).astype(np.int64)
    counts[np.argsort(weights)[-(packets - counts.sum()) :]] += 1
    return counts


def draw_packets(rng: np.random.Generator, flows: Flows, counts: Array, sizes: Any) -> Packets:
    """The packets of all flows over one minute: TCP's begin with a handshake, long ones end."""
    seconds = 60.0
    start = rng.random(len(flows)) * seconds * 0.9
    lasts = rng.random(len(flows)) * (seconds - start)
    flow = np.repeat(np.arange(len(flows), dtype=np.int32), counts)
    time_us = ((start[flow] + lasts[flow] * rng.random(len(flow))) * 1e6).astype(np.int64)
    order = np.argsort(time_us, kind="stable")
    time_us, flow = time_us[order], flow[order]
    place = places(flow)
    tcp = flows.protocol[flow] == TCP
    forward = rng.random(len(flow)) < 0.5
    forward[place == 0] = True
    forward[tcp & (place == 1)] = False
    forward[tcp & (place == 2)] = True
    flags = np.where(rng.random(len(flow)) < 0.3, PSH | ACK, ACK)
    flags[place == 0] = SYN
    flags[place == 1] = SYN | ACK
    left = counts[flow] - place  # packets of the flow from this one on
    closing = tcp & (counts[flow] >= 8)
    forward[closing & (left == 2)] = True
    forward[closing & (left == 1)] = False
    flags[closing & (left <= 2)] = FIN | ACK
    headers = headers_length(flows)[flow]
    length = headers + np.where(tcp & ((flags & SYN) != 0), 0, sizes(rng, forward, headers))
    return Packets(time_us + START_US, flow, forward, np.where(tcp, flags, 0), length)


def places(flow: Array) -> Array:
    """How many packets of its flow came before each."""
    by_flow = np.argsort(flow, kind="stable")
    first = np.cumsum(np.bincount(flow)) - np.bincount(flow)
    place = np.empty(len(flow), np.int64)
    place[by_flow] = np.arange(len(flow)) - first[flow[by_flow]]
    return place


def headers_length(flows: Flows) -> Array:
    return np.where(flows.version == 6, 40, 20) + np.where(flows.protocol == TCP, 20, 8)


def mixed_sizes(rng: np.random.Generator, forward: Array, headers: Array) -> Array:
    """Payloads: none or little, something between, or all that an Ethernet frame takes."""
    n = len(forward)
    kind = rng.random(n)
    full = 1500 - headers
    few = rng.integers(0, 100, n)
    some = rng.integers(100, 1200, n)
    share = np.where(forward, 0.06, 0.51)  # of full packets: servers send most of the bytes
    return np.where(kind < share, full, np.where(kind < share + 0.23, some, few))


def smallest(rng: np.random.Generator, forward: Array, headers: Array) -> Array:
    """Payloads of at most the 6 bytes that TCP over IPv4 has in the shortest frame."""
    return rng.integers(0, 7, len(forward))


# ---- writing ------------------------------------------------------------------------------------

RECORD = [("s", "<u4"), ("us", "<u4"), ("captured", "<u4"), ("wire", "<u4")]
ETHERNET = [("to", "S6"), ("from", "S6"), ("type", ">u2")]
IPV4 = [
    ("version_ihl", "u1"),
    ("tos", "u1"),
    ("total_length", ">u2"),
    ("id_fragment", ">u4"),
    ("ttl", "u1"),
    ("protocol", "u1"),
    ("checksum", ">u2"),
    ("src", ">u4"),
    ("dst", ">u4"),
]
IPV6 = [
    ("version_class", ">u4"),
    ("payload_length", ">u2"),
    ("next_header", "u1"),
    ("hop_limit", "u1"),
    ("src_network", ">u8"),
    ("src", ">u8"),
    ("dst_network", ">u8"),
    ("dst", ">u8"),
]
PORTS = [("src_port", ">u2"), ("dst_port", ">u2")]
TCP_REST = [
    ("seq", ">u4"),
    ("ack", ">u4"),
    ("offset", "u1"),
    ("flags", "u1"),
    ("window", ">u2"),
    ("checksum_urgent", ">u4"),
]
UDP_REST = [("udp_length", ">u2"), ("checksum_udp", ">u2")]

CLIENTS4, SERVERS4 = 0x0A000000, 0xC6120000  # 10.0.0.0/8; 198.18.0.0/15, RFC 2544's for benchmarks
CLIENTS6, SERVERS6 = 0x20010DB800000001, 0x20010DB800000002  # 2001:db8::/32, RFC 3849


def pcap(flows: Flows, packets: Packets) -> Iterator[bytes]:
    """A µs pcap file, piece by piece."""
    yield np.array(
        [(0xA1B2C3D4, 2, 4, 0, 0, 65535, 1)], "<u4, <u2, <u2, <i4, <u4, <u4, <u4"
    ).tobytes()
    noise = np.random.default_rng(0).integers(0, 256, 1 << 20, np.uint8)
    for begin in range(0, len(packets), CHUNK):
        part = packets.select(slice(begin, begin + CHUNK))
        frame = np.maximum(14 + part.length, FRAME_MIN)
        end = np.cumsum(16 + frame)
        offset = end - (16 + frame)
        piece = np.resize(noise, end[-1])
        for version in (4, 6):
            for protocol in (TCP, UDP):
                is_kind = (flows.version == version) & (flows.protocol == protocol)
                chosen = np.flatnonzero(is_kind[part.flow])
                if len(chosen):
                    header = headers(flows, part.select(chosen), frame[chosen], version, protocol)
                    width = header.dtype.itemsize
                    at = offset[chosen, None] + np.arange(width)
                    piece[at] = header.view(np.uint8).reshape(-1, width)
        yield piece.tobytes()


def headers(flows: Flows, packets: Packets, frame: Array, version: int, protocol: int) -> Array:
    """All headers of packets of one kind, from pcap's to TCP's or UDP's, as rows of bytes."""
    network, transport = IPV4 if version == 4 else IPV6, TCP_REST if protocol == TCP else UDP_REST
    rows = np.zeros(len(packets), [*RECORD, *ETHERNET, *network, *PORTS, *transport])
    rows["s"], rows["us"] = np.divmod(packets.time_us, 1_000_000)
    rows["captured"] = rows["wire"] = frame
    rows["to"], rows["from"] = b"\x02\0\0\0\0\x01", b"\x02\0\0\0\0\x02"
    clients, servers = (CLIENTS4, SERVERS4) if version == 4 else (0, 0)
    client, server = clients + flows.client[packets.flow], servers + flows.server[packets.flow]
    rows["src"] = np.where(packets.forward, client, server)
    rows["dst"] = np.where(packets.forward, server, client)
    client, server = flows.client_port[packets.flow], flows.server_port[packets.flow]
    rows["src_port"] = np.where(packets.forward, client, server)
    rows["dst_port"] = np.where(packets.forward, server, client)
    if version == 4:
        rows["type"], rows["version_ihl"], rows["ttl"], rows["protocol"] = (
            0x0800,
            0x45,
            64,
            protocol,
        )
        rows["total_length"] = packets.length
    else:
        rows["type"], rows["version_class"], rows["hop_limit"] = 0x86DD, 0x60000000, 64
        rows["next_header"], rows["payload_length"] = protocol, packets.length - 40
        rows["src_network"] = np.where(packets.forward, CLIENTS6, SERVERS6)
        rows["dst_network"] = np.where(packets.forward, SERVERS6, CLIENTS6)
    if protocol == TCP:
        rows["offset"], rows["flags"], rows["window"] = 0x50, packets.flags, 65535
    else:
        rows["udp_length"] = packets.length - (20 if version == 4 else 40)
    return rows
