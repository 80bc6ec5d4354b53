"""What the payload of an IP packet holds, where that is a tunnel's. Skip("not_ip"): it is none."""

import struct

from dpkt import gre as dpkt_gre
from dpkt import udp as dpkt_udp

from tests.oracle.below_ip import (
    BRIDGED,
    IPV4,
    IPV6,
    MPLS,
    PPP,
    SERVICE_PROTOCOLS,
    looks_like_ethernet,
    wifi,
)
from tests.oracle.headers import Inside, Rest, Skip, header


def tunnel(protocol: int, rest: Rest) -> Inside:
    """Of an IP protocol, or of a UDP port."""
    if protocol == 17:
        return udp_tunnel(rest)
    if protocol not in PROTOCOLS:
        raise Skip("not_ip")
    return PROTOCOLS[protocol](rest)


def udp_tunnel(rest: Rest) -> Inside:
    udp = header(dpkt_udp.UDP, rest)
    rest = rest.after(8)
    try:
        if udp.dport in PORTS:
            return PORTS[udp.dport](rest)
    except Skip as skip:
        if skip.args[0] != "not_ip":
            raise
    if udp.sport in TWO_WAY:
        return PORTS[udp.sport](rest)
    raise Skip("not_ip")


def gre(rest: Rest) -> Inside:
    about = header(dpkt_gre.GRE, rest)
    version, kind, flags = about.flags & 7, about.p, about.flags
    if version == 1:  # PPTP: key and, with a payload, sequence number
        if not flags & 0x1000 or kind != PPP:
            raise Skip("not_ip")
        return Inside(PPP, rest.after(16 if flags & 0x80 else 12))
    if version:
        raise Skip("not_ip")
    size = 4 + 4 * bool(flags & 0xC000) + 4 * bool(flags & 0x2000) + 4 * bool(flags & 0x1000)
    rest = rest.after(size)
    if flags & 0x4000:
        length = 1
        while length:
            length = rest.first(4)[3]
            rest = rest.after(4 + length)
    if 0x8200 <= kind <= 0x83F0 or kind == 0x9000:
        return wifi(rest)
    if kind == 0x88BE:  # ERSPAN I or II
        return Inside(BRIDGED, rest.after(8 if flags & 0x1000 else 0))
    if kind == 0x22EB:  # ERSPAN III
        return Inside(BRIDGED, rest.after(12 + 8 * (rest.first(12)[11] & 1)))
    if kind == 0x883E:  # WCCP, of version 1 or 2
        return Inside("ip", rest.after(0 if rest.first(4)[0] >> 4 == 4 else 4))
    return Inside(kind, rest)


def etherip(rest: Rest) -> Inside:
    if rest.data and rest.data[0] >> 4 != 3:
        raise Skip("not_ip")
    return Inside(BRIDGED, rest.after(2))


def pim(rest: Rest) -> Inside:
    if rest.first(8)[0] != 0x21 or rest.data[4] & 0x40:
        raise Skip("not_ip")
    return Inside("ip", rest.after(8))


def l2tp_session(rest: Rest) -> Inside:
    """RFC 3931: a session's number, then a cookie and a sublayer of sizes that nobody tells."""
    if rest.number(0, 4) == 0:
        raise Skip("not_ip")
    for size in (4, 8, 12, 16):
        inside = rest.after(size)
        if looks_like_ethernet(inside.data):
            return Inside(BRIDGED, inside)
        if len(inside.data) >= 4 and inside.data[:2] == b"\xff\x03":
            return Inside(PPP, inside)
    raise Skip("truncated" if len(rest.data) < min(rest.wire, 30) else "not_ip")


def l2tp(rest: Rest) -> Inside:
    flags = int.from_bytes(rest.first(4)[:2], "big")
    if flags & 0x8000 or flags & 15 not in (2, 3):
        raise Skip("not_ip")
    if flags & 15 == 3:
        return l2tp_session(rest.after(4))
    size = 6 + 2 * bool(flags & 0x4000) + 4 * bool(flags & 0x0800)
    if flags & 0x0200:
        size += 2 + rest.number(size, 2)
    return Inside(PPP, rest.after(size))


def gtp(rest: Rest) -> Inside:
    flags, kind = rest.first(8)[:2]
    if kind != 255:
        raise Skip("not_ip")
    if flags & 0xFE == 0x1E:
        return Inside("ip", rest.after(20))
    if flags >> 4 != 3:
        raise Skip("not_ip")
    if not flags & 7:
        return Inside("ip", rest.after(8))
    extension = rest.first(12)[11] if flags & 4 else 0
    rest = rest.after(12)
    while extension:
        size = 4 * rest.number(0, 1)
        if size == 0:
            raise Skip("malformed")
        extension, rest = rest.first(size)[-1], rest.after(size)
    return Inside("ip", rest)


def vxlan(rest: Rest) -> Inside:
    flags, protocol = struct.unpack("B2xB", rest.first(8)[:4])
    if not flags & 8:
        raise Skip("not_ip")
    kind = SERVICE_PROTOCOLS.get(protocol, "nothing") if flags & 4 else BRIDGED
    return Inside(kind, rest.after(8))


def geneve(rest: Rest) -> Inside:
    about, kind = struct.unpack(">BxH", rest.first(8)[:4])
    if about >> 6:
        raise Skip("not_ip")
    return Inside(kind, rest.after(8 + 4 * (about & 63)))


def teredo(rest: Rest) -> Inside:
    if len(rest.data) >= 4 and rest.data[:2] == b"\0\1":
        rest = rest.after(13 + rest.data[2] + rest.data[3])
    if len(rest.data) >= 8 and rest.data[:2] == b"\0\0":
        rest = rest.after(8)
    return Inside(IPV6, rest)


def ayiya(rest: Rest) -> Inside:
    identity, signature, operation, protocol = rest.first(8)[:4]
    if operation & 15 != 1 or protocol != 41:
        raise Skip("not_ip")
    return Inside(IPV6, rest.after(8 + 2 ** (identity >> 4) + 4 * (signature >> 4)))


PROTOCOLS = {
    4: lambda rest: Inside(IPV4, rest),
    41: lambda rest: Inside(IPV6, rest),
    47: gre,
    97: etherip,
    103: pim,
    115: l2tp_session,
    137: lambda rest: Inside(MPLS, rest),
}

PORTS = {
    1701: l2tp,
    2152: gtp,
    3386: gtp,
    3544: teredo,
    4341: lambda rest: Inside("ip", rest.after(8)),  # LISP
    4754: gre,
    4789: vxlan,
    4790: vxlan,
    5072: ayiya,
    6081: geneve,
    6635: lambda rest: Inside(MPLS, rest),
    8472: vxlan,
}
TWO_WAY = {1701, 2152, 3386, 3544, 5072}


def is_bare(udp: Rest) -> bool:
    """Whether the header of this port's tunnel is hardly one: Teredo, LISP, MPLS."""
    ports = udp.number(0, 2), udp.number(2, 2)
    return ports[1] in (4341, 6635) or 3544 in ports
