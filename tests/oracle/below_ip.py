"""From the first byte of a record to the first IP header. dpkt says where many headers' fields are;
which header follows which is written out here, slow and plain."""

import struct

from dpkt import ethernet, pppoe, sll, sll2

from tests.oracle.headers import Inside, Rest, Skip, header

# EtherTypes (IEEE 802 numbers at IANA), and what other numbers mean in their terms.
IPV4, IPV6, BRIDGED, NSH, MPLS, PPP = 0x0800, 0x86DD, 0x6558, 0x894F, 0x8847, 0x880B
VLAN_TYPES = {0x8100, 0x88A8, 0x9100, 0x9200}
BY_VERSION = {4: IPV4, 6: IPV6}
PPP_PROTOCOLS = {0x21: IPV4, 0x57: IPV6, 0x281: MPLS, 0x283: MPLS}
# AF_INET; AF_INET6 of Linux and of BSDs; of Windows, where others have IPX.
FAMILIES = {2: IPV4, 10: IPV6, 24: IPV6, 28: IPV6, 30: IPV6, 23: "ip"}
NLPID = {0xCC: IPV4, 0x8E: IPV6}
# The protocols that NSH (RFC 8300, section 2.2) and VXLAN-GPE number alike.
SERVICE_PROTOCOLS = {1: IPV4, 2: IPV6, 3: BRIDGED, 4: NSH, 5: MPLS}
LINUX_802_2 = 4  # ETH_P_802_2 of if_ether.h, in cooked captures


def link(link_type: int, rest: Rest) -> Inside:
    """Takes off what a link type says that a record starts with."""
    if link_type in WRAPPERS:
        link_type, rest = WRAPPERS[link_type](link_type, rest)
    if link_type not in LINKS:
        raise Skip("link_type")
    return LINKS[link_type](rest)


def reach_ip(inside: Inside) -> Inside:
    """Takes off what stands in front of an IP header."""
    kind, rest, vlan = inside
    if kind in (IPV4, IPV6):
        return inside
    if kind in VLAN_TYPES:
        tag = header(ethernet.VLANtag8021Q, rest)
        return reach_ip(length_or_type(tag.type, rest.after(4), vlan or tag.id))
    if kind not in BELOW_IP:
        raise Skip("not_ip")
    found = BELOW_IP[kind](rest)
    return reach_ip(found._replace(vlan=vlan or found.vlan))


def length_or_type(number: int, rest: Rest, vlan: int = 0) -> Inside:
    """IEEE 802.3, 3.2.6: up to 1500 it is a length, and 802.2 follows."""
    return Inside("llc" if number <= 1500 else number, rest, vlan)


def typed(size: int):
    """A header whose last two bytes are an EtherType or a length."""
    return lambda rest: length_or_type(rest.number(size - 2, 2), rest.after(size))


def raw_behind(size: int, kind: int | str = "ip"):
    return lambda rest: Inside(kind, rest.after(size))


def by_version(rest: Rest) -> Inside:
    return Inside(BY_VERSION.get(rest.number(0, 1) >> 4, "nothing"), rest)


def llc(rest: Rest, padding: int = 2) -> Inside:
    """RFC 1042: SNAP, or the service access point of IP itself."""
    point = rest.first(3)
    if point == b"\x06\x06\x03":
        return Inside("ip", rest.after(3))
    if point != b"\xaa\xaa\x03":
        raise Skip("not_ip")
    return snap(rest.after(3), padding)


def snap(rest: Rest, padding: int) -> Inside:
    """Organisation 0, or 802.1H's, and an EtherType; or a bridged frame (RFC 2684, RFC 2427)."""
    organisation, number, rest = rest.number(0, 3), rest.number(3, 2), rest.after(5)
    if organisation in (0x000000, 0x0000F8):
        return Inside(number, rest)
    if organisation == 0x0080C2 and number in (1, 7):
        return Inside(BRIDGED, rest.after(padding))
    raise Skip("not_ip")


