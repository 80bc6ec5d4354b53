"""Generated captures: few hosts and ports, so that packets meet in flows; times that fall just on,
before and behind the timeouts; every header that edgemtl reads; some bytes damaged."""

import struct
from typing import NamedTuple

from hypothesis import strategies as st

from tests.oracle import build
from tests.oracle.decode import REASSEMBLY_S
from tests.oracle.flow_table import LINGER_S, Rules
from tests.oracle.readers import MICRO, Record

HOSTS = {4: [bytes([10, 0, 0, i]) for i in (1, 2)], 6: [bytes(15) + bytes([i]) for i in (1, 2)]}
PORTS = [(1024, 443), (443, 1024)]
TCP_FLAGS = [0x10, 0x10, 0x18, 0x02, 0x12, 0x11, 0x11, 0x14]
MANY_PORTS = [*PORTS, *((port, 443) for port in range(1025, 1033))]
# Offset in units of 8 bytes, and whether more follow; None: whole.
FRAGMENTS = [None, (0, True), (3, True), (9, False), (0, False)]
ETHERTYPE = {4: 0x0800, 6: 0x86DD}
LINK_TYPES = [1, 1, 1, 1, 1, 0, 9, 50, 51, 101, 104, 105, 107, 108, 113, 127, 276]
# Ports of tunnels, with something else behind them.
TUNNEL_PORTS = [(4789, 443), (443, 4789), (2152, 443), (443, 2152), (3544, 443), (443, 6635)]
AROUND = {
    4: [bytes([192, 168, 0, i]) for i in (1, 2)],
    6: [bytes(14) + bytes([9, i]) for i in (1, 2)],
}
START = 1_700_000_000 * MICRO

rule_sets = st.builds(
    Rules,
    idle_timeout_s=st.sampled_from([2, 10, 120, 120]),
    active_timeout_s=st.sampled_from([5, 20, 1800]),
    packets=st.sampled_from([1, 3, 256]),
    max_flows=st.sampled_from([1, 3, 9, 1_000_000, 1_000_000]),
    by_vlan=st.booleans(),
    tunnels=st.sampled_from(["inner", "inner", "outer"]),
    protocols=st.sampled_from(
        [("tcp", "udp"), ("tcp", "udp"), ("tcp",), ("tcp", "udp", "sctp", "udp-lite", "icmp")]
    ),
)


class Mix(NamedTuple):
    """What the packets of one capture are drawn from; the fewer kinds, the more meet in a flow."""

    versions: list[int]
    protocols: list[int]
    ports: list[tuple[int, int]]
    transport_bytes: list  # that the IP length leaves; None: all
    fragments: list
    offload: list[bool]
    tunnels: list[int]  # how many around each other
    damage: list[bool]
    snaplen: int


mixes = st.builds(
    Mix,
    versions=st.sampled_from([[4], [4], [6], [4, 6]]),
    protocols=st.sampled_from([[6], [6], [6], [17], [6, 6, 17, 1], [17, 58, 89, 132, 136]]),
    ports=st.sampled_from([PORTS, PORTS, MANY_PORTS, TUNNEL_PORTS]),
    transport_bytes=st.sampled_from([[None], [None], [None, 3, 4, 13, 14]]),
    fragments=st.sampled_from([[None], [None], FRAGMENTS, FRAGMENTS[:3]]),
    offload=st.sampled_from([[False], [False], [False, True]]),
    tunnels=st.sampled_from([[0], [0], [0, 1], [1, 2, 3], [7, 8]]),
    damage=st.sampled_from([[False], [False] * 7 + [True]]),
    snaplen=st.sampled_from([65535] * 7 + [46, 60, 80]),
)
few_bytes = st.integers(0, 40).map(bytes)


@st.composite
def times(draw, rules: Rules) -> list[int]:
    """Small steps, steps of a timeout to the microsecond, landings a timeout after the start, and
    a clock that steps back."""
    limits_s = [rules.idle_timeout_s, rules.active_timeout_s, LINGER_S, LINGER_S, REASSEMBLY_S]
    ts_us, found = START, []
    for _ in range(draw(st.integers(0, 24))):
        step = draw(st.sampled_from(["small"] * 3 + ["large", "land", "back"] + ["limit"] * 3))
        if step == "small":
            ts_us += draw(st.integers(0, 2000))
        elif step == "large":
            ts_us += draw(st.integers(0, rules.idle_timeout_s * MICRO))
        elif step == "back":
            ts_us -= draw(st.sampled_from([1, 2000, 3 * MICRO, 240 * MICRO]))
        else:
            limit_us = draw(st.sampled_from(limits_s)) * MICRO + draw(st.sampled_from([0, 0, 1]))
            ts_us = limit_us + (START if step == "land" else ts_us)
        found.append(ts_us)
    return found


