"""The seeds of the fuzz targets, made anew: ``python -m csrc.fuzz.seeds`` at the root.

One small input for each thing that a target should know of: a header, a format of captures, a
rule of the flow table. What fuzzing found stays beside them as ``found-…``, as it was found.
"""

import struct
from pathlib import Path

from scapy.contrib.geneve import GENEVE
from scapy.contrib.gtp import GTP_U_Header
from scapy.contrib.mpls import MPLS
from scapy.layers.dot11 import Dot11, Dot11QoS, RadioTap
from scapy.layers.inet import ICMP, IP, TCP, UDP
from scapy.layers.inet6 import (
    ICMPv6EchoRequest,
    IPv6,
    IPv6ExtHdrDestOpt,
    IPv6ExtHdrFragment,
    IPv6ExtHdrHopByHop,
    IPv6ExtHdrRouting,
)
from scapy.layers.ipsec import AH
from scapy.layers.l2 import GRE, LLC, SNAP, CookedLinux, CookedLinuxV2, Dot1AD, Dot1Q, Ether
from scapy.layers.l2tp import L2TP
from scapy.layers.ppp import PPP, PPPoE
from scapy.layers.sctp import SCTP
from scapy.layers.vxlan import VXLAN
from scapy.packet import Packet, Raw

CORPUS = Path(__file__).parent / "corpus"
ALL = 31 << 1  # every protocol; EMTL_TUNNELS_INNER

ether = Ether(src="02:00:00:00:00:01", dst="02:00:00:00:00:02")
ip = IP(src="10.0.0.1", dst="10.0.0.2")
ip6 = IPv6(src="fd00::1", dst="fd00::2")
tcp = TCP(sport=1000, dport=443, flags="PA") / b"hello"
udp = UDP(sport=1000, dport=443) / b"hello"
inner = IP(src="192.168.0.1", dst="192.168.0.2") / udp

PACKETS: dict[str, tuple[int, list[Packet | bytes]]] = {
    "tcp": (1, [ether / ip / tcp]),
    "udp6": (1, [ether / ip6 / udp]),
    "icmp": (1, [ether / ip / ICMP(), ether / ip6 / ICMPv6EchoRequest()]),
    "sctp": (1, [ether / ip / SCTP(sport=1, dport=2)]),
    "udp-lite": (
        1,
        [ether / IP(dst="10.0.0.2", src="10.0.0.1", proto=136) / struct.pack(">HHHH", 1, 2, 8, 0)],
    ),
    "options": (1, [ether / IP(src="10.0.0.1", dst="10.0.0.2", options=b"\x01" * 8) / tcp]),
    "no-length": (1, [ether / IP(src="10.0.0.1", dst="10.0.0.2", len=0) / tcp]),
    "fragments": (
        1,
        [
            ether / IP(src="10.0.0.1", dst="10.0.0.2", id=7, flags="MF") / udp,
            ether / IP(src="10.0.0.1", dst="10.0.0.2", id=7, frag=2, proto=17) / b"rest",
        ],
    ),
    "fragments6": (
        1,
        [
            ether / ip6 / IPv6ExtHdrFragment(id=7, m=1) / udp,
            ether / ip6 / IPv6ExtHdrFragment(id=7, offset=2, nh=17) / b"rest",
        ],
    ),
    "extensions": (
        101,
        [ip6 / IPv6ExtHdrHopByHop() / IPv6ExtHdrRouting() / IPv6ExtHdrDestOpt() / tcp],
    ),
    "ah": (101, [ip / AH(nh=6, payloadlen=4, icv=bytes(12)) / tcp]),
    "vlan": (1, [ether / Dot1AD(vlan=5) / Dot1Q(vlan=6) / Dot1Q(vlan=7) / ip / tcp]),
    "mpls": (1, [ether / MPLS(label=16, s=0) / MPLS(label=17, s=1) / ip / tcp]),
    "mpls-control-word": (1, [ether / MPLS(label=16, s=1) / Raw(bytes(4)) / ether / ip / tcp]),
    "pppoe": (1, [ether / PPPoE(sessionid=1) / PPP(proto=0x21) / ip / tcp]),
    "snap": (1, [ether / LLC(dsap=0xAA, ssap=0xAA, ctrl=3) / SNAP(code=0x800) / ip / tcp]),
    "gre": (101, [ip / GRE(proto=0x800) / inner]),
    "gre-key-ethernet": (101, [ip / GRE(proto=0x6558, key_present=1) / ether / inner]),
    "ip-in-ip": (101, [ip / inner]),
    "6in4": (101, [ip / ip6 / udp]),
    "teredo": (101, [ip / UDP(sport=40000, dport=3544) / ip6 / udp]),
    "vxlan": (101, [ip / UDP(sport=4, dport=4789) / VXLAN(vni=5) / ether / inner]),
    "geneve": (101, [ip / UDP(sport=4, dport=6081) / GENEVE(vni=5, proto=0x6558) / ether / inner]),
    "gtp-u": (101, [ip / UDP(sport=2152, dport=2152) / GTP_U_Header(teid=5) / inner]),
    "l2tp": (
        101,
        [ip / UDP(sport=1701, dport=1701) / L2TP(hdr=0, tunnel_id=1) / PPP(proto=0x21) / inner],
    ),
    "null": (0, [struct.pack("<I", 2) + bytes(ip / tcp)]),
    "loop": (108, [struct.pack(">I", 30) + bytes(ip6 / tcp)]),
    "ppp": (9, [b"\xff\x03\x00\x21" + bytes(ip / tcp)]),
    "pppoe-link": (51, [PPPoE(sessionid=1) / PPP(proto=0x57) / ip6 / tcp]),
    "hdlc": (104, [struct.pack(">HH", 0x0F00, 0x800) + bytes(ip / tcp)]),
    "cooked": (113, [CookedLinux(proto=0x800) / ip / tcp]),
    "cooked2": (276, [CookedLinuxV2(proto=0x86DD) / ip6 / tcp]),
    "wi-fi": (105, [Dot11(type=2, FCfield=1) / LLC() / SNAP(code=0x800) / ip / tcp]),
    "radiotap": (
        127,
        [RadioTap() / Dot11(type=2, subtype=8, FCfield=2) / Dot11QoS() / LLC() / SNAP() / ip / tcp],
    ),
    "pktap": (258, [struct.pack("<III", 108, 1, 1) + bytes(96) + bytes(ether / ip / tcp)]),
    "nflog": (239, [b"\2\0\0\0" + struct.pack("<HH", 4 + len(ip / tcp), 9) + bytes(ip / tcp)]),
}