def mpls(rest: Rest) -> Inside:
    label = header(ethernet.MPLSlabel, rest)
    rest = rest.after(4)
    if not label.s:
        return Inside(MPLS, rest)
    nibble = rest.number(0, 1) >> 4
    if nibble in BY_VERSION:
        return Inside("ip", rest)
    if nibble == 0 and looks_like_ethernet(rest.data[4:]):  # a control word, RFC 4448
        return Inside(BRIDGED, rest.after(4))
    if looks_like_ethernet(rest.data):
        return Inside(BRIDGED, rest)
    raise Skip("truncated" if len(rest.data) < min(rest.wire, 18) else "not_ip")


def looks_like_ethernet(data: bytes) -> bool:
    """With an EtherType that leads to IP, and a version that fits it."""
    kind = int.from_bytes(data[12:14], "big") if len(data) >= 14 else 0
    version = data[14] >> 4 if len(data) > 14 else None
    if kind in BY_VERSION.values():
        return version is None or BY_VERSION.get(version) == kind
    return kind in {0x8100, 0x88A8, MPLS, 0x8864}


def pppoe_session(rest: Rest) -> Inside:
    session = header(pppoe.PPPoE, rest)
    if (session.v, session.type) != (1, 1):
        raise Skip("malformed")
    return Inside(PPP if session.code == 0 else "nothing", rest.after(6))


def ppp(rest: Rest) -> Inside:
    """RFC 1662's ff 03 or not; RFC 1661, 6.5: an odd first byte of a protocol is also its last."""
    if rest.number(0, 1) == 0xFF:
        if rest.number(0, 2) != 0xFF03:
            raise Skip("not_ip")
        rest = rest.after(2)
    size = 1 if rest.number(0, 1) & 1 else 2
    return Inside(PPP_PROTOCOLS.get(rest.number(0, size), "nothing"), rest.after(size))


def nsh(rest: Rest) -> Inside:
    size = (rest.first(8)[1] & 0x3F) * 4
    if rest.data[0] >> 6 or size < 8:
        raise Skip("malformed")
    return Inside(SERVICE_PROTOCOLS.get(rest.data[3], "nothing"), rest.after(size))


def macsec(rest: Rest) -> Inside:
    """IEEE 802.1AE, 9.3: neither encrypted nor changed; with or without a channel's identifier."""
    control = rest.number(0, 1)
    if control & 0x0C:
        raise Skip("not_ip")
    return typed(16 if control & 0x20 else 8)(rest)


def arista(rest: Rest) -> Inside:
    kind, version = struct.unpack(">HH", rest.first(4))
    if kind != 1 or (version & 0xF0) not in (0x10, 0x20):
        raise Skip("not_ip")
    return typed(14 if version & 0x10 else 12)(rest)


def trill(rest: Rest) -> Inside:
    """RFC 6325, 3.2: version, reserved, multi-destination, length of options, hops."""
    flags = int.from_bytes(rest.first(6)[:2], "big")
    if flags >> 14:
        raise Skip("malformed")
    return Inside(BRIDGED, rest.after(6 + 4 * (flags >> 6 & 31)))


BELOW_IP = {
    "ip": by_version,
    "llc": llc,
    MPLS: mpls,
    0x8848: mpls,
    0x8864: pppoe_session,
    PPP: ppp,
    BRIDGED: typed(14),
    NSH: nsh,
    0x88E5: macsec,
    0x88E7: raw_behind(4, BRIDGED),  # 802.1ah
    0x8903: raw_behind(2, BRIDGED),  # FabricPath
    0x8926: typed(6),  # VN-Tag
    0x892F: typed(6),  # HSR
    0x22F3: trill,
    0xD28B: arista,
}


def cooked(layout: type):
    def decode(rest: Rest) -> Inside:
        number = header(layout, rest).ethtype
        return Inside("llc" if number == LINUX_802_2 else number, rest.after(layout.__hdr_len__))

    return decode


