"""The flow table of DESIGN.md and emtl.h, written for reading: each packet looks at every flow."""

from dataclasses import dataclass, field

from tests.oracle.decode import Decoder, Packet
from tests.oracle.headers import Skip
from tests.oracle.readers import MICRO, Record

LINGER_S = 5  # how long a closed flow takes in what straggles behind
TALK_PACKETS = 4  # that make a conversation, where they came from both sides
NEW_SHARE = 8  # new flows have one in so many places
FIN, SYN, RST, ACK = 0x01, 0x02, 0x04, 0x10


@dataclass(frozen=True)
class Rules:
    """The fields of FlowConfig, by the same names."""

    idle_timeout_s: int = 120
    active_timeout_s: int = 1800
    packets: int = 256
    max_flows: int = 1_000_000
    by_vlan: bool = False
    tunnels: str = "inner"
    protocols: tuple[str, ...] = ("tcp", "udp")


@dataclass
class Flow:
    first: Packet
    latest_us: int  # the largest time seen
    previous_us: int  # that of the packet before, as captured
    packets: int = 0
    bytes: int = 0
    series: list[tuple[int, int, int]] = field(default_factory=list)
    fins: set[int] = field(default_factory=set)
    two_way: bool = False
    closed: bool = False
    end_reason: str = ""

    def add(self, packet: Packet) -> None:
        direction = 1 if ends(packet) == ends(self.first) else -1
        self.series.append((packet.ts_us - self.previous_us, packet.length, direction))
        self.previous_us = packet.ts_us
        self.latest_us = max(self.latest_us, packet.ts_us)
        self.packets += 1
        self.bytes += packet.length
        self.two_way |= direction < 0
        if packet.tcp_flags & FIN:
            self.fins.add(direction)
        if packet.tcp_flags & RST or len(self.fins) == 2:
            self.closed = True


def ends(packet: Packet) -> tuple:
    return (packet.src, packet.ports[0]), (packet.dst, packet.ports[1])


def place(flow: Flow) -> int:
    """Of the flow's list among the three: closed, new, conversations."""
    return 0 if flow.closed else 2 if flow.two_way and flow.packets >= TALK_PACKETS else 1


class FlowTable:
    def __init__(self, rules: Rules) -> None:
        self.idle = rules.idle_timeout_s * MICRO
        self.active = rules.active_timeout_s * MICRO
        self.linger = min(self.idle, LINGER_S * MICRO)
        self.rules = rules
        self.open: dict[tuple, Flow] = {}  # in the order of their latest packets
        self.ended: list[Flow] = []
        self.decoder = Decoder(rules.tunnels, rules.protocols)
        self.clock_us = 0  # the time of the latest packet of a flow
        self.skipped: dict[str, int] = {}

    def key(self, packet: Packet) -> tuple:
        vlan = packet.vlan if self.rules.by_vlan else 0
        return packet.version, packet.protocol, vlan, *sorted(ends(packet))

    def add(self, record: Record) -> None:
        """Account one record of the capture."""
        try:
            self.account(self.decoder.decode(record))
        except Skip as skip:
            reason = skip.args[0]
            self.skipped[reason] = self.skipped.get(reason, 0) + 1

    def account(self, packet: Packet) -> None:
        self.clock_us = packet.ts_us
        for number, timeout in enumerate((self.linger, self.idle, self.idle)):
            self.end_overdue(number, timeout)
        flow = self.open.get(self.key(packet))
        if flow is not None and (reason := self.reason_to_end(flow, packet)):
            self.end(flow, reason)
            flow = None
        if flow is None:
            if len(self.open) == self.rules.max_flows:
                self.end(self.first_to_go(), "lack_of_resources")
            flow = Flow(packet, packet.ts_us, packet.ts_us)
        flow.add(packet)
        self.open.pop(self.key(packet), None)
        self.open[self.key(packet)] = flow  # now the last of the dict

    def first_to_go(self) -> Flow:
        """The flow whose packets came longest ago, of the first list that has any."""
        new = sum(place(flow) == 1 for flow in self.open.values())
        order = (0, 2, 1) if new < self.rules.max_flows // NEW_SHARE else (0, 1, 2)
        return min(self.open.values(), key=lambda flow: order.index(place(flow)))

    def end_overdue(self, number: int, timeout: int) -> None:
        """Flows of a list end whose time has passed, up to the first whose has not: where clocks
        step back, those behind it wait."""
        for flow in [flow for flow in self.open.values() if place(flow) == number]:
            if self.clock_us - flow.latest_us <= timeout:
                break
            self.end(flow, "idle")

    def reason_to_end(self, flow: Flow, packet: Packet) -> str:
        silent = packet.ts_us - flow.latest_us
        active = packet.ts_us - flow.first.ts_us
        opens = packet.tcp_flags & (SYN | ACK) == SYN
        if flow.closed:
            over = opens or silent > self.linger or active > self.active
            return "end_of_flow" if over else ""
        return "idle" if silent > self.idle else "active" if active > self.active else ""

    def end(self, flow: Flow, reason: str) -> None:
        flow.end_reason = "end_of_flow" if flow.closed else reason
        self.ended.append(self.open.pop(self.key(flow.first)))

    def finish(self) -> list[Flow]:
        """The capture is over."""
        for flow in list(self.open.values()):
            self.end(flow, "idle" if self.clock_us - flow.latest_us > self.idle else "forced")
        return self.ended


def flows_of(records: list[Record], rules: Rules) -> tuple[list[Flow], dict[str, int]]:
    """The flows of a capture, and how many records were skipped, by reason."""
    table = FlowTable(rules)
    for record in records:
        table.add(record)
    return table.finish(), table.skipped
