"""What the modules that follow headers share."""

from typing import NamedTuple

import dpkt


class Skip(Exception):
    """The packet is part of no flow; the argument says why, in the words of CaptureStats."""


class Rest(NamedTuple):
    """What is not decoded yet."""

    data: bytes
    wire: int  # bytes that it had on the wire

    def first(self, size: int) -> bytes:
        if len(self.data) < size:
            raise Skip("truncated")
        return self.data[:size]

    def after(self, size: int) -> "Rest":
        self.first(size)
        return Rest(self.data[size:], max(self.wire - size, 0))

    def number(self, at: int, size: int, order: str = "big") -> int:
        return int.from_bytes(self.first(at + size)[at:], order)


class Inside(NamedTuple):
    """What a header says follows it: an EtherType, or a word of `below_ip`."""

    kind: int | str
    rest: Rest
    vlan: int = 0  # outermost id; 0: none


def header(layout: type, rest: Rest) -> dpkt.Packet:
    """The fixed header of a dpkt class alone: what dpkt guesses of the rest plays no part."""
    packet = layout.__new__(layout)
    dpkt.Packet.unpack(packet, rest.first(layout.__hdr_len__))
    return packet
