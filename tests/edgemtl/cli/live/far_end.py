"""Frames for the cable, and edgemtl listening at its far end."""

import json
import os
import select
import signal
import socket
import struct
import sys
import time
from pathlib import Path

import dpkt
import pytest

EDGEMTL = (sys.executable, "-m", "edgemtl")
ROOT = Path(__file__).resolve().parents[4]


def udp(src, sport, dst, dport, size=100, vlan=None):
    """An Ethernet frame, between hosts that are not there, with `size` bytes of UDP payload."""
    datagram = dpkt.udp.UDP(sport=sport, dport=dport, data=bytes(size), ulen=8 + size)
    return ethernet(src, dst, datagram, vlan)


def ethernet(src, dst, inner, vlan=None):
    version = 6 if ":" in src else 4
    if version == 6:
        address = [socket.inet_pton(socket.AF_INET6, a) for a in (src, dst)]
        packet = dpkt.ip6.IP6(src=address[0], dst=address[1], nxt=protocol(inner), hlim=64)
        packet.extension_hdrs, packet.data, packet.plen = {}, inner, len(inner)
    else:
        address = [socket.inet_aton(a) for a in (src, dst)]
        packet = dpkt.ip.IP(src=address[0], dst=address[1], p=protocol(inner), data=inner)
        packet.len = len(packet)
    kind = 0x0800 if version == 4 else 0x86DD
    tag = b"" if vlan is None else struct.pack(">HH", 0x8100, vlan)
    return b"\2\0\0\0\0\x08" + b"\2\0\0\0\0\x09" + tag + struct.pack(">H", kind) + bytes(packet)


def protocol(inner):
    return {dpkt.udp.UDP: 17, dpkt.tcp.TCP: 6, dpkt.icmp.ICMP: 1}[type(inner)]


def listen(cable, *words, command="flows", before=(), env=None, **options):
    """Start edgemtl at the far end, and wait until it listens."""
    process = cable.start(
        cable.far,
        *before,
        *EDGEMTL,
        command,
        *words,
        *(() if "-i" in words else ("-i", "v")),
        env={**os.environ, "PYTHONPATH": str(ROOT), **(env or {})},
        **options,
    )
    line = process.stderr.readline()
    if "needs libpcap" in line:
        pytest.skip("needs libpcap's header: make system-deps, and build again")
    assert "listening" in line, line + process.stderr.read()
    process.first_line = line
    return process


def end(process, number=signal.SIGTERM):
    """Stop it as a user does; give what it printed."""
    process.send_signal(number)
    out, error = process.communicate(timeout=60)
    assert process.returncode == 0, (process.returncode, error)
    return out, error


def facts(out):
    (each,) = json.loads(out)["captures"]
    return each


def next_line(process, seconds):
    """The next line on its standard output, and when it came; fails when none does."""
    assert select.select([process.stdout], [], [], seconds)[0], "no line came"
    return json.loads(process.stdout.readline()), time.time()