def packet_seed(link_type: int, packets: list[Packet | bytes], options: int = ALL) -> bytes:
    """An input of fuzz_packet."""
    seed = struct.pack(">HB", link_type, options)
    for packet in packets:
        seed += struct.pack(">HB", len(bytes(packet)), 0) + bytes(packet)
    return seed


def frames() -> list[tuple[int, bytes]]:
    """A conversation that opens, answers and closes, and a datagram; with times in µs."""
    there = IP(src="10.0.0.1", dst="10.0.0.2"), {"sport": 1000, "dport": 443}
    back = IP(src="10.0.0.2", dst="10.0.0.1"), {"sport": 443, "dport": 1000}
    said = [(there, "S"), (back, "SA"), (there, "A"), (there, "PA"), (back, "FA"), (there, "FA")]
    found = [
        (1_000_000_000 + 1500 * i, bytes(ether / head / TCP(**ports, flags=flags)))
        for i, ((head, ports), flags) in enumerate(said)
    ]
    return [*found, (1_008_000_000, bytes(ether / ip6 / udp))]


def pcap(order: str, magic: int = 0xA1B2C3D4) -> bytes:
    """The frames as pcap; the magic number tells µs, ns or tcpdump's of 1998."""
    unit = 1000 if magic == 0xA1B23C4D else 1
    more = bytes(8) if magic == 0xA1B2CD34 else b""
    out = struct.pack(order + "IHHIIII", magic, 2, 4, 0, 0, 65535, 1)
    for ts_us, frame in frames():
        seconds, rest = divmod(ts_us, 10**6)
        out += struct.pack(order + "IIII", seconds, rest * unit, len(frame), len(frame))
        out += more + frame
    return out


def block(order: str, kind: int, body: bytes) -> bytes:
    """A block of pcapng."""
    body += bytes(-len(body) % 4)
    length = struct.pack(order + "I", len(body) + 12)
    return struct.pack(order + "I", kind) + length + body + length


def pcapng(order: str) -> bytes:
    """The frames as pcapng, in the three kinds of packet blocks, behind one that is skipped."""
    options = struct.pack(order + "HHB3xHHqHH", 9, 1, 9, 14, 8, 1, 0, 0)
    out = block(order, 0x0A0D0D0A, struct.pack(order + "IHHq", 0x1A2B3C4D, 1, 0, -1))
    out += block(order, 1, struct.pack(order + "HHI", 1, 0, 0) + options)
    out += block(order, 0x0BAD, b"skip me")
    for i, (ts_us, frame) in enumerate(frames()):
        ns, size = ts_us * 1000, len(frame)
        high, low = ns >> 32, ns & 0xFFFFFFFF
        body = [
            (6, struct.pack(order + "IIIII", 0, high, low, size, size)),
            (2, struct.pack(order + "HHIIII", 0, 0, high, low, size, size)),
            (3, struct.pack(order + "I", size)),
        ][i % 3]
        out += block(order, body[0], body[1] + frame)
    return out


