"""Bytes of packets and capture files, field by field, for generated captures."""

import struct

EXTENSION = {"hop_by_hop": 0, "routing": 43, "fragment": 44, "ah": 51, "destination": 60}


def tcp(ports: tuple[int, int], flags: int, payload: bytes) -> bytes:
    return struct.pack(">HHIIBBHHH", *ports, 1, 1, 5 << 4, flags, 1024, 0, 0) + payload


def udp(ports: tuple[int, int], payload: bytes) -> bytes:
    return struct.pack(">HHHH", *ports, 8 + len(payload), 0) + payload


def ipv4(
    src: bytes,
    dst: bytes,
    protocol: int,
    data: bytes,
    *,
    options: bytes = b"",
    ident: int = 0,
    offset: int = 0,
    more: bool = False,
    offload: bool = False,
) -> bytes:
    size = 20 + len(options)
    length = 0 if offload else size + len(data)
    words = (0x40 | size // 4, 0, length, ident, more << 13 | offset, 64, protocol, 0)
    return struct.pack(">BBHHHBBH", *words) + src + dst + options + data


def ipv6(src: bytes, dst: bytes, first: int, data: bytes, *, offload: bool = False) -> bytes:
    length = 0 if offload else len(data)
    return struct.pack(">IHBB", 6 << 28, length, first, 64) + src + dst + data


def extension(
    kind: str,
    following: int,
    *,
    ident: int = 0,
    offset: int = 0,
    more: bool = False,
    words: int = 0,
) -> bytes:
    """An IPv6 extension header with `words` more units than it needs."""
    if kind == "fragment":
        return struct.pack(">BBHI", following, 0, offset << 3 | more, ident)
    if kind == "ah":  # counts units of 4 bytes, less two
        return struct.pack(">BBHII", following, 1 + words, 0, 7, 7) + bytes(4 * words)
    return bytes([following, words, 1, 4]) + bytes(4 + 8 * words)  # a PadN option


def jumbo(following: int, length: int) -> bytes:
    return struct.pack(">BBBBI", following, 0, 0xC2, 4, length)


def vlan_tags(tags: list[tuple[int, int]], ethertype: int) -> tuple[int, bytes]:
    """The EtherType to write in front of the tags, and these: (type, id), the outermost first."""
    types = [kind for kind, _ in tags] + [ethertype]
    rest = [struct.pack(">HH", tag[1], after) for tag, after in zip(tags, types[1:], strict=True)]
    return types[0], b"".join(rest)


def pppoe(data: bytes, version: int) -> bytes:
    return struct.pack(">BBHHH", 0x11, 0, 1, len(data) + 2, 0x21 if version == 4 else 0x57) + data


def snap(data: bytes, ethertype: int) -> bytes:
    return b"\xaa\xaa\x03\0\0\0" + struct.pack(">H", ethertype) + data


def mpls(data: bytes, labels: int) -> bytes:
    stack = [struct.pack(">I", 77 << 12 | (i == labels - 1) << 8 | 64) for i in range(labels)]
    return b"".join(stack) + data


def gre(data: bytes, kind: int, *, checksum: bool, key: bool, sequence: bool) -> bytes:
    flags = checksum << 15 | key << 13 | sequence << 12
    return struct.pack(">HH", flags, kind) + bytes(4 * (checksum + key + sequence)) + data


def vxlan(frame: bytes) -> bytes:
    return struct.pack(">II", 0x08000000, 7 << 8) + frame


def geneve(data: bytes, kind: int, options: int) -> bytes:
    return struct.pack(">BBHI", options, 0, kind, 7 << 8) + bytes(4 * options) + data


def gtp(packet: bytes, extensions: int, sequence: bool) -> bytes:
    flags = 0x30 | bool(extensions) << 2 | sequence << 1
    data = b"".join(
        b"\1\0\0" + (b"\x85" if i + 1 < extensions else b"\0") for i in range(extensions)
    )
    if extensions or sequence:
        data = struct.pack(">HBB", 1, 0, 0x85 if extensions else 0) + data
    return struct.pack(">BBHI", flags, 255, len(data) + len(packet), 7) + data + packet


def l2tp(packet: bytes, version: int, *, length: bool, sequence: bool) -> bytes:
    flags = length << 14 | sequence << 11 | 2
    fields = [flags, *[0] * length, 1, 1, *[0, 0] * sequence]
    kind = b"\xff\3\0\x21" if version == 4 else b"\xff\3\0\x57"
    return struct.pack(f">{len(fields)}H", *fields) + kind + packet


def wifi(data: bytes, *, four: bool, qos: bool, aggregate: bool, control: bool) -> bytes:
    """An 802.11 data frame, whose body is 802.2."""
    flags = (0x03 if four else 0x01) | (qos and control) << 7
    head = bytes([0x88 if qos else 0x08, flags]) + bytes(20 + 2 + 6 * four)
    if qos:
        head += bytes([aggregate << 7, 0]) + bytes(4 * control)
        data = (bytes(12) + struct.pack(">H", len(data)) if aggregate else b"") + data
    return head + data


def pcap(order: str, nano: bool, link_type: int, packets: list[tuple[int, bytes, int]]) -> bytes:
    """packets: time in µs or ns, captured bytes, length on the wire."""
    units = 10**9 if nano else 10**6
    magic = 0xA1B23C4D if nano else 0xA1B2C3D4
    parts = [struct.pack(order + "IHHiIII", magic, 2, 4, 0, 0, 65535, link_type)]
    for ts, data, wire in packets:
        parts += [struct.pack(order + "IIII", *divmod(ts, units), len(data), wire), data]
    return b"".join(parts)


class PcapNg:
    """pcapng blocks, one after the other."""

    def __init__(self) -> None:
        self.order = "<"
        self.blocks: list[bytes] = []

    def block(self, kind: int, body: bytes) -> None:
        body += bytes(-len(body) % 4)
        length = struct.pack(self.order + "I", len(body) + 12)
        self.blocks.append(struct.pack(self.order + "I", kind) + length + body + length)

    def section(self, order: str) -> None:
        self.order = order
        self.block(0x0A0D0D0A, struct.pack(order + "IHHq", 0x1A2B3C4D, 1, 0, -1))

    def interface(self, link_type: int, resolution: int, offset_s: int) -> None:
        options = struct.pack(self.order + "HHB3x", 9, 1, resolution)
        options += struct.pack(self.order + "HHq", 14, 8, offset_s)
        options += struct.pack(self.order + "HH", 0, 0)
        self.block(1, struct.pack(self.order + "HHI", link_type, 0, 0) + options)

    def enhanced(self, interface: int, ts: int, data: bytes, wire: int) -> None:
        numbers = (interface, ts >> 32, ts & 0xFFFFFFFF, len(data), wire)
        self.block(6, struct.pack(self.order + "IIIII", *numbers) + data)

    def obsolete(self, interface: int, ts: int, data: bytes, wire: int) -> None:
        numbers = (interface, 0, ts >> 32, ts & 0xFFFFFFFF, len(data), wire)
        self.block(2, struct.pack(self.order + "HHIIII", *numbers) + data)

    def simple(self, data: bytes) -> None:
        self.block(3, struct.pack(self.order + "I", len(data)) + data)

    def unknown(self) -> None:
        self.block(0x0BAD, b"skip me")