def loopback(rest: Rest) -> Inside:
    """The family stands in the byte order of the machine that captured, and is a small number."""
    family = min(rest.number(0, 4, order) for order in ("little", "big"))
    return Inside(FAMILIES.get(family, "nothing"), rest.after(4))


def hdlc(rest: Rest) -> Inside:
    """Cisco HDLC (an address, 00, an EtherType), or PPP."""
    cisco = rest.first(2) in (b"\x0f\x00", b"\x8f\x00")
    return typed(4)(rest) if cisco else Inside(PPP, rest)


def behind(size: int, decode):
    return lambda rest: decode(rest.after(size))


def wifi(rest: Rest, padded: bool = False) -> Inside:
    """IEEE 802.11-2020, 9.2.4 and 9.3.2: data that is not empty, not protected, and the first or
    only fragment."""
    control, sequence = struct.unpack("<H20xH", rest.first(24))
    kind, subtype = control >> 2 & 3, control >> 4 & 15
    if kind != 2 or subtype & 4 or control >> 14 & 1:
        raise Skip("not_ip")
    if sequence & 15:
        raise Skip("fragment")
    size, aggregate = 24 + (6 if control >> 8 & 3 == 3 else 0), False
    if subtype & 8:
        aggregate = bool(rest.number(size, 2, "little") & 0x80)
        size += 2 + (4 if control >> 15 else 0)
    if padded:
        size += -size % 4
    return Inside("llc", rest.after(size + (14 if aggregate else 0)))


def radio(rest: Rest) -> Inside:
    """radiotap.org: a version, a length, words of presence bits, fields aligned to their size."""
    version, size = struct.unpack("<BxH", rest.first(8)[:4])
    if version or size < 8:
        raise Skip("malformed")
    fields, words = rest.first(size), 1
    while fields[4 * words + 3] & 0x80 and 4 * words + 8 <= size:
        words += 1
    at, present = 4 + 4 * words, fields[4]
    if present & 1:
        at += -at % 8 + 8
    flags = fields[at] if present & 2 and at < size else 0
    return wifi(rest.after(size), bool(flags & 0x20))


def prism(rest: Rest) -> Inside:
    """144 bytes, or an AVS header, which says how long it is."""
    magic, size = struct.unpack(">II", rest.first(8))
    if magic >> 4 != 0x8021100:
        return wifi(rest.after(144))
    if size < 64:
        raise Skip("malformed")
    return wifi(rest.after(size))


def nflog(rest: Rest) -> Inside:
    rest = rest.after(4)
    while rest.wire:
        size, kind = struct.unpack("<HH", rest.first(4))
        if size < 4:
            raise Skip("malformed")
        if kind == 9:
            return Inside("ip", rest.after(4))
        rest = rest.after(size + -size % 4)
    raise Skip("not_ip")


def token_ring(rest: Rest) -> Inside:
    frame = rest.first(14)
    if frame[1] >> 6 != 1:
        raise Skip("not_ip")
    rest = rest.after(14)
    return Inside("llc", rest.after(rest.number(0, 1) & 31) if frame[8] & 0x80 else rest)


def fddi(rest: Rest) -> Inside:
    if rest.data[:1] and rest.data[0] >> 4 != 5:
        raise Skip("not_ip")
    return Inside("llc", rest.after(13))


def arcnet(addresses: int):
    def decode(rest: Rest) -> Inside:
        kind, rest = rest.number(addresses, 1), rest.after(addresses + 1)
        if kind == 240:  # RFC 1051
            return Inside("ip", rest)
        if kind not in (212, 196):  # RFC 1201, RFC 2497
            raise Skip("not_ip")
        if rest.number(0, 1) == 0xFF:
            rest = rest.after(4)
        split = rest.number(0, 1)
        if split and split % 2 == 0:
            raise Skip("fragment")
        return Inside("ip", rest.after(3))

    return decode