CAPTURES = {
    "pcap": pcap("<"),
    "pcap-big-endian": pcap(">"),
    "pcap-ns": pcap("<", 0xA1B23C4D),
    "pcap-1998": pcap("<", 0xA1B2CD34),
    "pcap-cut": pcap("<")[:-3],
    "pcapng": pcapng("<"),
    "pcapng-sections": pcapng("<") + pcapng(">"),
}
# The config as take_config of fuzz_meter.c reads it, and the capture behind it.
METERS = {
    "all": (b"\x01\x1e\xff\x3f\x77\x07\x07", "pcap"),
    "outer-by-vlan": (b"\x07\x1e\xff\x3f\x77\x07\x07", "pcapng"),
    "one-flow-of-one": (b"\x01\x1e\x00\x00\x77\x07\x07", "pcap"),
    "early": (b"\x09\x1e\x03\x01\x02\x00\x09", "pcapng-sections"),
    "little-memory": (b"\x11\x1e\x40\x3f\x77\x07\x07\x00", "pcap-ns"),
    "split": (b"\x20\x02\xff\x07\x77\x07\x07\x00\x00", "pcap-big-endian"),
}

ACK, PUSH, SYN, SYN_ACK, FIN, RST = range(6)  # as take_step of fuzz_flow_table.c counts them
NOW, SOON, LINGER, LINGERED, MINUTE, BACK = 0, 2, 6, 7, 10, 13
TICK = 7 << 5
REVERSE = 1 << 4


def step(kind: int, when: int, flags: int = 0, payload: int = 0, segment: int = 0) -> bytes:
    """A packet or a tick, as take_step reads it."""
    return bytes([kind, flags << 4 | when, payload, segment])


conversation = (
    step(0, NOW, SYN)
    + step(REVERSE, SOON, SYN_ACK)
    + step(0, SOON, PUSH, payload=200, segment=100)
    + step(REVERSE, BACK, FIN)
    + step(0, SOON, FIN)
)
FLOW_TABLES = {
    "conversation": b"\x0f\x07\x06\x07\0\0" + conversation,
    "lingers": b"\x0f\x07\x06\x07\0\0" + conversation + step(REVERSE, LINGER, ACK),
    "lingered": b"\x0f\x07\x06\x07\0\0" + conversation + step(1, LINGERED) + step(0, NOW, ACK),
    "next-one": b"\x0f\x07\x06\x07\0\0" + conversation + step(0, SOON, SYN),
    "idle": b"\x0f\x07\x05\x07\0\0" + step(1, NOW) + step(3, MINUTE) + step(5, SOON),
    "active": b"\x0f\x07\x06\x04\0\0" + b"".join(step(1, 9, payload=1) for _ in range(6)),
    "evicted": b"\x01\x07\x06\x07\0\0" + b"".join(step(i % 16, SOON) for i in range(1, 40)),
    "flood": b"\x02\x07\x06\x07\0\0"
    + conversation[:8]
    + b"".join(step(i, SOON) for i in range(1, 12)),
    "early": b"\x0f\x02\x06\x07\0\1" + conversation + step(TICK, MINUTE) + step(TICK, 11),
    "glances": b"\x0f\x07\x06\x07\0\3" + conversation + step(TICK, MINUTE),
    "ticks": b"\x0f\x07\x02\x01\0\0" + conversation + step(TICK, 3) * 6 + step(1, BACK),
}


def seeds() -> dict[str, bytes]:
    """Every seed by its name: target/what."""
    outer = {
        f"fuzz_packet/outer-{name}": packet_seed(*PACKETS[name], ALL | 1)
        for name in ("gre", "6in4")
    }
    return {
        **{f"fuzz_capture/{name}": data for name, data in CAPTURES.items()},
        **{f"fuzz_packet/{name}": packet_seed(*about) for name, about in PACKETS.items()},
        **outer,
        **{f"fuzz_meter/{name}": head + CAPTURES[of] for name, (head, of) in METERS.items()},
        **{f"fuzz_flow_table/{name}": data for name, data in FLOW_TABLES.items()},
    }


if __name__ == "__main__":
    for seed_name, seed in seeds().items():
        path = CORPUS / seed_name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(seed)