@st.composite
def ip_packets(draw, mix: Mix) -> tuple[int, bytes]:
    """An IP version and a packet of it."""
    version = draw(st.sampled_from(mix.versions))
    ports = draw(st.sampled_from(mix.ports))
    src, dst = HOSTS[version] if ports[0] > ports[1] else reversed(HOSTS[version])
    protocol = draw(st.sampled_from(mix.protocols))
    if protocol == 6:
        data = build.tcp(ports, draw(st.sampled_from(TCP_FLAGS)), draw(few_bytes))
    else:
        data = build.udp(ports, draw(few_bytes))
    data = data[: draw(st.sampled_from(mix.transport_bytes))]
    fragment = draw(st.sampled_from(mix.fragments))
    about: dict = {"ident": draw(st.integers(1, 2))} if fragment else {}
    if fragment:
        about |= {"offset": fragment[0], "more": fragment[1]}
    offload = draw(st.sampled_from(mix.offload))
    if version == 4:
        options = bytes(4 * draw(st.sampled_from([0, 0, 0, 1, 10])))
        packet = build.ipv4(src, dst, protocol, data, options=options, offload=offload, **about)
    else:
        packet = draw(ipv6_packets(src, dst, protocol, data, about, offload))
    return version, packet


@st.composite
def ipv6_packets(draw, src, dst, protocol, data, fragment, offload) -> bytes:
    kinds = draw(
        st.lists(st.sampled_from(["hop_by_hop", "routing", "ah", "destination"]), max_size=3)
    )
    if fragment:
        kinds.insert(draw(st.integers(0, len(kinds))), "fragment")
    following = protocol
    for kind in reversed(kinds):
        about = fragment if kind == "fragment" else {"words": draw(st.integers(0, 2))}
        data = build.extension(kind, following, **about) + data
        following = build.EXTENSION[kind]
    if offload and draw(st.booleans()):
        data = build.jumbo(following, draw(st.sampled_from([65536, 70000, 5]))) + data
        following = 0
    return build.ipv6(src, dst, following, data, offload=offload)


@st.composite
def tunnelled(draw, version: int, packet: bytes, mix: Mix) -> tuple[int, bytes]:
    """The IP packet that holds another, or a fragment of it."""
    kinds = ["ip", "gre", "frame", "vxlan", "geneve", "gtp", "l2tp", "mpls"]
    kind = draw(st.sampled_from([*kinds, "teredo"] if version == 6 else kinds))
    frame = bytes(12) + struct.pack(">H", ETHERTYPE[version]) + packet
    some, more, count = draw(st.booleans()), draw(st.booleans()), draw(st.integers(0, 3))
    protocol, port, data = {
        "ip": (4 if version == 4 else 41, 0, packet),
        "gre": (
            47,
            0,
            build.gre(packet, ETHERTYPE[version], checksum=some, key=more, sequence=some),
        ),
        "frame": (47, 0, build.gre(frame, 0x6558, checksum=False, key=some, sequence=more)),
        "vxlan": (17, 4789, build.vxlan(frame)),
        "geneve": (17, 6081, build.geneve(packet, ETHERTYPE[version], count)),
        "gtp": (17, 2152, build.gtp(packet, count, some)),
        "l2tp": (17, 1701, build.l2tp(packet, version, length=some, sequence=more)),
        "mpls": (137, 0, build.mpls(packet, count + 1)),
        "teredo": (17, 3544, packet),
    }[kind]
    data = build.udp((5000, port), data) if port else data
    around = draw(st.sampled_from(mix.versions))
    if around == 6:
        return 6, build.ipv6(*AROUND[6], protocol, data)
    offset, following = draw(st.sampled_from([(0, False)] * 4 + [(0, True), (2, False)]))
    ident = draw(st.integers(1, 2))
    return 4, build.ipv4(*AROUND[4], protocol, data, ident=ident, offset=offset, more=following)


@st.composite
def packets_in_tunnels(draw, mix: Mix) -> tuple[int, bytes]:
    version, packet = draw(ip_packets(mix))
    for _ in range(draw(st.sampled_from(mix.tunnels))):
        version, packet = draw(tunnelled(version, packet, mix))
    return version, packet


@st.composite
def frames(draw, link_type: int, mix: Mix) -> bytes:
    """An IP packet as a link of the type carries it."""
    version, packet = draw(packets_in_tunnels(mix))
    ethertype = ETHERTYPE[version]
    if link_type == 1:
        return draw(ethernet_frames(version, packet))
    if link_type == 113:
        return struct.pack(">HHH8sH", 0, 1, 6, b"", ethertype) + packet
    if link_type == 276:
        return struct.pack(">HHIHBB8s", ethertype, 0, 1, 1, 0, 6, b"") + packet
    if link_type in (0, 108):
        order = ">" if link_type == 108 else draw(st.sampled_from("<>"))
        family = 2 if version == 4 else draw(st.sampled_from([10, 24, 28, 30]))
        return struct.pack(order + "I", family) + packet
    if link_type in (9, 50):
        framing = draw(st.sampled_from([b"\xff\x03\0", b"\xff\x03", b"\0", b""]))
        return framing + (b"\x21" if version == 4 else b"\x57") + packet
    if link_type in (105, 127):
        names = ("four", "qos", "aggregate", "control")
        frame = build.wifi(build.snap(packet, ethertype), **{n: draw(st.booleans()) for n in names})
        return (b"\0\0\x08\0\0\0\0\0" if link_type == 127 else b"") + frame
    if link_type == 107:
        return b"\x18\x41\x03" + (b"\xcc" if version == 4 else b"\x8e") + packet
    if link_type == 104:
        return struct.pack(">HH", draw(st.sampled_from([0x0F00, 0x8F00])), ethertype) + packet
    return build.pppoe(packet, version) if link_type == 51 else packet


