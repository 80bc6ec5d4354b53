"""A record to what a flow table asks of a packet. dpkt says where each header's fields are; which
header follows which is written out here, slow and plain."""

from dataclasses import dataclass, field
from typing import NamedTuple

from dpkt import ip, ip6

from tests.oracle.below_ip import IPV4, link, reach_ip
from tests.oracle.headers import Inside, Rest, Skip, header
from tests.oracle.readers import MICRO, Record
from tests.oracle.tunnels import PROTOCOLS as TUNNELS
from tests.oracle.tunnels import is_bare, tunnel

REASSEMBLY_S = 60  # how long later fragments find their first (RFC 8200, section 4.5)
IP_HEADERS = 8  # how many may stand around each other
TCP, UDP, UDP_LITE, SCTP, AH, FRAGMENT = 6, 17, 136, 132, 51, 44
# IANA, "IPv6 Extension Header Types", without ESP, behind which nothing can be read.
EXTENSIONS = {0, 43, FRAGMENT, AH, 60, 135, 139, 140}
# Its name in FlowConfig, why it is skipped where it is not asked for, bytes of its header.
TRANSPORTS = {
    TCP: ("tcp", "other_protocol", 20),
    UDP: ("udp", "other_protocol", 8),
    SCTP: ("sctp", "sctp", 12),
    UDP_LITE: ("udp-lite", "udp_lite", 8),
    1: ("icmp", "icmp", 8),
    58: ("icmp", "icmp", 8),
}


class Packet(NamedTuple):
    ts_us: int
    version: int
    protocol: int
    src: bytes
    dst: bytes
    ports: tuple[int, int]
    tcp_flags: int
    length: int
    payload: int
    vlan: int
    tunnels: int


@dataclass
class Header:
    """An IP header, with its extension headers taken off, and what stands behind them."""

    version: int
    src: bytes
    dst: bytes
    length: int
    protocol: int
    rest: Rest
    vlan: int
    datagram: tuple | None = None  # what the fragments of one share; None: whole
    later: bool = False  # a fragment, but not the first
    wrong: str = ""  # why the extension headers could not be taken off


@dataclass
class Decoder:
    """Decodes the records of a capture in their order: later fragments need the first."""

    tunnels: str = "inner"
    protocols: tuple[str, ...] = ("tcp", "udp")
    # Of the first fragment of each datagram: when, and its protocol and ports; None: a tunnel.
    first_fragments: dict[tuple, tuple] = field(default_factory=dict)

    def decode(self, record: Record) -> Packet:
        """The packet of a record, or Skip."""
        inside = link(record.link_type, Rest(record.data, min(record.wire, 2**31 - 1)))
        return self.follow(record.ts_us, ip_header(reach_ip(inside)), 0)

    def follow(self, ts_us: int, outer: Header, depth: int) -> Packet:
        """The packet that an IP header starts, or the one that it holds."""
        if depth == IP_HEADERS:
            raise Skip("malformed")
        inner = None
        if self.tunnels == "inner" and not outer.later and not outer.wrong:
            inner = self.enter(ts_us, outer)
        if inner is not None:
            return self.follow(ts_us, inner, depth + 1)
        if outer.wrong:
            raise Skip(outer.wrong)
        protocol, ports, flags, payload = self.transport(ts_us, outer)
        if outer.datagram and not outer.later:
            self.first_fragments[outer.datagram] = ts_us, (protocol, ports)
        about = outer.version, protocol, outer.src, outer.dst, ports, flags
        return Packet(ts_us, *about, outer.length, payload, outer.vlan, depth)

    def enter(self, ts_us: int, outer: Header) -> Header | None:
        """The header of the packet inside; None: there is none, so the packet is what it is."""
        try:
            inside = tunnel(outer.protocol, outer.rest)
            if outer.datagram:
                self.first_fragments[outer.datagram] = ts_us, None
            reached = reach_ip(inside._replace(vlan=outer.vlan or inside.vlan))
            inner = ip_header(reached)
            chance = outer.protocol == UDP and not outer.datagram and is_bare(outer.rest)
            return None if chance and inner.length > reached.rest.wire else inner
        except Skip as skip:
            if outer.protocol == UDP or skip.args[0] == "not_ip":
                return None
            raise

    def transport(self, ts_us: int, outer: Header) -> tuple:
        """Protocol, ports, TCP flags, and bytes of payload."""
        if outer.later:
            return self.of_first_fragment(ts_us, outer)
        name, reason, size = TRANSPORTS.get(outer.protocol, ("", "other_protocol", 0))
        if name not in self.protocols:
            raise Skip(reason)
        rest, flags, ports = outer.rest, 0, (0, 0)
        if rest.wire < 4:
            raise Skip("malformed")
        if name != "icmp":
            ports = rest.number(0, 2), rest.number(2, 2)
        if outer.protocol == TCP and len(rest.data) > 12:
            size = max(size, rest.data[12] >> 4 << 2)
        if outer.protocol == TCP and len(rest.data) > 13:
            flags = rest.data[13]
        return outer.protocol, ports, flags, max(rest.wire - size, 0)

    def of_first_fragment(self, ts_us: int, later: Header) -> tuple:
        first_us, found = self.first_fragments.get(later.datagram, (0, None))
        if found is not None and abs(ts_us - first_us) <= REASSEMBLY_S * MICRO:
            return *found, 0, later.rest.wire
        name, reason, _ = TRANSPORTS.get(later.protocol, ("", "other_protocol", 0))
        unknown = (
            later.protocol in TUNNELS or later.protocol in ({AH}, EXTENSIONS)[later.version == 6]
        )
        raise Skip("fragment" if unknown or name in self.protocols else reason)


