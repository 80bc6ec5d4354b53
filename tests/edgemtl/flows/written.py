"""Captures written byte by byte, and the flows in them worked out by hand."""

import socket
import struct

import numpy as np
import pytest


def packet(src, dst, src_port, dst_port, payload, flags=None):
    """An Ethernet frame; UDP, or TCP where it has flags."""
    if flags is None:
        protocol, transport = 17, struct.pack(">HHHH", src_port, dst_port, 8 + payload, 0)
    else:
        protocol = 6
        transport = struct.pack(">HHIIBBHHH", src_port, dst_port, 0, 0, 0x50, flags, 1024, 0, 0)
    length = 20 + len(transport) + payload
    addresses = socket.inet_aton(src) + socket.inet_aton(dst)
    ip = struct.pack(">BBHHHBBH", 0x45, 0, length, 1, 0, 64, protocol, 0) + addresses
    return bytes(12) + b"\x08\x00" + ip + transport + bytes(payload)


A, B = "192.0.2.1", "198.51.100.7"
PACKETS = [  # (µs since 1970, frame)
    (1_700_000_000_000_000, packet(A, B, 1000, 443, 100)),
    (1_700_000_000_020_001, packet(B, A, 443, 1000, 1200)),
    (1_700_000_000_020_500, packet(B, A, 443, 1000, 1200)),
    (1_700_000_001_000_000, packet(A, B, 2000, 80, 0, flags=0x02)),
    (1_700_000_001_000_000, packet(B, A, 80, 2000, 0, flags=0x14)),
    (1_700_000_200_000_000, packet(A, B, 1000, 443, 1)),
]


def pcap(packets=PACKETS, order="<", nano=False, link_type=1):
    magic, unit = (0xA1B23C4D, 1000) if nano else (0xA1B2C3D4, 1)
    out = bytearray(struct.pack(order + "IHHIIII", magic, 2, 4, 0, 0, 65535, link_type))
    for us, data in packets:
        out += struct.pack(order + "IIII", us // 10**6, us % 10**6 * unit, len(data), len(data))
        out += data
    return bytes(out)


def block(order, kind, body):
    body += bytes(-len(body) % 4)
    length = struct.pack(order + "I", len(body) + 12)
    return struct.pack(order + "I", kind) + length + body + length


def pcapng(packets=PACKETS, order="<", resolution=6):
    out = block(order, 0x0A0D0D0A, struct.pack(order + "IHHq", 0x1A2B3C4D, 1, 0, -1))
    option = struct.pack(order + "HHB3xHH", 9, 1, resolution, 0, 0)
    out += block(order, 1, struct.pack(order + "HHI", 1, 0, 0) + option)
    for us, data in packets:
        units = us * 10 ** (resolution - 6)
        numbers = (0, units >> 32, units & 0xFFFFFFFF, len(data), len(data))
        out += block(order, 6, struct.pack(order + "IIIII", *numbers) + data)
    return out


def check_expected(flows):
    """The three flows of PACKETS, worked out by hand."""
    want = {
        "packets": [2, 3, 1],
        "bytes": [80, 2584, 29],
        "duration_s": [0, 0.0205, 0],
        "bytes_per_s": [np.nan, 2584 / 0.0205, np.nan],
        "end_reason": ["end_of_flow", "idle", "forced"],
        "start_us": [PACKETS[3][0], PACKETS[0][0], PACKETS[5][0]],
        "protocol": [6, 17, 17],
        "src": [A] * 3,
        "dst": [B] * 3,
        "src_port": [2000, 1000, 1000],
        "dst_port": [80, 443, 443],
        "vlan": [0, 0, 0],
    }
    for name, values in want.items():
        np.testing.assert_array_equal(flows[name], np.array(values, flows[name].dtype), name)
    np.testing.assert_array_equal(flows.offsets, [0, 2, 5, 6])
    np.testing.assert_array_equal(flows.iat_us, [0, 0, 0, 20001, 499, 0])
    np.testing.assert_array_equal(flows.length, [40, 40, 128, 1228, 1228, 29])
    np.testing.assert_array_equal(flows.direction, [1, -1, 1, -1, -1, 1])


def zstd(data):
    return pytest.importorskip("zstandard").ZstdCompressor().compress(data)