@st.composite
def ethernet_frames(draw, version: int, packet: bytes) -> bytes:
    ethertype = ETHERTYPE[version]
    inside = draw(st.sampled_from(["", "", "", "pppoe", "snap", "mpls"]))
    if inside == "pppoe":
        ethertype, packet = 0x8864, build.pppoe(packet, version)
    elif inside == "mpls":
        ethertype, packet = 0x8847, build.mpls(packet, draw(st.integers(1, 3)))
    elif inside == "snap":
        packet = build.snap(packet, ethertype)
        ethertype = len(packet)
    kinds = st.sampled_from([0x8100, 0x88A8, 0x9100])
    tags = draw(st.lists(st.tuples(kinds, st.sampled_from([0, 5, 4095])), max_size=3))
    ethertype, tag_bytes = build.vlan_tags(tags, ethertype)
    padding = b"\xff" * draw(st.sampled_from([0, 0, 6, 18]))
    return bytes(12) + struct.pack(">H", ethertype) + tag_bytes + packet + padding


@st.composite
def captured(draw, link_type: int, mix: Mix) -> tuple[bytes, int]:
    """What the snaplen left of a frame, one byte of it wrong now and then; and its wire length."""
    frame = bytearray(draw(frames(link_type, mix)))
    if draw(st.sampled_from(mix.damage)):
        frame[draw(st.integers(0, len(frame) - 1))] = draw(st.integers(0, 255))
    return bytes(frame[: mix.snaplen]), len(frame)


class Capture(NamedTuple):
    file: bytes
    records: list[Record]
    rules: Rules


@st.composite
def pcap_captures(draw) -> Capture:
    link_type, order = draw(st.sampled_from(LINK_TYPES)), draw(st.sampled_from("<>"))
    nano, mix, rules = draw(st.booleans()), draw(mixes), draw(rule_sets)
    packets, records = [], []
    for ts_us in draw(times(rules)):
        data, wire = draw(captured(link_type, mix))
        ts = ts_us * 1000 + draw(st.integers(0, 999)) if nano else ts_us
        packets.append((ts, data, wire))
        records.append(Record(ts_us, link_type, data, wire))
    return Capture(build.pcap(order, nano, link_type, packets), records, rules)


# if_tsresol: negative powers of ten, or of two with the high bit set.
RESOLUTIONS = {6: 10**6, 9: 10**9, 3: 10**3, 0x94: 2**20}


class Interface(NamedTuple):
    link_type: int
    resolution: int
    offset_s: int

    def stamp(self, ts_us: int) -> tuple[int, int]:
        """The time in the interface's units, rounded up, and that in µs, floored."""
        units = RESOLUTIONS[self.resolution]
        ts = -(-(ts_us - self.offset_s * MICRO) * units // MICRO)
        return ts, ts * MICRO // units + self.offset_s * MICRO


interface_lists = st.lists(
    st.builds(
        Interface,
        st.sampled_from(LINK_TYPES),
        st.sampled_from(list(RESOLUTIONS)),
        st.sampled_from([0, 0, 3600]),
    ),
    min_size=1,
    max_size=3,
)


@st.composite
def pcapng_captures(draw) -> Capture:
    file, records, interfaces, ts_us = build.PcapNg(), [], [], 0
    mix, rules = draw(mixes), draw(rule_sets)
    for now in draw(times(rules)):
        if not interfaces or draw(st.integers(0, 9)) == 0:
            interfaces = draw(interface_lists)
            file.section(draw(st.sampled_from("<>")))
            for interface in interfaces:
                file.interface(*interface)
        kind = draw(st.sampled_from(["enhanced"] * 5 + ["obsolete", "simple", "unknown"]))
        if kind == "unknown":
            file.unknown()
        number = 0 if kind == "simple" else draw(st.integers(0, len(interfaces) - 1))
        data, wire = draw(captured(interfaces[number].link_type, mix))
        if kind == "simple":  # neither a time nor a length on the wire: those of its neighbours
            wire = len(data)
            file.simple(data)
        else:
            ts, ts_us = interfaces[number].stamp(now)
            (file.obsolete if kind == "obsolete" else file.enhanced)(number, ts, data, wire)
        records.append(Record(ts_us, interfaces[number].link_type, data, wire))
    if not interfaces:
        file.section("<")
    return Capture(b"".join(file.blocks), records, rules)


@st.composite
def captures(draw) -> Capture:
    """A file, cut inside its last packet now and then, and the records that are whole."""
    capture = draw(st.one_of(pcap_captures(), pcapng_captures()))
    if capture.records and draw(st.integers(0, 5)) == 0:
        return Capture(
            capture.file[: -draw(st.integers(1, 4))], capture.records[:-1], capture.rules
        )
    return capture