def has_extension(found: Header) -> bool:
    return found.protocol in EXTENSIONS if found.version == 6 else found.protocol == AH


def ip_header(inside: Inside) -> Header:
    """Skip, where there is no IP header that holds together."""
    found = (ipv4 if inside.kind == IPV4 else ipv6)(inside.rest, inside.vlan)
    try:
        while not found.later and has_extension(found):
            pass_extension(found)
    except Skip as skip:
        found.wrong = skip.args[0]
    return found


def ipv4(rest: Rest, vlan: int) -> Header:
    packet = header(ip.IP, rest)
    length, size = packet.len or rest.wire, packet.hl * 4
    if packet.v != 4 or size < 20 or length < size:
        raise Skip("malformed")
    inside = Rest(rest.data[:length][size:], length - size)
    found = Header(4, packet.src, packet.dst, length, packet.p, inside, vlan)
    if packet.offset or packet.mf:
        found.datagram = (4, packet.src, packet.dst, packet.id, packet.p)
        found.later = packet.offset > 0
    return found


def ipv6(rest: Rest, vlan: int) -> Header:
    packet = header(ip6.IP6, rest)
    if packet.v != 6:
        raise Skip("malformed")
    payload = packet.plen
    if payload == 0:
        there = max(rest.wire - 40, 0)
        payload = jumbo(packet.nxt, rest.data[40:]) or there
        if payload > there:
            raise Skip("malformed")
    inside = Rest(rest.data[40 : 40 + payload], payload)
    return Header(6, packet.src, packet.dst, 40 + payload, packet.nxt, inside, vlan)


def pass_extension(found: Header) -> None:
    """An IPv6 extension header (RFC 8200, section 4), or IPv4's AH: what follows it, and where."""
    rest = found.rest
    within(8, rest)
    following, size = rest.data[0], (rest.data[1] + 1) * 8
    if found.protocol == AH:
        size = (rest.data[1] + 2) * 4
    elif found.protocol == FRAGMENT:
        size = 8
    within(size, rest)
    if found.protocol == FRAGMENT:
        fragment = header(ip6.IP6FragmentHeader, rest)
        if fragment.frag_off or fragment.m_flag:
            found.datagram = (6, found.src, found.dst, fragment.id)
            found.later = fragment.frag_off > 0
    found.protocol, found.rest = following, rest.after(size)


def within(size: int, rest: Rest) -> None:
    if rest.wire < size:
        raise Skip("malformed")
    rest.first(size)


def jumbo(following: int, options: bytes) -> int:
    """The payload length of RFC 2675's hop-by-hop option; 0: there is none over 65,535."""
    if following != ip.IP_PROTO_HOPOPTS or len(options) < 2:
        return 0
    options = options[2 : (options[1] + 1) * 8]
    while len(options) >= 2:
        if options[:2] == b"\xc2\x04" and len(options) >= 6:
            length = int.from_bytes(options[2:6], "big")
            return length if length > 65535 else 0
        options = options[1:] if options[0] == 0 else options[2 + options[1] :]
    return 0
