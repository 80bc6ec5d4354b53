"""A record to what a flow table asks of a packet. dpkt says where each header's fields are; which
header follows which is written out here, slow and plain."""

import struct
from typing import NamedTuple

import dpkt
from dpkt import ethernet, ip, ip6, pppoe, sll, sll2

from tests.oracle.readers import Record

# EtherTypes (IEEE 802 numbers at IANA), and what other numbers mean in their terms.
IPV4, IPV6, PPPOE_SESSION = 0x0800, 0x86DD, 0x8864
VLAN_TYPES = {0x8100, 0x88A8, 0x9100, 0x9200}
MPLS_TYPES = {0x8847, 0x8848}
BY_VERSION = {4: IPV4, 6: IPV6}
PPP_PROTOCOLS = {0x21: IPV4, 0x57: IPV6, 0x281: 0x8847, 0x283: 0x8848}
FAMILIES = {2: IPV4, 10: IPV6, 24: IPV6, 28: IPV6, 30: IPV6}  # AF_INET; AF_INET6 of five systems
LINUX_802_2 = 4  # ETH_P_802_2 of if_ether.h, in cooked captures

TCP, UDP = 6, 17
# IANA, "IPv6 Extension Header Types", without ESP, behind which nothing can be read.
EXTENSIONS = {0, 43, 44, 51, 60, 135, 139, 140}


class Packet(NamedTuple):
    ts_us: int
    version: int
    protocol: int
    src: bytes
    dst: bytes
    ports: tuple[int, int] | None  # None: a later fragment
    tcp_flags: int
    length: int
    vlan: int
    datagram: tuple | None  # what the fragments of one datagram share


class Skip(Exception):
    """The packet is part of no flow; the argument says why, in the words of CaptureStats."""


class Link(NamedTuple):
    ethertype: int
    data: bytes  # behind the link's headers
    vlan: int  # outermost id; 0: none


def decode(record: Record) -> Packet:
    """The packet of a record, or Skip."""
    try:
        kind, data, vlan = link(record.link_type, record.data)
        wire = record.wire - (len(record.data) - len(data))
        if kind == IPV4:
            return ipv4(record.ts_us, data, wire, vlan)
        if kind == IPV6:
            return ipv6(record.ts_us, data, wire, vlan)
    except dpkt.NeedData:
        raise Skip("truncated") from None
    raise Skip("not_ip")


def header(layout: type, data: bytes) -> dpkt.Packet:
    """The fixed header of a dpkt class alone: what dpkt guesses of the rest plays no part."""
    need(data, layout.__hdr_len__)
    packet = layout.__new__(layout)
    dpkt.Packet.unpack(packet, data)
    return packet


def need(data: bytes, size: int) -> None:
    if len(data) < size:
        raise dpkt.NeedData(f"{size} bytes")


def link(link_type: int, data: bytes) -> Link:
    if link_type == 1:
        frame = header(ethernet.Ethernet, data)
        return length_or_type(frame.type, frame.data)
    if link_type in (113, 276):
        frame = header(sll.SLL if link_type == 113 else sll2.SLL2, data)
        return (
            llc(frame.data) if frame.ethtype == LINUX_802_2 else carried(frame.ethtype, frame.data)
        )
    if link_type in (12, 14, 101):
        return by_version(data)
    if link_type in (228, 229):
        return Link(IPV4 if link_type == 228 else IPV6, data, 0)
    if link_type in (0, 108):
        return loopback(data)
    if link_type in (9, 50, 104):
        return hdlc(data)
    if link_type == 51:
        return carried(PPPOE_SESSION, data)
    raise Skip("link_type")


def length_or_type(number: int, data: bytes, vlan: int = 0) -> Link:
    """IEEE 802.3, 3.2.6: up to 1500 it is a length, and 802.2 follows."""
    return llc(data, vlan) if number <= 1500 else carried(number, data, vlan)


def carried(ethertype: int, data: bytes, vlan: int = 0) -> Link:
    """Takes off what stands between an EtherType and IP."""
    if ethertype in VLAN_TYPES:
        tag = header(ethernet.VLANtag8021Q, data)
        return length_or_type(tag.type, tag.data, vlan or tag.id)
    if ethertype in MPLS_TYPES:
        label = header(ethernet.MPLSlabel, data)
        rest = data[label.__hdr_len__ :]
        return by_version(rest, vlan) if label.s else carried(ethertype, rest, vlan)
    if ethertype == PPPOE_SESSION:
        session = header(pppoe.PPPoE, data)
        if (session.v, session.type) != (1, 1):
            raise Skip("malformed")
        if session.code != 0:
            raise Skip("not_ip")
        return ppp(session.data, vlan)
    return Link(ethertype, data, vlan)


def by_version(data: bytes, vlan: int = 0) -> Link:
    need(data, 1)
    return Link(BY_VERSION.get(data[0] >> 4, 0), data, vlan)


