"""Capture files to records, once through dpkt's structures and once through scapy's raw reader."""

import struct
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import dpkt
from dpkt import pcapng
from scapy.utils import RawPcapNgReader, RawPcapReader

MICRO = 10**6
PACKET_BLOCKS = {
    pcapng.PCAPNG_BT_EPB: "EnhancedPacketBlock",
    pcapng.PCAPNG_BT_PB: "PacketBlock",  # obsolete
}


class Record(NamedTuple):
    ts_us: int  # floored
    link_type: int
    data: bytes
    wire: int


def records(path: Path, reader: str) -> tuple[list[Record], str]:
    """What `reader` ("dpkt" or "scapy") makes of a file up to its end or to where it gives up, and
    why it gave up ("": it did not)."""
    found: list[Record] = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            for record in READERS[reader](path):
                found.append(record)
        except Exception as error:  # both libraries raise whatever goes wrong inside
            return found, f"{type(error).__name__}: {error}"
    return found, ""


def read_dpkt(path: Path) -> Iterator[Record]:
    with path.open("rb") as file:
        magic = file.read(4)
        file.seek(0)
        yield from (_dpkt_pcapng if magic == b"\n\r\r\n" else _dpkt_pcap)(file)


def _dpkt_pcap(file) -> Iterator[Record]:
    """dpkt.pcap.Reader itself drops the length on the wire: so its headers, in a loop of ours."""
    raw = file.read(dpkt.pcap.FileHdr.__hdr_len__)
    magic = struct.unpack_from(">I", raw)[0]
    packet_header = dpkt.pcap.MAGIC_TO_PKT_HDR[magic]
    little = issubclass(packet_header, (dpkt.pcap.LEPktHdr, dpkt.pcap.LEPktModHdr))
    header = (dpkt.pcap.LEFileHdr if little else dpkt.pcap.FileHdr)(raw)
    nano = magic in (dpkt.pcap.TCPDUMP_MAGIC_NANO, dpkt.pcap.PMUDPCT_MAGIC_NANO)
    while raw := file.read(packet_header.__hdr_len__):
        packet = packet_header(raw)
        data = file.read(packet.caplen)
        if len(data) < packet.caplen:
            raise dpkt.NeedData("the file ends inside a packet")
        ts_us = packet.tv_sec * MICRO + packet.tv_usec // (1000 if nano else 1)
        yield Record(ts_us, header.linktype & 0xFFFF, data, packet.len)


def _dpkt_pcapng(file) -> Iterator[Record]:
    """dpkt.pcapng.Reader takes one section, one interface, float time: so its blocks, as above."""
    interfaces: list[tuple[int, int, int, int]] = []
    order, ts_us = "<", 0
    while len(head := file.read(8)) == 8:
        if head[:4] == b"\n\r\r\n":
            head += file.read(4)
            order = ">" if head[8:] == b"\x1a\x2b\x3c\x4d" else "<"
            interfaces = []
        kind, length = struct.unpack_from(order + "II", head)
        block = head + file.read(length - len(head))
        if len(block) < length:
            raise dpkt.NeedData("the file ends inside a block")
        if kind == pcapng.PCAPNG_BT_SHB and struct.unpack_from(order + "H", block, 12) != (1,):
            raise ValueError("a version that dpkt.pcapng.Reader refuses")
        if kind == pcapng.PCAPNG_BT_IDB:
            interfaces.append(_dpkt_interface(block, order))
        elif kind in PACKET_BLOCKS:
            packet = _dpkt_block(PACKET_BLOCKS[kind], order)(block)
            link_type, _, units, offset_s = interfaces[packet.iface_id]
            ts = (packet.ts_high << 32) | packet.ts_low
            ts_us = ts * MICRO // units + offset_s * MICRO
            yield Record(ts_us, link_type, packet.pkt_data, packet.pkt_len)
        elif kind == pcapng.PCAPNG_BT_SPB:  # dpkt has no class for it; it has no time of its own
            link_type, snaplen, _, _ = interfaces[0]
            wire = struct.unpack_from(order + "I", block, 8)[0]
            yield Record(ts_us, link_type, block[12:-4][: min(wire, snaplen or wire)], wire)


def _dpkt_block(name: str, order: str) -> type:
    """dpkt's class for a block of the byte order."""
    return getattr(pcapng, name if order == ">" else f"{name}LE")


def _dpkt_interface(block: bytes, order: str) -> tuple[int, int, int, int]:
    """Link type, snaplen, clock units per second, and seconds to add."""
    interface = _dpkt_block("InterfaceDescriptionBlock", order)(block)
    units, offset_s = MICRO, 0
    for option in interface.opts:
        if option.code == pcapng.PCAPNG_OPT_IF_TSRESOL:
            exponent = option.data[0]
            units = (2 if exponent & 0x80 else 10) ** (exponent & 0x7F)
        elif option.code == pcapng.PCAPNG_OPT_IF_TSOFFSET:
            offset_s = struct.unpack(order + "q", option.data)[0]
    return interface.linktype, interface.snaplen, units, offset_s


def read_scapy(path: Path) -> Iterator[Record]:
    with RawPcapReader(str(path)) as reader:
        if isinstance(reader, RawPcapNgReader):
            yield from _scapy_pcapng(reader)
            return
        unit = 1000 if reader.nano else 1
        for data, about in reader:
            if len(data) < min(about.caplen, 0xFFFF):  # scapy keeps 65,535 bytes at most
                raise EOFError("the file ends inside a packet")
            ts_us = about.sec * MICRO + about.usec // unit
            yield Record(ts_us, reader.linktype & 0xFFFF, data, about.wirelen)


def _scapy_pcapng(reader: RawPcapNgReader) -> Iterator[Record]:
    ts_us = 0
    for data, about in reader:
        if about.tshigh is not None:
            ts_us = ((about.tshigh << 32) | about.tslow) * MICRO // about.tsresol
        yield Record(ts_us, about.linktype, data, about.wirelen)


READERS = {"dpkt": read_dpkt, "scapy": read_scapy}