def frame_relay(rest: Rest) -> Inside:
    size, ends = 1, False
    while not ends:
        address = rest.first(size + 1)
        if address[0] & 1 or size == 4:
            raise Skip("malformed")
        size, ends = size + 1, bool(address[-1] & 1)
    if rest.number(size, 1) != 3:
        return typed(size + 2)(rest)
    rest = rest.after(size + 1)
    if rest.data[:1] == b"\0":
        rest = rest.after(1)
    protocol, rest = rest.number(0, 1), rest.after(1)
    return snap(rest, 0) if protocol == 0x80 else Inside(NLPID.get(protocol, "nothing"), rest)


def sunatm(rest: Rest) -> Inside:
    kind, rest = rest.first(4)[0] & 15, rest.after(4)
    if kind == 1:
        return Inside(BRIDGED, rest.after(2))
    return Inside("llc" if kind == 2 else "nothing", rest)


def dsa(at: int):
    """A tag in the place of an 802.1Q tag, with its VLAN id; it counts where the frame had one."""

    def decode(rest: Rest) -> Inside:
        found = typed(at + 6)(rest)
        tag = rest.number(at, 4)
        return found._replace(vlan=tag & 0xFFF if tag >> 29 & 1 else 0)

    return decode


def pflog(rest: Rest) -> Inside:
    size = rest.number(0, 1)
    return Inside("ip", rest.after(size + -size % 4))


def infiniband(rest: Rest) -> Inside:
    rest = rest.after(40)
    return Inside(rest.number(0, 2), rest.after(4))


LINKS = {
    0: loopback,
    1: typed(14),
    6: token_ring,
    7: arcnet(2),
    8: raw_behind(16),
    9: hdlc,
    10: fddi,
    12: by_version,
    14: by_version,
    50: hdlc,
    51: pppoe_session,
    100: llc,
    101: by_version,
    104: hdlc,
    105: wifi,
    106: lambda rest: llc(rest) if rest.number(0, 1) == 0xAA else by_version(rest),
    107: frame_relay,
    108: loopback,
    109: raw_behind(12),
    113: cooked(sll.SLL),
    117: pflog,
    119: prism,
    122: raw_behind(16, "llc"),
    123: sunatm,
    127: radio,
    129: arcnet(4),
    138: typed(18),
    163: prism,
    166: behind(2, ppp),
    204: behind(1, hdlc),
    205: behind(1, hdlc),
    206: behind(1, frame_relay),
    226: raw_behind(24),
    228: by_version,
    229: by_version,
    239: nflog,
    242: infiniband,
    276: cooked(sll2.SLL2),
    281: typed(18),
    282: typed(18),
    284: dsa(12),
    285: dsa(16),
}


def ppi(_: int, rest: Rest) -> tuple[int, Rest]:
    version, _, size, link_type = struct.unpack("<BBHI", rest.first(8))
    if version or size < 8:
        raise Skip("malformed")
    return link_type, rest.after(size)


def pktap(_: int, rest: Rest) -> tuple[int, Rest]:
    size, kind, link_type = struct.unpack("<III", rest.first(12))
    if size < 108:
        raise Skip("malformed")
    if kind != 1:
        raise Skip("not_ip")
    return link_type, rest.after(size)


def juniper(link_type: int, rest: Rest) -> tuple[int, Rest]:
    magic, flags = struct.unpack("3sB", rest.first(4))
    if magic != b"MGC":
        raise Skip("malformed")
    rest = rest.after(6 + rest.number(4, 2) if flags & 0x80 else 4)
    if flags & 2:
        return 101, rest.after(4)
    return {178: 1, 179: 9, 180: 107, 181: 104}[link_type], rest


WRAPPERS = {
    149: pktap, 178: juniper, 179: juniper, 180: juniper, 181: juniper, 192: ppi, 258: pktap,
}  # fmt: skip