def llc(data: bytes, vlan: int = 0) -> Link:
    """RFC 1042: SNAP with the organisation 0, or the service access point of IP itself."""
    need(data, 3)
    if data[:3] == b"\x06\x06\x03":
        return by_version(data[3:], vlan)
    if data[:3] == b"\xaa\xaa\x03":
        need(data, 8)
        if data[3:6] == bytes(3):
            return carried(*struct.unpack_from(">H", data, 6), data[8:], vlan)
    raise Skip("not_ip")


def loopback(data: bytes) -> Link:
    """The family stands in the byte order of the machine that captured, and is a small number."""
    need(data, 4)
    family = min(int.from_bytes(data[:4], order) for order in ("little", "big"))
    return Link(FAMILIES.get(family, 0), data[4:], 0)


def hdlc(data: bytes) -> Link:
    """Cisco HDLC (an address, 00, an EtherType), or PPP with or without RFC 1662's ff 03."""
    need(data, 2)
    if data[:2] in (b"\x0f\x00", b"\x8f\x00"):
        need(data, 4)
        return carried(*struct.unpack_from(">H", data, 2), data[4:])
    return ppp(data[2:] if data[:2] == b"\xff\x03" else data)


def ppp(data: bytes, vlan: int = 0) -> Link:
    """RFC 1661, 6.5: an odd first byte of the protocol is also its last."""
    need(data, 1)
    size = 1 if data[0] & 1 else 2
    need(data, size)
    protocol = int.from_bytes(data[:size], "big")
    return carried(PPP_PROTOCOLS.get(protocol, 0), data[size:], vlan)


def ipv4(ts_us: int, data: bytes, wire: int, vlan: int) -> Packet:
    packet = header(ip.IP, data)
    length, size = packet.len or wire, packet.hl * 4
    if packet.v != 4 or size < 20 or length < size:
        raise Skip("malformed")
    if packet.p not in (TCP, UDP):
        raise Skip("other_protocol")
    datagram, ports, flags = None, None, 0
    if packet.offset or packet.mf:
        datagram = (4, packet.src, packet.dst, packet.id, packet.p)
    if packet.offset == 0:
        need(data, size)
        ports, flags = transport(packet.p, data[size:length], length - size)
    return Packet(ts_us, 4, packet.p, packet.src, packet.dst, ports, flags, length, vlan, datagram)


def ipv6(ts_us: int, data: bytes, wire: int, vlan: int) -> Packet:
    packet = header(ip6.IP6, data)
    if packet.v != 6:
        raise Skip("malformed")
    length = 40 + (packet.plen or jumbo(packet) or max(wire - 40, 0))
    data = data[:length]
    protocol, at, fragment = packet.nxt, 40, None
    while protocol in EXTENSIONS and not (fragment and fragment.frag_off):
        following = Extension(protocol, data[at:], length - at)
        fragment = following.fragment or fragment
        protocol, at = following.protocol, at + following.size
    later = bool(fragment and fragment.frag_off)
    if protocol not in (TCP, UDP) and not (later and protocol in EXTENSIONS):
        raise Skip("other_protocol")
    datagram, ports, flags = None, None, 0
    if fragment and (later or fragment.m_flag):
        datagram = (6, packet.src, packet.dst, fragment.id)
    if not later:
        ports, flags = transport(protocol, data[at:], length - at)
    return Packet(ts_us, 6, protocol, packet.src, packet.dst, ports, flags, length, vlan, datagram)


class Extension:
    """An IPv6 extension header (RFC 8200, section 4): what follows it, and after how many bytes."""

    def __init__(self, kind: int, data: bytes, left: int) -> None:
        self.fragment = None
        self._within(8, data, left)
        self.protocol = data[0]
        if kind == ip.IP_PROTO_FRAGMENT:
            self.fragment = header(ip6.IP6FragmentHeader, data)
            self.size = 8
        elif kind == ip.IP_PROTO_AH:
            self.size = (data[1] + 2) * 4
        else:
            self.size = (data[1] + 1) * 8
        self._within(self.size, data, left)

    @staticmethod
    def _within(size: int, data: bytes, left: int) -> None:
        if left < size:
            raise Skip("malformed")
        need(data, size)


def jumbo(packet: dpkt.Packet) -> int:
    """The payload length of RFC 2675's hop-by-hop option; 0: there is none over 65,535."""
    options = packet.data
    if packet.nxt != ip.IP_PROTO_HOPOPTS or len(options) < 2:
        return 0
    options = options[2 : (options[1] + 1) * 8]
    while len(options) >= 2:
        if options[:2] == b"\xc2\x04" and len(options) >= 6:
            length = int.from_bytes(options[2:6], "big")
            return length if 65535 < length < 2**31 - 40 else 0
        options = options[1:] if options[0] == 0 else options[2 + options[1] :]
    return 0


def transport(protocol: int, data: bytes, left: int) -> tuple[tuple[int, int], int]:
    """Ports, and the TCP flags where they were captured."""
    if left < 4:
        raise Skip("malformed")
    need(data, 4)
    flags = data[13] if protocol == TCP and len(data) > 13 else 0
    return struct.unpack_from(">HH", data), flags
